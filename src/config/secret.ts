import { inspect } from 'node:util';

const mask = '***';

/**
 * A value that must never be shown: it prints as `***` in strings, JSON and `util.inspect`. The value itself comes out
 * only through {@link Secret.reveal}, called where it is handed to a child's environment, a pipe or a client library.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself. Call it at the last moment and never keep what it returns. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return mask;
  }

  toJSON(): string {
    return mask;
  }

  [inspect.custom](): string {
    return mask;
  }
}
