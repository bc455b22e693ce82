import type { StoredObject } from '../store/store.ts';
import { backupFolder, fileNames, isDumpFile } from './keys.ts';

/** The names of files, which most backups share. */
const names = new Map<string, string>();

/**
 * The objects of one backup's folder, in little memory: a store may have hundreds of thousands. What is given out is made
 * anew each time. Its members are getters: a copy by `{ ...folder }` would have none of them.
 */
export class Folder {
  readonly database: string;
  readonly id: string;
  readonly #files: string[] = [];
  /** Bytes and time in ms of each file. */
  readonly #numbers: number[] = [];

  /** @param id kept as it is: see {@link ownCopy}. */
  constructor(database: string, id: string) {
    this.database = database;
    this.id = id;
  }

  add(file: string, { bytes, lastModified }: StoredObject): void {
    let name = names.get(file);
    if (name === undefined) {
      name = ownCopy(file);
      // The names of proofs are all different.
      if (names.size < 1000) names.set(name, name);
    }
    this.#files.push(name);
    this.#numbers.push(bytes, lastModified.getTime());
  }

  /** With its slash. */
  get folder(): string {
    return backupFolder(this.database, this.id);
  }

  get objects(): readonly StoredObject[] {
    const { folder } = this;
    return this.#files.map((file, index) => ({
      key: folder + file,
      bytes: this.#numbers[2 * index] ?? 0,
      lastModified: new Date(this.#numbers[2 * index + 1] ?? Number.NaN),
    }));
  }

  get complete(): boolean {
    return this.#isMarked && this.#files.some(isDumpFile);
  }

  get hollow(): boolean {
    return this.#isMarked && !this.#files.some(isDumpFile);
  }

  get #isMarked(): boolean {
    return this.#files.includes(fileNames.manifest);
  }
}

/** The same text in memory of its own: a piece of a listing would keep all of that page. */
export function ownCopy(text: string): string {
  return Buffer.from(text).toString();
}
