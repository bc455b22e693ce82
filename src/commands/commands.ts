import { Failure } from '../errors.ts';
import { toolVersion } from '../version.ts';
import type { Command, Edge } from './command.ts';
import { commandHelp, generalHelp } from './help.ts';

/** Each is loaded when it is asked for: what a backup does not need would be half of what it loads at its start. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  backup: async () => (await import('./backup.ts')).backup,
  restore: async () => (await ofMember())((await import('./restore.ts')).restore),
  list: async () => (await ofMember())((await import('./list.ts')).list),
  verify: async () => (await ofMember())((await import('./verify.ts')).verify),
  drill: async () => (await ofMember())((await import('./drill.ts')).drill, 'drill'),
  prune: async () => (await ofMember())((await import('./prune.ts')).prune, 'prune'),
  lifecycle: async () => (await import('./lifecycle.ts')).lifecycle,
  check: async () => (await ofMember())((await import('./check.ts')).check, 'check'),
  report: async () => (await import('./report.ts')).report,
  schedule: async () => (await import('./schedule.ts')).schedule,
  doctor: async () => (await import('./doctor.ts')).doctor,
  notify: async () => (await import('./notify.ts')).notify,
};

const ofMember = async () => (await import('./fleet/member.ts')).ofMember;

/**
 * Runs the command that the arguments name; none means `backup`.
 * @returns the exit code.
 * @throws {Failure} `usage` for an unknown command; what a command throws.
 */
export async function runCommand(edge: Omit<Edge, 'command'>): Promise<number> {
  const [name = 'backup', ...args] = edge.args;
  if (name === '--version' || name === 'version') {
    edge.stdout.write(`pg-offsite ${toolVersion}\n`);
    return 0;
  }
  if (name === '--help' || name === '-h' || name === 'help') {
    const all = Object.entries(commands).map(async ([name, load]) => [name, await load()] as const);
    edge.stdout.write(generalHelp(Object.fromEntries(await Promise.all(all))));
    return 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!load) {
    throw new Failure('usage', `unknown command: ${name}`, {
      hint: `The commands are ${Object.keys(commands).join(', ')}; none means backup.`,
    });
  }
  const command = await load();
  if (args.includes('--help') || args.includes('-h')) {
    edge.stdout.write(commandHelp(command));
    return 0;
  }
  return command.run({ ...edge, args, command: name });
}
