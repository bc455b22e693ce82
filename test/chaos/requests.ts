import type { FaultAction, S3Call } from '../support/s3-server.ts';
import { Random } from './random.ts';

/**
 * How often requests go wrong, as FoundationDB's simulation has its runs with few and with many. `light`: now and then,
 * never the same one twice in a row, and with nothing that a run could not wait out.
 */
export type Level = 'none' | 'light' | 'medium' | 'heavy';

const rates: Readonly<Record<Level, number>> = { none: 0, light: 0.12, medium: 0.1, heavy: 0.4 };

/** Which faults there may be besides those that can be waited out. */
export interface Doubts {
  /** What is stored may differ by a bit from what was sent. */
  readonly stored: boolean;
  /** What is read may differ by a bit from what is stored, or end too early. */
  readonly read: boolean;
}

/** Decides for each request whether it goes wrong, and how. */
export class RequestFaults {
  readonly #name: readonly (string | number)[];
  readonly #level: Level;
  readonly #doubts: Doubts;
  readonly #met = new Map<string, number>();
  readonly #hitLast = new Set<string>();
  /** What has been done to requests so far, by kind. */
  readonly acted: string[] = [];

  /** @param name of the stream of random numbers. */
  constructor(name: readonly (string | number)[], level: Level, doubts: Doubts) {
    this.#name = name;
    this.#level = level;
    this.#doubts = doubts;
  }

  /**
   * What is done to this request. By the how-many-eth of its kind it is, so that requests that are under way at once do
   * not change each other's fate with their order.
   */
  readonly decide = (call: S3Call): FaultAction | undefined => {
    const file = call.key.slice(call.key.lastIndexOf('/') + 1);
    const kind = `${call.operation} ${file} ${String(call.partNumber ?? '')}`;
    const nth = (this.#met.get(kind) ?? 0) + 1;
    this.#met.set(kind, nth);
    const random = new Random(...this.#name, kind, nth);
    if (!random.chance(rates[this.#level])) {
      this.#hitLast.delete(kind);
      return undefined;
    }
    if (this.#level === 'light' && this.#hitLast.has(kind)) {
      this.#hitLast.delete(kind);
      return undefined;
    }
    this.#hitLast.add(kind);
    const action = random.weighted(this.#level === 'light' ? passing(random) : this.#any(random, call, file));
    this.acted.push(action.kind === 'answer' ? `answer ${String(action.status)}` : action.kind);
    return action;
  };

  #any(random: Random, { operation }: S3Call, file: string): (readonly [number, FaultAction])[] {
    const reads = operation === 'GetObject';
    const writes = operation === 'PutObject' || operation === 'UploadPart';
    // What comes late is what no run can know of: only of the manifest, and only for so long, it is promised that it cannot do harm.
    const mayBeLate = operation === 'UploadPart' || file === 'manifest.json';
    return [
      ...passing(random),
      [1, { kind: 'hang' }],
      [1, { kind: 'slow-read', bytesPerSecond: random.between(50_000, 5_000_000) }],
      ...(mayBeLate ? [[1, { kind: 'late', ms: random.between(500, 4000) }] as const] : []),
      ...(reads ? [[3, { kind: 'cut-body', afterBytes: random.between(0, 200_000) }] as const] : []),
      ...(operation.startsWith('List') ? [[1, { kind: 'short-body', bytes: random.between(0, 400) }] as const] : []),
      ...(this.#doubts.read && reads ? [[2, { kind: 'corrupt-body' }] as const] : []),
      ...(this.#doubts.read && reads ? [[1, { kind: 'short-body', bytes: random.between(0, 5000) }] as const] : []),
      ...(this.#doubts.stored && writes ? [[3, { kind: 'corrupt' }] as const] : []),
      ...(operation === 'CompleteMultipartUpload'
        ? ([
            [3, { kind: 'answer', status: 200, code: 'InternalError' }],
            [1, { kind: 'answer', status: 200, body: '' }],
          ] as const)
        : []),
    ];
  }
}

/** What another try gets over. */
function passing(random: Random): (readonly [number, FaultAction])[] {
  return [
    [3, { kind: 'answer', status: 500, code: 'InternalError' }],
    [3, { kind: 'answer', status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' }],
    [1, { kind: 'answer', status: 502, body: '<html>Bad Gateway</html>', headers: { 'content-type': 'text/html' } }],
    [3, { kind: 'reset' }],
    [3, { kind: 'lose-reply' }],
    [2, { kind: 'delay', ms: random.between(1, 300) }],
  ];
}
