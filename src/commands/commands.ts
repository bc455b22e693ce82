import { Failure } from '../errors.ts';
import { toolVersion } from '../version.ts';
import { backup } from './backup.ts';
import { check } from './check.ts';
import type { Command, Edge } from './command.ts';
import { doctor } from './doctor.ts';
import { drill } from './drill.ts';
import { ofMember } from './fleet/member.ts';
import { commandHelp, generalHelp } from './help.ts';
import { lifecycle } from './lifecycle.ts';
import { list } from './list.ts';
import { notify } from './notify.ts';
import { prune } from './prune.ts';
import { report } from './report.ts';
import { restore } from './restore.ts';
import { schedule } from './schedule.ts';
import { verify } from './verify.ts';

const commands: Readonly<Record<string, Command>> = {
  backup,
  restore: ofMember(restore),
  list: ofMember(list),
  verify: ofMember(verify),
  drill: ofMember(drill, 'drill'),
  prune: ofMember(prune, 'prune'),
  lifecycle,
  check: ofMember(check, 'check'),
  report,
  schedule,
  doctor,
  notify,
};

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
    edge.stdout.write(generalHelp(commands));
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    throw new Failure('usage', `unknown command: ${name}`, {
      hint: `The commands are ${Object.keys(commands).join(', ')}; none means backup.`,
    });
  }
  if (args.includes('--help') || args.includes('-h')) {
    edge.stdout.write(commandHelp(command));
    return 0;
  }
  return command.run({ ...edge, args, command: name });
}
