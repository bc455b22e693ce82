import type { AppliedGlobals, Refusal } from './apply-globals.ts';
import type { ScriptRole } from './globals-script.ts';

/** How many names are told of each kind. */
const mostNames = 20;

/** For people: what was created, what was there, and what could not be. Some lines. */
export function describeGlobals({
  roles,
  memberships,
  tablespaces,
  kept,
  refused,
  refusedTablespaces,
}: AppliedGlobals): string {
  const login = roles.filter(({ options }) => options.includes('LOGIN') && !hasPassword(options));
  const lines = [
    `roles created: ${names(roles.map(describeRole))}`,
    `memberships granted: ${String(memberships)}`,
    tablespaces.length > 0 ? `tablespaces created: ${names(tablespaces)}` : undefined,
    kept.length > 0 ? `there already, not changed: ${names(kept)}` : undefined,
    login.length > 0
      ? `without a password, to be set with ALTER ROLE … PASSWORD: ${names(login.map(({ name }) => name))}`
      : undefined,
  ].filter((line) => line !== undefined);
  return `${lines.join('\n')}\n${describeRefused([...refused, ...refusedTablespaces])}`;
}

/** A line for each. */
export function describeRefused(refused: readonly Refusal[]): string {
  return refused.map(({ what, reason }) => `not restored: ${oneLine(what)}: ${oneLine(reason)}\n`).join('');
}

/** What may do everything must not come unseen. */
function describeRole({ name, options }: ScriptRole): string {
  return options.includes('SUPERUSER') ? `${name} (superuser)` : name;
}

function hasPassword(options: readonly string[]): boolean {
  return options.some((option) => option.startsWith('PASSWORD '));
}

function names(all: readonly string[]): string {
  if (all.length === 0) return 'none';
  const more = all.length > mostNames ? ` and ${String(all.length - mostNames)} more` : '';
  return all.slice(0, mostNames).map(oneLine).join(', ') + more;
}

/** A name may hold line breaks and whatever moves a terminal's cursor. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
