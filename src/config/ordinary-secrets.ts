import { isOrdinaryWord } from '../redact.ts';
import { type Environment, readValues } from './environment.ts';
import { Findings } from './findings.ts';
import { inOurForm } from './other-forms.ts';
import { Secret } from './secret.ts';
import { variableNames, variables } from './variables.ts';

/** Where those of the secrets stand that are short or plain words, such as `GPG_PASSPHRASE`, or `a part of DATABASE_URL`. */
export function ordinarySecrets(env: Environment, secrets: readonly Secret[]): string[] {
  const { values, nameOf, isSet } = readValues(inOurForm(env, new Findings()), new Findings());
  const set = variableNames
    .filter((name) => variables[name].secret === true && isSet(name))
    .map((name) => ({ name: nameOf(name), text: revealed(values[name]) }));
  const places = secrets.filter(isOrdinaryWord).map((secret) => {
    const value = secret.reveal();
    const whole = set.find(({ text }) => text.trim() === value);
    if (whole) return whole.name;
    const holder = set.find(({ text }) => text.includes(value) || text.includes(encodeURIComponent(value)));
    return holder ? `a part of ${holder.name}` : 'a secret';
  });
  return [...new Set(places)];
}

function revealed(value: unknown): string {
  return value instanceof Secret ? value.reveal() : typeof value === 'string' ? value : '';
}
