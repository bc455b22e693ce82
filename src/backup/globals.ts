import { type Artifact, globalsOf, type Manifest } from '../catalog/manifest.ts';
import { Failure, throwIfAborted, toFailure } from '../errors.ts';
import { compressionSuffix } from '../pipeline/compress.ts';
import { encryptionSuffix } from '../pipeline/encrypt.ts';
import { Meter } from '../pipeline/meter.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import { dumpGlobals, type GlobalsPlan, planGlobals } from '../postgres/globals.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import type { Tags } from '../store/store.ts';
import type { RunContext } from './context.ts';
import type { Ready } from './ready.ts';
import { verifyStored } from './verify.ts';
import type { WrittenObjects } from './written.ts';

/** Far more than any server's globals need. */
const expectedBytes = 64 * 1024 * 1024;

/** What has become of the globals. */
export interface StoredGlobals {
  readonly artifact: Artifact | undefined;
  readonly passwords: boolean;
  /** Why the backup stands without them although they were asked for. */
  readonly warning: string | undefined;
}

const none: StoredGlobals = { artifact: undefined, passwords: false, warning: undefined };

/**
 * What there is to dump besides the database, asked before the snapshot's transaction begins: a query that the server
 * refuses would end that.
 * @returns a plan, why there is none, or undefined where none is wanted.
 * @throws {Failure} `database` with GLOBALS=on.
 */
export async function prepareGlobals(
  { config, signal }: Pick<RunContext, 'config' | 'signal'>,
  { session }: Pick<Ready, 'session'>,
): Promise<GlobalsPlan | Failure | undefined> {
  if (config.source.globals === 'off') return undefined;
  try {
    return await planGlobals(session.client, config.form.encryption.kind !== 'none');
  } catch (error) {
    throwIfAborted(signal);
    const failure = toDatabaseFailure('ask about roles and settings', error);
    if (config.source.globals === 'on') throw failure;
    return failure;
  }
}

/**
 * Dumps the globals into the store, beside the dump to be, and verifies them. With GLOBALS=auto a server that refuses them
 * is a warning.
 * @throws {Failure} `dump` when they cannot be dumped with GLOBALS=on; what the store throws.
 */
export async function storeGlobals(
  context: RunContext,
  ready: Ready,
  { plan, folder, id, tags, written }: GlobalsRequest,
): Promise<StoredGlobals> {
  const { config, log } = context;
  if (plan === undefined) return none;
  if (plan instanceof Failure) return { ...none, warning: without(plan) };
  const { form, run, source } = config;
  const key = `globals.sql${compressionSuffix[form.compression]}${encryptionSuffix[form.encryption.kind]}`;
  const meter = new Meter();
  // It is a matter of seconds: what moves nothing for so long is not worth the backup of the database.
  const over = new AbortController();
  const timer = setTimeout(() => {
    over.abort(new Failure('dump', 'the globals were not dumped within STALL_TIMEOUT'));
  }, run.stallTimeoutMs);
  const signal = AbortSignal.any([ready.signal, over.signal]);
  const onWarning = (text: string): void => {
    log.warn(text);
  };
  const script = dumpGlobals({ source, client: ready.client, plan, onWarning, signal });
  const body = packed(script, ready, signal);
  try {
    await ready.store.putStream(folder + key, meter.pass(body), {
      runId: id,
      tags,
      expectedBytes,
      signal,
    });
  } catch (error) {
    throwIfAborted(ready.signal);
    const failure = toFailure(error);
    if (source.globals === 'on' || failure.kind !== 'dump') throw failure;
    return { ...none, warning: without(failure) };
  } finally {
    clearTimeout(timer);
    // A store that gives up does not wait for who writes: the programs are ended here, and are gone before we go on.
    over.abort();
    await Promise.allSettled([body.return(), script.return()]);
  }
  written.add(folder + key);
  const measured = meter.result();
  const name = `the globals of ${source.connection.database}`;
  // A drill restores the dump alone, so it is no proof of these.
  const verify = run.verify === 'drill' ? 'download' : run.verify;
  await verifyStored(ready.store, folder + key, id, measured, verify, { ...context, name, signal: ready.signal });
  log.info(describeGlobalsPlan(plan));
  const { compression, encryption } = form;
  return {
    artifact: {
      key,
      kind: 'globals',
      lane: 'globals',
      bytes: measured.bytes,
      sha256: measured.sha256,
      format: 'plain',
      compression,
      encryption: encryption.kind,
    },
    passwords: plan.passwords,
    warning: undefined,
  };
}

/** What storing the globals takes besides. */
export interface GlobalsRequest {
  /** See {@link prepareGlobals}. */
  readonly plan: GlobalsPlan | Failure | undefined;
  /** The backup's folder, with its slash. */
  readonly folder: string;
  readonly id: string;
  readonly tags: Tags | undefined;
  readonly written: WrittenObjects;
}

/** How the globals are stored, and why so. */
export function describeGlobalsPlan({ passwords, reason }: GlobalsPlan): string {
  return `roles, tablespaces and settings of the database are stored, ${passwords ? 'with' : 'without'} passwords: ${reason}`;
}

/** For the result of a run. */
export function describeGlobals(manifest: Manifest): 'with passwords' | 'without passwords' | 'none' {
  if (!globalsOf(manifest)) return 'none';
  return manifest.globals?.passwords === true ? 'with passwords' : 'without passwords';
}

function without({ message }: Failure): string {
  return `the backup has no roles, tablespaces and settings of the database (GLOBALS=auto): ${message}`;
}

async function* packed(
  script: AsyncIterable<Uint8Array>,
  { compression, encryption }: Ready,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const stages = [compression, encryption.stage].filter((stage) => stage !== undefined);
  if (stages.length === 0) {
    yield* script;
    return;
  }
  const joined = joinProcesses(stages, signal, script);
  try {
    yield* joined.output;
  } finally {
    await joined.stop();
  }
}
