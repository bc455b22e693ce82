import { laneFile, schemaLane, wholeLane } from '../catalog/lane-names.ts';
import type { Artifact } from '../catalog/manifest.ts';
import { compressionSuffix, type Effort, withEffort } from '../pipeline/compress.ts';
import { encryptionSuffix } from '../pipeline/encrypt.ts';
import type { Measure } from '../pipeline/meter.ts';
import { type DumpPart, dumpStage } from '../postgres/dump.ts';
import { refuseMoved } from '../postgres/lock-tables.ts';
import type { Progress } from '../report/progress.ts';
import type { Tags } from '../store/store.ts';
import type { RunContext } from './context.ts';
import type { Spent } from './effort.ts';
import { storeLane } from './lane.ts';
import { checkLanes } from './lane-check.ts';
import type { LanePlan, PlannedLane } from './lane-plan.ts';
import { LanesProgress } from './lanes-progress.ts';
import type { LaneProgress } from './progress.ts';
import type { Ready } from './ready.ts';
import { sideBySide } from '../pipeline/side-by-side.ts';
import type { Snapshot } from './snapshot.ts';
import { verifyStored } from './verify.ts';
import type { WrittenObjects } from './written.ts';

/** Where a dump goes. */
export interface DumpRequest {
  readonly snapshot: Snapshot;
  /** The backup's folder, with its slash. */
  readonly folder: string;
  readonly id: string;
  readonly tags: Tags | undefined;
  /** Of zstd, where it is what compresses. */
  readonly effort: Effort;
  readonly written: WrittenObjects;
}

/** One artifact of a dump, as it was counted on its way into the store. */
export interface StoredDump {
  readonly artifact: Artifact;
  readonly measured: Measure;
  /** Undefined where it is not zstd that compresses, or the system does not tell. */
  readonly spent: Spent | undefined;
}

/** The name of a dump's file: how it is to be read can be seen from it. */
export function dumpFile(lane: string, { format, compression, encryption }: RunContext['config']['form']): string {
  const kind = format === 'custom' ? 'dump' : 'sql';
  return `${laneFile(lane)}.${kind}${compressionSuffix[compression]}${encryptionSuffix[encryption.kind]}`;
}

/**
 * Dumps the database into the store: into one artifact, or several lanes side by side. What is stored is noted as written.
 * @throws {Failure} `dump` or `store`: the first cause; the signal's reason.
 */
export async function storeDump(context: RunContext, ready: Ready, request: DumpRequest): Promise<StoredDump[]> {
  const { census, lanes } = request.snapshot;
  const { databaseBytes } = ready.session.server;
  if (lanes) return storeLanes(context, ready, request, lanes);
  const { progress } = context;
  const whole = { lane: wholeLane, part: 'all' as const, onDisk: census.wholeBytes, databaseBytes, progress };
  return [await storeOne(context, ready, request, whole)];
}

async function storeLanes(
  context: RunContext,
  ready: Ready,
  request: DumpRequest,
  { lanes, jobs, jobsAsked, beside }: LanePlan,
): Promise<StoredDump[]> {
  const { config, log } = context;
  const { census } = request.snapshot;
  // The definitions first: only the first lane finds everything as it was a moment ago. Then the largest.
  const [definitions, ...others] = lanes;
  const contents = others.toSorted((a, b) => b.dumpBytes - a.dumpBytes);
  const rows = Math.min(jobs, beside.definitions ? contents.length : lanes.length);
  if (jobsAsked !== undefined) {
    log.warn(`JOBS=${String(jobsAsked)} takes more connections than the server leaves: so many at once as there are`);
  }
  const besides = beside.definitions ? ' and the definitions beside' : '';
  log.info(`dumping into ${String(lanes.length)} objects, ${String(rows)} at once${besides}`);
  const progress = new LanesProgress(
    lanes.reduce((sum, { bytes }) => sum + bytes, 0),
    census.tables.length,
  );
  using _followed = context.progress.follow({
    name: config.source.connection.database,
    log,
    look: () => progress.look(),
  });
  const said = new Map<string, string[]>();
  const store = async ({ lane, part, bytes, dumpBytes }: PlannedLane, signal: AbortSignal): Promise<StoredDump> => {
    const announced: string[] = [];
    said.set(lane, announced);
    const one = await storeOne(context, { ...ready, signal }, request, {
      lane,
      part,
      onDisk: bytes,
      databaseBytes: Math.max(bytes, dumpBytes),
      streams: rows,
      progress: progress.of(bytes),
      onTable: (name) => announced.push(name),
    });
    log.debug(`${lane}: ${String(one.measured.bytes)} bytes`);
    if (lane === schemaLane) census.definitionsRead();
    return one;
  };
  const queues = beside.definitions ? [[definitions], contents] : [[definitions, ...contents]];
  const stored = await sideBySide(queues, queues.length, ready.signal, (queue, signal) =>
    sideBySide(queue, rows, signal, store),
  );
  checkLanes(
    lanes.map((lane) => ({ ...lane, announced: said.get(lane.lane) ?? [] })),
    census.tables,
    config.source.excludeTableData.length > 0,
  );
  await refuseMoved(ready.session.client);
  const place = (one: StoredDump): number => lanes.findIndex(({ lane }) => lane === one.artifact.lane);
  return stored.flat().toSorted((a, b) => place(a) - place(b));
}

interface OneDump {
  readonly lane: string;
  readonly part: DumpPart;
  /** The size on disk of all that it comes to; undefined where nobody knows. */
  readonly onDisk: number | undefined;
  /** The same with indexes: what the stream's length is estimated by. */
  readonly databaseBytes: number;
  readonly streams?: number;
  readonly progress: Progress;
  readonly onTable?: (name: string) => void;
}

async function storeOne(
  { config, log }: RunContext,
  ready: Ready,
  { snapshot, folder, id, tags, effort, written }: DumpRequest,
  { lane, part, onDisk, databaseBytes, streams, onTable, progress }: OneDump,
): Promise<StoredDump> {
  const { store, client, compression, encryption, emptyBytes, signal } = ready;
  const { source, form, run } = config;
  const { census } = snapshot;
  const file = dumpFile(lane, form);
  const started = performance.now();
  let storing: LaneProgress | undefined;
  const measured = await storeLane({
    store,
    key: folder + file,
    runId: id,
    tags,
    stages: (laneProgress) => {
      storing = laneProgress;
      laneProgress.totalOnDisk = onDisk;
      if (onDisk !== undefined) laneProgress.tablesTotal = census.tables.length;
      const listener = {
        onTable: (name: string) => {
          onTable?.(name);
          if (part === 'all') census.definitionsRead();
          const tableOnDisk = census.note(name);
          if (tableOnDisk !== undefined) laneProgress.beginTable(name, tableOnDisk);
        },
        onWarning: (text: string) => {
          log.warn(`pg_dump: ${text}`);
        },
      };
      const dump = dumpStage(source, form.format, client, snapshot.name, listener, part);
      const onStarted = (pid: number) => {
        laneProgress.compressPid = pid;
      };
      const compress = form.compression === 'zstd' && compression ? withEffort(compression, effort) : compression;
      return [dump, compress && { ...compress, onStarted }, encryption.stage].filter((stage) => stage !== undefined);
    },
    emptyBytes,
    expectedBytes: databaseBytes * (form.compression === 'none' ? 2 : 1),
    streams,
    name: source.connection.database,
    stallTimeoutMs: run.stallTimeoutMs,
    progress,
    log,
    signal,
  });
  written.add(folder + file);
  return {
    artifact: {
      key: file,
      kind: 'dump',
      lane,
      bytes: measured.bytes,
      sha256: measured.sha256,
      format: form.format,
      compression: form.compression,
      encryption: encryption.kind,
      ...(storing?.dumpedBytes !== undefined && { dumpedBytes: storing.dumpedBytes }),
    },
    measured,
    spent: form.compression === 'zstd' ? spentOf(effort, performance.now() - started, storing) : undefined,
  };
}

function spentOf({ level }: Effort, ms: number, lane: LaneProgress | undefined): Spent | undefined {
  if (lane?.compressCpuSeconds === undefined) return undefined;
  return {
    level,
    seconds: Math.round(ms) / 1000,
    waitedSeconds: Math.round(lane.meter.waitedForReaderMs) / 1000,
    cpuSeconds: lane.compressCpuSeconds,
  };
}

/**
 * Compares what the store has of a dump with what was sent: see {@link verifyStored}.
 * @throws {Failure} `verification` of the first that differs.
 */
export async function verifyDump(
  context: RunContext,
  { store, signal }: Pick<Ready, 'store' | 'signal'>,
  { folder, id, snapshot }: Pick<DumpRequest, 'folder' | 'id' | 'snapshot'>,
  stored: readonly StoredDump[],
): Promise<void> {
  const { config } = context;
  const name = config.source.connection.database;
  await sideBySide(stored, snapshot.lanes?.jobs ?? 1, signal, ({ artifact, measured }, either) =>
    verifyStored(store, folder + artifact.key, id, measured, config.run.verify, { ...context, name, signal: either }),
  );
}
