import { Failure, toFailure } from '../../errors.ts';
import { isFleet } from '../../fleet/is-fleet.ts';
import { lookAtFleet, someNames } from '../../fleet/member.ts';
import type { ToldCommand } from '../../notify/event.ts';
import type { Command, Edge } from '../command.ts';
import { telling } from '../telling.ts';

/**
 * Makes a command that reads one job's backups fit for a fleet: `--member NAME` lets it run with the place and settings
 * of that member. At the root of a fleet without it the command fails with `usage`, for what it looks for is not there.
 * @param told how people are told of its failures, where they are.
 */
export function ofMember(command: Command, told?: ToldCommand): Command {
  return {
    ...command,
    usage: `${command.usage} [--member NAME]`,
    run: async (edge) => {
      let inside: Edge;
      try {
        inside = asMember(edge);
      } catch (error) {
        if (told === undefined) throw error;
        return telling(told, () => Promise.reject(toFailure(error)))(edge);
      }
      return command.run(inside);
    },
  };
}

const option = '--member';

function asMember(edge: Edge): Edge {
  const { args, env, command } = edge;
  const index = args.findIndex((arg) => arg === option || arg.startsWith(`${option}=`));
  const hint = `For example ${command} ${option} shop.`;
  if (index === -1) {
    if (isFleet(env) && !args.includes('--fleet')) refuseRoot(edge);
    return edge;
  }
  const isApart = args[index] === option;
  const name = isApart ? args[index + 1] : args[index]?.slice(option.length + 1);
  if (name === undefined || name === '' || name.startsWith('-')) {
    throw new Failure('usage', `${option} needs the name of a member`, { hint });
  }
  if (!isFleet(env)) {
    throw new Failure('usage', `${option} needs FLEET_FILE, which is not set`, {
      hint: 'Set it to the file that the fleet is backed up by, for example FLEET_FILE=/etc/pg-offsite/fleet.yaml.',
    });
  }
  return { ...edge, args: args.toSpliced(index, isApart ? 2 : 1), env: lookAtFleet(env).environmentOf(name) };
}

/** Where BACKUP_DESTINATION leads to a member's own folder, FLEET_FILE may be set as well. */
function refuseRoot({ command, env }: Edge): void {
  const { names, isAtMember, placeOf } = lookAtFleet(env);
  if (isAtMember) return;
  const place = Object.entries(placeOf('NAME')).map(([name, value]) => `${name}=${value}`);
  throw new Failure('usage', `FLEET_FILE is set, and ${command} is about one member of the fleet`, {
    hint: `Add ${option} NAME, or set ${place.join(' ')} (of ${someNames(names)}); check --fleet and report --fleet are about all of them.`,
  });
}
