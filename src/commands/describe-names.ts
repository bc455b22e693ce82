import { accountOfNames } from '../config/account-of-names.ts';
import type { Environment } from '../config/environment.ts';

/**
 * How the names of the environment were understood: how many there are, and a line for each that is not a name of ours, or of
 * which there is something to say; never the value of a secret.
 */
export function describeNames(env: Environment): string {
  const accounts = accountOfNames(env);
  if (accounts.length === 0) return 'FAIL  names: no variable of this program is set\n';
  const toldOf = accounts.filter(({ name, meaning, note }) => {
    const isOurs = meaning !== undefined && (name === meaning || name === `${meaning}_FILE`);
    return !isOurs || note !== undefined;
  });
  const width = Math.max(...toldOf.map(({ name }) => name.length));
  const lines = toldOf.map(({ name, meaning, note, understood }) => {
    const means =
      meaning === 'libpq' ? 'handed on to libpq' : (meaning ?? (understood ? 'no effect' : 'NOT UNDERSTOOD'));
    const said = note === undefined ? '' : meaning === undefined ? `: ${note}` : ` (${note})`;
    return `      ${name.padEnd(width)} -> ${means}${said}\n`;
  });
  const strange = accounts.filter(({ understood }) => !understood).length;
  const head =
    strange === 0
      ? `ok    names: ${String(accounts.length)} settings are understood\n`
      : `warn  names: ${String(strange)} of ${String(accounts.length)} settings are not understood\n`;
  return head + lines.join('');
}
