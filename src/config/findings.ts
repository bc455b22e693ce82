import { Failure } from '../errors.ts';
import type { Secret } from './secret.ts';

/**
 * What reading the configuration finds: problems, which stop the run, all told at once; warnings, which do not; and
 * every secret met on the way. No text in it ever holds a secret's value.
 */
export class Findings {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  readonly #secrets = new Map<string, Secret>();

  /** Something the user must correct: names the variable, says what is wrong and shows a good value. */
  problem(text: string): void {
    if (!this.problems.includes(text)) this.problems.push(text);
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

  /** Throws a Failure of kind `config` that lists every problem, one a line, if there is any. */
  throwIfAny(): void {
    const count = this.problems.length;
    if (count === 0) return;
    const lines = this.problems.map((problem) => `\n  - ${problem}`).join('');
    throw new Failure('config', `the configuration has ${count === 1 ? 'a problem' : `${count} problems`}:${lines}`, {
      hint: 'Correct these environment variables and start again; nothing was contacted yet.',
    });
  }
}
