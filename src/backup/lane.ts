import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { Meter, type Measure } from '../pipeline/meter.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { Store, Tags } from '../store/store.ts';
import type { Progress } from '../report/progress.ts';
import { LaneProgress } from './progress.ts';
import { watchForStall } from './stall.ts';

/** What one lane needs to become an artifact in the store. */
export interface LaneRequest {
  readonly store: Store;
  /** Key of the artifact to be. */
  readonly key: string;
  readonly runId: string;
  readonly tags?: Tags | undefined;
  /** pg_dump first, what encrypts last; made with the lane's progress so that pg_dump can tell its table. */
  readonly stages: (progress: LaneProgress) => readonly Stage[];
  /** What the stages after pg_dump make of no input at all, in bytes: about so little means that pg_dump wrote nothing. */
  readonly emptyBytes: number;
  /** An upper estimate of the bytes to be stored. */
  readonly expectedBytes: number;
  /** See `PutStreamOptions`. */
  readonly streams?: number | undefined;
  /** What the lane dumps, in a word or two, for people. */
  readonly name: string;
  readonly stallTimeoutMs: number;
  readonly progress: Progress;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * One pg_dump process streamed into one artifact. Resolves to what was counted and hashed on the way, once the store has
 * it all. After a rejection no process of the lane is left, nor an open upload, nor, if it could be removed, an object.
 * @throws {Failure} `dump` or `store`: the first cause; the signal's reason when aborted.
 */
export async function storeLane(request: LaneRequest): Promise<Measure> {
  const { store, key, log } = request;
  const stalled = new AbortController();
  const signal = AbortSignal.any([request.signal, stalled.signal]);
  const meter = new Meter();
  const progress = new LaneProgress(meter);
  const processes = joinProcesses(request.stages(progress), signal);
  progress.dumpPid = processes.firstPid;
  try {
    using _stall = watchForStall(progress, request.stallTimeoutMs, (failure) => {
      stalled.abort(failure);
    });
    using _followed = request.progress.follow({ name: request.name, log, look: () => progress.look() });
    await store.putStream(key, refuseEmpty(meter.pass(processes.batches), request.emptyBytes), {
      runId: request.runId,
      tags: request.tags,
      expectedBytes: request.expectedBytes,
      streams: request.streams,
      signal,
      onStored: (bytes) => {
        progress.storedBytes = bytes;
      },
    });
  } finally {
    await processes.stop();
  }
  return meter.result();
}

/**
 * An empty dump is no dump: even of an empty database it has a header of some hundred bytes. Encrypted twice, the same
 * input may differ by a few.
 */
async function* refuseEmpty(
  body: AsyncIterable<Uint8Array>,
  emptyBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    yield chunk;
  }
  if (bytes <= emptyBytes + 32) {
    throw new Failure('dump', 'empty dump: pg_dump succeeded without writing a byte', {
      hint: 'Is the pg_dump in PG_CLIENTS_DIR the real one?',
    });
  }
}
