import { accountOfNames } from '../config/account-of-names.ts';
import type { Environment } from '../config/environment.ts';

/** How each name of the environment was understood, one a line; never the value of a secret. */
export function describeNames(env: Environment): string {
  const accounts = accountOfNames(env);
  if (accounts.length === 0) return 'FAIL  names: no variable of this program is set\n';
  const width = Math.max(...accounts.map(({ name }) => name.length));
  const lines = accounts.map(({ name, meaning, note, understood }) => {
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
