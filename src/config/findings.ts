import { Failure } from '../errors.ts';
import type { Secret } from './secret.ts';

/**
 * What reading the configuration finds: problems, which stop the run, all told at once; warnings, which do not; and
 * every secret met on the way. No text in it ever holds a secret's value.
 */
export class Findings {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  readonly #missing = new Map<string, string>();
  readonly #secrets = new Map<string, Secret>();

  /** Something the user must correct: names the variable, says what is wrong and shows a good value. */
  problem(text: string): void {
    if (!this.problems.includes(text)) this.problems.push(text);
  }

  /** A problem: the variable, or what may stand for it, is not set. */
  missing(name: string, text: string): void {
    this.#missing.set(name, text);
    this.problem(text);
  }

  /** Says of a variable that was found missing under which other name it was set; false where it is not missing. */
  meant(name: string, written: string): boolean {
    const text = this.#missing.get(name);
    const index = text === undefined ? -1 : this.problems.indexOf(text);
    if (index === -1) return false;
    this.#missing.delete(name);
    this.problems[index] = `${name} is not set, but ${written} is; did you mean ${name}?`;
    return true;
  }

  /** Something the user should know. */
  warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }

  /** Remembers a secret, so that the log can mask it wherever it turns up. */
  secret(secret: Secret): Secret {
    if (secret.reveal() !== '') this.#secrets.set(secret.reveal(), secret);
    return secret;
  }

  /** Every secret so far. */
  get secrets(): Secret[] {
    return [...this.#secrets.values()];
  }

  /** Throws a Failure of kind `config` that lists every problem, one a line, if there is any, and the warnings after them. */
  throwIfAny(): void {
    const count = this.problems.length;
    if (count === 0) return;
    const lines = this.problems.map((problem) => `\n  - ${problem}`).join('');
    const warned = this.warnings.map((warning) => `\n  - ${warning}`).join('');
    const besides = warned === '' ? '' : `\nBesides, to look at:${warned}`;
    const head = `the configuration has ${count === 1 ? 'a problem' : `${count} problems`}`;
    throw new Failure('config', `${head}:${lines}${besides}`, {
      hint: 'Correct these environment variables and start again; nothing was contacted yet.',
    });
  }
}
