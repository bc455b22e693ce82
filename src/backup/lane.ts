import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';
import { Meter, type Measure } from '../pipeline/meter.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { Store } from '../store/store.ts';
import { LaneProgress, reportProgress } from './progress.ts';
import { watchForStall } from './stall.ts';

/** What one lane needs to become an artifact in the store. */
export interface LaneRequest {
  readonly store: Store;
  /** Key of the artifact to be. */
  readonly key: string;
  readonly runId: string;
  /** pg_dump first, what encrypts last; made with the lane's progress so that pg_dump can tell its table. */
  readonly stages: (progress: LaneProgress) => readonly Stage[];
  /** An upper estimate of the bytes to be stored. */
  readonly expectedBytes: number;
  /** An estimate of the bytes that pg_dump will write, for telling what is left. */
  readonly expectedDumpBytes: number;
  readonly stallTimeoutMs: number;
  readonly progressIntervalMs: number;
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
    using _report = reportProgress(progress, request.expectedDumpBytes, request.progressIntervalMs, log);
    await store.putStream(key, refuseEmpty(meter.pass(processes.output), key), {
      runId: request.runId,
      expectedBytes: request.expectedBytes,
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

/** An empty dump is no dump: even of an empty database it has a header. */
async function* refuseEmpty(body: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array, void, undefined> {
  let empty = true;
  for await (const chunk of body) {
    empty &&= chunk.length === 0;
    yield chunk;
  }
  if (empty) throw new Failure('dump', `empty dump: not one byte came for ${key}`);
}
