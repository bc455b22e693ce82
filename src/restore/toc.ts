import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import prettyBytes from 'pretty-bytes';
import { Failure } from '../errors.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import { explainRestore } from '../postgres/restore-failure.ts';
import { HeadFile } from './head-file.ts';
import type { LeftOut } from './leave-out.ts';
import { type KnownNames, parseTocList, type TocEntry } from './toc-list.ts';

/** The head of a custom dump, up to the end of its table of contents or some way beyond. */
export interface Toc extends AsyncDisposable {
  readonly entries: readonly TocEntry[];
  /** The file that holds it, in a private folder: an archive without its data, good for what needs none. */
  readonly file: string;
  /** Writes the list for `--use-list`, without these entries, and returns its path. */
  writeList(leftOut: readonly LeftOut[]): Promise<string>;
  /** The same chunks. @throws {Failure} `verification` when they do not begin as the file does. */
  compared(decoded: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined>;
}

const firstBytes = 256 * 1024;
const stepBytes = 64 * 1024;
const mostTocBytes = 256 * 1024 ** 2;

/**
 * Reads from a decoded custom dump only so much that pg_restore can list it, and lists it. Disposing the result removes the
 * file. The caller ends what decodes.
 * @param mostBytes a table of contents that is larger is refused.
 * @throws {Failure} `verification` for what is no whole table of contents; `dump` for an archive of a newer version.
 */
export async function readToc(
  decoded: AsyncIterable<Uint8Array>,
  client: PostgresClient,
  known: KnownNames,
  signal: AbortSignal,
  mostBytes = mostTocBytes,
): Promise<Toc> {
  const head = await HeadFile.create(firstBytes);
  try {
    let wanted = firstBytes;
    for await (const chunk of cut(decoded)) {
      await head.append(chunk);
      if (head.bytes < wanted) continue;
      try {
        return tocOf(head, parseTocList(await listArchive(head.path, client, signal), known));
      } catch (error) {
        if (!wantsMore(error)) throw error;
        if (wanted >= mostBytes)
          throw new Failure(
            'verification',
            `its table of contents is larger than ${prettyBytes(mostBytes, { binary: true })}`,
          );
      }
      wanted *= 4;
      await head.reserve(wanted);
    }
    return tocOf(head, parseTocList(await listArchive(head.path, client, signal), known));
  } catch (error) {
    await head[Symbol.asyncDispose]();
    throw error;
  }
}

/** The same bytes in pieces so small that the file grows by no more than it needs. */
async function* cut(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const piece of pieces)
    for (let from = 0; from < piece.length; from += stepBytes) yield piece.subarray(from, from + stepBytes);
}

function tocOf(head: HeadFile, entries: readonly TocEntry[]): Toc {
  const { bytes, path } = head;
  const sha256 = head.sha256();
  return {
    entries,
    file: path,
    writeList: async (leftOut) => {
      const file = join(head.folder, 'list');
      const without = new Set(leftOut.map(({ entry }) => entry));
      const lines = entries.map((entry) => `${without.has(entry) ? ';' : ''}${entry.line}\n`);
      await writeFile(file, lines.join(''), { mode: 0o600 });
      return file;
    },
    compared: (decoded) => beginsWith(decoded, bytes, sha256),
    [Symbol.asyncDispose]: () => head[Symbol.asyncDispose](),
  };
}

async function listArchive(file: string, client: PostgresClient, signal: AbortSignal): Promise<string> {
  const stage = {
    name: 'pg_restore',
    program: join(client.binDir, 'pg_restore'),
    args: ['--list', file],
    env: { LC_ALL: 'C' },
    explain: explainRestore,
  };
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of joinProcesses([stage], signal).output) chunks.push(chunk);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'dump' || error.message.includes('unsupported version'))
      throw error;
    throw new Failure('verification', `its table of contents cannot be read: ${error.message}`, { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** True where pg_restore may only lack the rest of the table of contents. */
function wantsMore(error: unknown): boolean {
  return error instanceof Failure && error.kind === 'verification' && !error.message.includes('valid archive');
}

async function* beginsWith(
  decoded: AsyncIterable<Uint8Array>,
  bytes: number,
  sha256: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const differs = (): Failure =>
    new Failure('verification', 'the dump is not the one whose table of contents was read', {
      hint: 'Something changes the stored object. Make sure that nothing does, and start again.',
      retryable: false,
    });
  const hash = createHash('sha256');
  let left = bytes;
  for await (const chunk of decoded) {
    if (left > 0) {
      hash.update(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
      if (left === 0 && hash.digest('hex') !== sha256) throw differs();
    }
    yield chunk;
  }
  if (left > 0) throw differs();
}
