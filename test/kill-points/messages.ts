/** One message of PostgreSQL's protocol. */
export interface Message {
  /** One letter; empty for those before a session has begun. */
  readonly type: string;
  readonly body: Buffer;
  /** All of it, as it came. */
  readonly bytes: Buffer;
}

/** Takes a stream of PostgreSQL's protocol, in one direction, apart into its messages. */
export class Messages {
  #rest: Buffer = Buffer.alloc(0);
  /** Before a session has begun a client's messages have no type. */
  #untyped: boolean;

  constructor(untyped: boolean) {
    this.#untyped = untyped;
  }

  /** From the next message on, messages have types. */
  begin(): void {
    this.#untyped = false;
  }

  /** The messages that are whole with this chunk; what is left of it is kept. */
  *take(chunk: Buffer): Generator<Message, void, undefined> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const head = this.#untyped ? 0 : 1;
      if (this.#rest.length < head + 4) return;
      const length = head + this.#rest.readInt32BE(head);
      if (this.#rest.length < length) return;
      const bytes = this.#rest.subarray(0, length);
      this.#rest = this.#rest.subarray(length);
      yield { type: bytes.toString('latin1', 0, head), body: bytes.subarray(head + 4), bytes };
    }
  }
}
