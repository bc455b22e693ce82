import { spawn } from 'node:child_process';
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setImmediate } from 'node:timers/promises';
import type { TestPostgres } from '../support/postgres.ts';
import { largeDatabase, seedRows } from './large-database.ts';

/** The rows of a table in the form of COPY. */
export interface Copied {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * The rows that the large database was filled with: asked for the first of them, and made as they were for the others,
 * which is quicker than to have PostgreSQL unpack them all once more.
 */
export async function copiedInto(postgres: TestPostgres, count: number, signal: AbortSignal): Promise<Copied> {
  const pieces: Buffer[] = [];
  await throughShell(
    `psql -XAtqc 'COPY (SELECT words, noise FROM pages WHERE id <= ${seedRows} ORDER BY id) TO STDOUT'`,
    postgres,
    {
      signal,
      onData: (chunk) => pieces.push(chunk),
    },
  );
  const seed = Buffer.concat(pieces);
  const contents: Buffer[] = [];
  for (let from = 0; from < seed.length; from = seed.indexOf('\n', from) + 1) {
    contents.push(seed.subarray(from, seed.indexOf('\n', from) + 1));
  }
  const rows = new Rows();
  for (let id = 1; id <= count; id += 1) {
    rows.take(Buffer.from(`${id}\t`));
    rows.take(contents[(id - 1) % seedRows] ?? Buffer.alloc(0));
    if (id % seedRows === 0) await setImmediate(undefined, { signal });
  }
  return rows.done();
}

/** The rows in a dump, as it is stored, that stock tools read to its end: `open` is the command that decrypts and unpacks it. */
export async function copiedIn(
  stored: Readable,
  open: string,
  postgres: TestPostgres,
  signal: AbortSignal,
): Promise<Copied> {
  const framed = new FramedRows();
  const command = `${open} | pg_restore --data-only --table=pages -f -`;
  await throughShell(command, postgres, { signal, stored, onData: (chunk) => framed.take(chunk) });
  return framed.done();
}

class Rows {
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  take(piece: Buffer): void {
    this.#hash.update(piece);
    this.#bytes += piece.length;
  }

  done(): Copied {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}

/** Of what pg_restore says the rows alone: between the line of COPY, near the beginning, and `\.`, near the end. */
class FramedRows {
  readonly #rows = new Rows();
  #begun = false;
  #held: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    if (!this.#begun) {
      const line = /(?:^|\n)COPY public\.pages [^\n]*\n/.exec(this.#held.toString('latin1'));
      if (!line) return;
      this.#begun = true;
      this.#held = this.#held.subarray(line.index + line[0].length);
    }
    const sure = Math.max(0, this.#held.length - 4096);
    this.#rows.take(this.#held.subarray(0, sure));
    this.#held = this.#held.subarray(sure);
  }

  done(): Copied {
    const end = this.#held.indexOf('\n\\.\n');
    if (!this.#begun || end < 0) throw new Error('pg_restore wrote no whole table');
    this.#rows.take(this.#held.subarray(0, end + 1));
    return this.#rows.done();
  }
}

async function throughShell(
  command: string,
  { binDir, env }: TestPostgres,
  work: { readonly signal: AbortSignal; readonly stored?: Readable; readonly onData: (chunk: Buffer) => void },
): Promise<void> {
  const { signal, stored, onData } = work;
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], {
    env: { ...env, PGDATABASE: largeDatabase, PATH: `${binDir}:${process.env['PATH'] ?? ''}` },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const said = text(child.stderr);
  child.stdin.on('error', () => undefined); // its end is told by the exit code
  const fed = stored ? pipeline(stored, child.stdin) : Promise.resolve(child.stdin.end());
  child.stdout.on('data', onData);
  const [[code], stderr, sent] = await Promise.all([closed, said, Promise.allSettled([fed])]);
  const [feeding] = sent;
  const unfed = feeding.status === 'rejected' ? `; it got no more input: ${String(feeding.reason)}` : '';
  if (code !== 0 || unfed !== '')
    throw new Error(`${command} ended with ${String(code)}${unfed}: ${stderr.slice(0, 2000)}`);
}
