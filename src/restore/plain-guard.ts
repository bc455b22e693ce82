import { randomBytes } from 'node:crypto';
import { Failure } from '../errors.ts';

/** How much of a dump may be comments before its first command; pg_dump writes some lines. */
const headerBytes = 64 * 1024;
/** The last line that pg_dump writes fits, with the empty lines after it. */
const footerBytes = 256;

/**
 * Lets psql load a plain dump that nobody vouches for. psql runs what follows a backslash anywhere in a script as a
 * command of its own (`\!` starts a program), so it gets the dump in restricted mode, in which it refuses every such
 * command, under a key that the dump cannot know. SQL alone is left, which the server runs with the rights of the role.
 */
export class PlainGuard {
  /** Only letters and digits, as psql demands of it. */
  readonly #key = randomBytes(24).toString('hex');
  #said = '';

  /**
   * The dump as one transaction of a restricted psql. Its own `\restrict` line at the beginning and its own `\unrestrict`
   * line at the end are left out: one restricted mode cannot begin inside another.
   */
  async *guard(dump: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    // A plain dump has no transaction of its own; psql would commit what it got at the end of its input, however it ended.
    yield Buffer.from(`\\restrict ${this.#key}\nBEGIN;\n`);
    yield* withoutOwnRestriction(dump);
    yield Buffer.from(`\nCOMMIT;\n\\unrestrict ${this.#key}\n\\echo ${this.#key}\n`);
  }

  /** Takes what psql writes to standard output: nothing but the word that it has come to the end of the script. */
  hear(output: Uint8Array): void {
    this.#said = (this.#said + Buffer.from(output).toString('latin1')).slice(-1000);
  }

  /**
   * To be called after psql has exited with 0, which it does too when the script ends within the rows of a table and the
   * `COMMIT` was taken for one of them.
   * @throws {Failure} `dump`.
   */
  demandEnd(): void {
    if (this.#said.split('\n').includes(this.#key)) return;
    throw new Failure('dump', 'the plain dump ends within the rows of a table, so its transaction was not committed', {
      hint: 'It was written like that. Restore another backup; see list.',
      retryable: false,
    });
  }
}

/** The same script without the `\\restrict` line at its beginning and the `\\unrestrict` line at its end. */
export async function* withoutOwnRestriction(
  dump: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let key: string | undefined;
  let begun = false;
  let held: Uint8Array = Buffer.alloc(0);
  for await (const chunk of dump) {
    held = Buffer.concat([held, chunk]);
    if (!begun) {
      const line = firstCommand(held);
      if (line === undefined && held.length < headerBytes) continue;
      begun = true;
      key = /^\\restrict ([A-Za-z0-9]+)$/.exec(line?.text ?? '')?.[1];
      if (line !== undefined && key !== undefined) held = cut(held, line.from, line.to);
    }
    if (held.length <= footerBytes) continue;
    yield held.subarray(0, -footerBytes);
    held = held.subarray(-footerBytes);
  }
  if (key !== undefined) {
    const tail = Buffer.from(held).toString('latin1');
    const found = new RegExp(String.raw`(?<=^|\n)\\unrestrict ${key}\n*$`).exec(tail);
    if (found) held = cut(held, found.index, held.length);
  }
  yield held;
}

/** The first whole line that is neither empty nor a comment, with its line break. */
function firstCommand(bytes: Uint8Array): { text: string; from: number; to: number } | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let from = 0; ;) {
    const end = buffer.indexOf('\n', from);
    if (end === -1) return undefined;
    const text = buffer.toString('latin1', from, end);
    if (text !== '' && !text.startsWith('--')) return { text, from, to: end + 1 };
    from = end + 1;
  }
}

function cut(bytes: Uint8Array, from: number, to: number): Buffer {
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}
