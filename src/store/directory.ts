import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DirectoryStoreConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { abortable } from './abortable.ts';
import { ignore, isCode, toDirectoryFailure } from './directory-errors.ts';
import { foldersIn, makeFolder, removeEmptyFolders, wasItMounted } from './folders.ts';
import { publish } from './publish.ts';
import type { PutSmallOptions, PutStreamOptions, Store, StoredObject } from './store.ts';
import { walk, type WalkedFile } from './walk.ts';

/** A link could lead out of the store, and opening a pipe could wait for ever: neither is a file of ours. */
const readSafely = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const readBytes = 256 * 1024;

type Write = (data: Uint8Array | string) => Promise<void>;

/**
 * A store in a directory. A file is written aside, in its own folder, flushed to the disk and only then given its name
 * by a hard link, which refuses a name that is taken: a file with its real name is always whole. Files are mode 0600,
 * folders 0700.
 */
export class DirectoryStore implements Store {
  readonly location: string;
  readonly #root: string;
  readonly #log: Log;

  constructor(config: DirectoryStoreConfig, log: Log) {
    this.#root = config.path;
    this.#log = log;
    this.location = pathToFileURL(config.path).href;
  }

  describe(key: string): string {
    return pathToFileURL(this.#path(key)).href;
  }

  async checkWritable(key: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const path = this.#path(key);
    await this.#told(`cannot write to ${this.describe(key)}`, async () => {
      const made = await makeFolder(this.#root);
      try {
        const { file, aside } = await this.#openAside(path);
        await file.close();
        await unlink(aside);
      } finally {
        await removeEmptyFolders(dirname(path), this.#root);
        if (made !== undefined) await removeEmptyFolders(this.#root, dirname(made));
      }
    });
  }

  async putStream(key: string, body: AsyncIterable<Uint8Array>, options: PutStreamOptions): Promise<void> {
    await this.#write(key, options.signal, async (write) => {
      let written = 0;
      for await (const chunk of abortable(body, options.signal)) {
        await write(chunk);
        options.onStored?.((written += chunk.length));
      }
    });
  }

  async putSmall(key: string, content: string, options: PutSmallOptions): Promise<void> {
    const publishAs = options.replace === true ? rename : publish;
    await this.#write(key, options.signal, (write) => write(content), publishAs);
  }

  async head(key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    signal.throwIfAborted();
    return this.#told(`could not look up ${this.describe(key)}`, async () => {
      try {
        const found = await lstat(this.#path(key));
        return found.isFile() ? { key, bytes: found.size, lastModified: found.mtime } : undefined;
      } catch (error) {
        if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
        throw error;
      }
    });
  }

  async *get(key: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    signal.throwIfAborted();
    const what = `could not read ${this.describe(key)}`;
    try {
      await using file = await open(this.#path(key), readSafely);
      if (!(await file.stat()).isFile()) throw notAFile(what);
      // Not a stream: one that is made with an aborted signal emits an error that nobody can listen for in time.
      for (;;) {
        signal.throwIfAborted();
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(readBytes));
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      signal.throwIfAborted();
      throw isCode(error, 'ELOOP', 'ENXIO') ? notAFile(what) : toDirectoryFailure(error, what);
    }
  }

  async *list(prefix: string, signal: AbortSignal, after = ''): AsyncGenerator<StoredObject, void, undefined> {
    for (const { key, partial } of await this.#walk(prefix, `could not list ${this.location}/${prefix}`, after)) {
      signal.throwIfAborted();
      const object = partial || key <= after ? undefined : await this.head(key, signal);
      if (object) yield object;
    }
  }

  async *folders(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    signal.throwIfAborted();
    yield* await this.#told(`could not list ${this.location}`, () => foldersIn(this.#root));
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const path = this.#path(key);
    await this.#told(`could not remove ${this.describe(key)}`, async () => {
      await unlink(path).catch(ignore('ENOENT', 'ENOTDIR'));
      await removeEmptyFolders(dirname(path), this.#root);
    });
  }

  async sweepUnfinished(prefix: string, before: Date, signal: AbortSignal): Promise<number> {
    let ended = 0;
    for (const { key, partial } of await this.#walk(prefix, `could not sweep ${this.location}/${prefix}`)) {
      signal.throwIfAborted();
      if (!partial) continue;
      try {
        const path = this.#path(key);
        if ((await stat(path)).mtime >= before) continue;
        await unlink(path);
        await removeEmptyFolders(dirname(path), this.#root);
        ended += 1;
      } catch (error) {
        this.#log.info({ key, reason: (error as Error).message }, 'an unfinished file could not be removed');
      }
    }
    return ended;
  }

  close(): void {
    // Nothing is held open between calls.
  }

  /** Errors of the file system are told as ours; those that `fill` throws by itself pass as they are. */
  async #write(
    key: string,
    signal: AbortSignal,
    fill: (write: Write) => Promise<void>,
    publishAs = publish,
  ): Promise<void> {
    signal.throwIfAborted();
    const path = this.#path(key);
    const what = `could not store ${this.describe(key)}`;
    const { file, aside } = await this.#told(what, () => this.#openAside(path));
    let present = aside;
    try {
      try {
        await fill((data) => this.#told(what, () => file.writeFile(data)));
        await this.#told(what, () => file.sync());
      } finally {
        await file.close();
      }
      signal.throwIfAborted();
      await this.#told(what, () => publishAs(aside, path));
      // Whoever is told that it may not last must not find it either.
      present = path;
      await this.#told(what, () => this.#flushFolders(dirname(path)));
    } catch (error) {
      await unlink(present).catch((left: unknown) => {
        this.#log.warn({ file: present, reason: String(left) }, 'a partial file could not be removed');
      });
      await removeEmptyFolders(dirname(path), this.#root);
      throw error;
    }
  }

  /** Opens a new file beside the path; another run may be removing the folder just now, as empty. */
  async #openAside(path: string): Promise<{ file: FileHandle; aside: string }> {
    const aside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.partial`);
    for (let tries = 1; ; tries += 1) {
      try {
        const made = await makeFolder(this.#root);
        if (made !== undefined) this.#log.warn(`${this.#root} was not there and has been made; ${wasItMounted}`);
        await makeFolder(dirname(path));
        return { file: await open(aside, 'wx', 0o600), aside };
      } catch (error) {
        if (tries === 10 || !isCode(error, 'ENOENT')) throw error;
      }
    }
  }

  /** Flushes the folder, and those above it up to the root, whose entries may be new as well. */
  async #flushFolders(folder: string): Promise<void> {
    for (let path = folder; path.startsWith(this.#root); path = dirname(path)) {
      const handle = await open(path, 'r');
      // Some network file systems cannot flush a folder.
      await handle
        .sync()
        .catch(ignore('EINVAL', 'ENOTSUP'))
        .finally(() => handle.close());
      if (path === this.#root) return;
    }
  }

  async #walk(prefix: string, what: string, after = ''): Promise<WalkedFile[]> {
    // The deepest folder that the prefix names for sure; what it begins beyond that is compared.
    const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/') + 1) : '';
    const start = folder === '' ? this.#root : this.#path(folder.slice(0, -1));
    return this.#told(what, () => walk(start, folder, prefix, after));
  }

  #path(key: string): string {
    const segments = key.split('/');
    const unsafe = segments.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0'));
    if (unsafe) throw new Failure('bug', `not a key: ${JSON.stringify(key)}`);
    return join(this.#root, ...segments);
  }

  async #told<T>(what: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw toDirectoryFailure(error, what);
    }
  }
}

function notAFile(what: string): Failure {
  return new Failure('store', `${what}: it is a link, a pipe or the like, and no file`, {
    hint: 'Nothing of this program makes such. Find out who put it there; another backup may be good: see list.',
    retryable: false,
  });
}
