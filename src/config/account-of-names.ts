import { type Environment, knownNames, quote, readValues } from './environment.ts';
import { Findings } from './findings.ts';
import { likenessOf } from './near-name.ts';
import { inOurForm } from './other-forms.ts';
import { judgeOtherSetting } from './other-tools.ts';
import { libpqVariables } from './url-parameters.ts';
import { type VariableName, variableNames, variables } from './variables.ts';

/** How one name of the environment is understood. */
export interface NameAccount {
  /** As it is set. */
  readonly name: string;
  /** The documented name of the variable; `libpq` for what is handed on as it is; undefined where nothing reads it. */
  readonly meaning: VariableName | 'libpq' | undefined;
  /** What is to be said about it, never with the value of a secret. */
  readonly note: string | undefined;
  /** False for a name that looks like one of ours or of another tool and is neither. */
  readonly understood: boolean;
}

/** What each name of the environment means to this program, in the order of the README; all other names are left out. */
export function accountOfNames(env: Environment): NameAccount[] {
  const known = knownNames();
  const ours = inOurForm(env, new Findings());
  const { nameOf, isSet } = readValues(ours, new Findings());
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== '');
  const accounts = set.flatMap(([name, value = '']): NameAccount[] => {
    const meaning = known.get(name);
    if (meaning !== undefined) {
      return [
        {
          name,
          meaning,
          note: noteOf(name, value, meaning, ours, isSet(meaning) ? nameOf(meaning) : undefined),
          understood: true,
        },
      ];
    }
    const other = judgeOtherSetting(name, value, asked);
    if (other !== undefined) return [{ name, meaning: undefined, note: other.words, understood: true }];
    if (handedOn.has(name)) return [{ name, meaning: 'libpq', note: undefined, understood: true }];
    const likeness = likenessOf(name, known);
    if (likeness === undefined) return [];
    const note = likeness.meant === undefined ? undefined : `did you mean ${likeness.meant}?`;
    return [{ name, meaning: undefined, note, understood: false }];
  });
  return accounts.toSorted((a, b) => rank(a) - rank(b));
}

/** Only the words are shown, which do not depend on it. */
const asked = { task: 'backup', encrypted: true, keptMs: Number.POSITIVE_INFINITY } as const;

const handedOn = new Set(Object.values(libpqVariables));

function noteOf(
  name: string,
  value: string,
  meaning: VariableName,
  ours: Environment,
  usedName: string | undefined,
): string | undefined {
  const read = ours[name];
  if (read === undefined) return value === '**None**' ? 'not set' : 'not followed';
  if (usedName === undefined) return 'cannot be used';
  if (usedName !== name) return `not used, because ${usedName} is set`;
  return read === value.trim() || read === value || variables[meaning].secret === true
    ? undefined
    : `read as ${quote(read)}`;
}

function rank({ meaning, understood }: NameAccount): number {
  if (meaning === undefined) return understood ? variableNames.length + 1 : variableNames.length + 2;
  return meaning === 'libpq' ? variableNames.length : variableNames.indexOf(meaning);
}
