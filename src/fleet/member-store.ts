import type { PutSmallOptions, PutStreamOptions, Store, StoredObject, Tags } from '../store/store.ts';

/** The part of a store that is a member's, as its own process sees it. Closing it closes nothing. */
export class MemberStore implements Store {
  readonly location: string;
  readonly #store: Store;
  readonly #folder: string;
  readonly #listed: readonly StoredObject[] | undefined;

  /** @param listed what there is, relative to the folder and in key order, where somebody has just listed it. */
  constructor(store: Store, name: string, listed?: readonly StoredObject[]) {
    this.location = `${store.location}/${name}`;
    this.#store = store;
    this.#folder = `${name}/`;
    this.#listed = listed;
  }

  describe(key: string): string {
    return this.#store.describe(this.#folder + key);
  }

  checkWritable(key: string, signal: AbortSignal, tags?: Tags): Promise<void> {
    return this.#store.checkWritable(this.#folder + key, signal, tags);
  }

  putStream(key: string, body: AsyncIterable<Uint8Array>, options: PutStreamOptions): Promise<void> {
    return this.#store.putStream(this.#folder + key, body, options);
  }

  putSmall(key: string, content: string, options: PutSmallOptions): Promise<void> {
    return this.#store.putSmall(this.#folder + key, content, options);
  }

  async head(key: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    const found = await this.#store.head(this.#folder + key, signal);
    return found && { ...found, key };
  }

  get(key: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#store.get(this.#folder + key, signal);
  }

  async *list(prefix: string, signal: AbortSignal, after = ''): AsyncGenerator<StoredObject, void, undefined> {
    if (this.#listed) yield* this.#listed.filter(({ key }) => key.startsWith(prefix) && key > after);
    else {
      for await (const object of this.#store.list(this.#folder + prefix, signal, after && this.#folder + after)) {
        yield { ...object, key: object.key.slice(this.#folder.length) };
      }
    }
  }

  async *folders(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    // From its objects: a member has few backups, and the fleet's store lists no folders below the first.
    const names = new Set<string>();
    for await (const { key } of this.list('', signal)) if (key.includes('/')) names.add(key.slice(0, key.indexOf('/')));
    yield* names;
  }

  remove(key: string, signal: AbortSignal): Promise<void> {
    return this.#store.remove(this.#folder + key, signal);
  }

  sweepUnfinished(prefix: string, before: Date, signal: AbortSignal): Promise<number> {
    return this.#store.sweepUnfinished(this.#folder + prefix, before, signal);
  }

  close(): void {
    // The store belongs to whoever opened it.
  }
}
