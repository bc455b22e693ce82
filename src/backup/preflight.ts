import { Failure, throwIfAborted } from '../errors.ts';
import { compressStage } from '../pipeline/compress.ts';
import { type Encryption, prepareEncryption } from '../pipeline/encrypt.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { Stage } from '../pipeline/stage.ts';
import { findClient, type PostgresClient } from '../postgres/clients.ts';
import { refusePoolerAddress, refusePoolerBehaviour } from '../postgres/pooler.ts';
import { Session } from '../postgres/session.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import type { RunContext } from './run.ts';

/** Everything a dump needs, tried out and open. Disposing closes it all: the lock and the snapshot go with it. */
export interface Ready extends AsyncDisposable {
  readonly store: Store;
  readonly session: Session;
  readonly client: PostgresClient;
  readonly encryption: Encryption;
  readonly compression: Stage | undefined;
  /** See `LaneRequest.emptyBytes`. */
  readonly emptyBytes: number;
  /** The run's signal, also aborted when the session that holds lock and snapshot is lost. */
  readonly signal: AbortSignal;
}

/**
 * Finds out, cheapest first, what would make the run fail, before pg_dump starts: programs, recipients, the login, a
 * pooler, the client's version, another run's lock, the store.
 * @param key where the first artifact will go.
 * @throws {Failure} of the kind that fits; nothing is left open then.
 */
export async function preflight(context: RunContext, key: string): Promise<Ready> {
  const { config, log, searchPath } = context;
  const { connection } = config.source;
  const lost = new AbortController();
  const signal = AbortSignal.any([context.signal, lost.signal]);
  await using opened = new AsyncDisposableStack();

  const compression = await compressStage(config.form, searchPath);
  const encryption = opened.use(await prepareEncryption(config.form.encryption, searchPath, signal));
  const emptyBytes = await bytesOfNothing(
    [compression, encryption.stage].filter((stage) => stage !== undefined),
    signal,
  );
  refusePoolerAddress(connection);
  const session = opened.adopt(
    await Session.open(connection, log, signal, (failure) => {
      lost.abort(failure);
    }),
    (open) => open.close(),
  );
  const client = await findClient(config.source.clientsDir, session.server.major);
  await refusePoolerBehaviour(session.client, connection, signal);
  const store = opened.adopt(openStore(config.store, log), (open) => {
    open.close();
  });
  await takeLock(session, store.location, context);
  await store.checkWritable(key, signal);
  throwIfAborted(signal);

  const closing = opened.move();
  return {
    store,
    session,
    client,
    encryption,
    compression,
    emptyBytes,
    signal,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** Runs the stages on no input; tells at once if one of them does not work here. */
async function bytesOfNothing(stages: readonly Stage[], signal: AbortSignal): Promise<number> {
  let bytes = 0;
  if (stages.length === 0) return bytes;
  for await (const chunk of joinProcesses(stages, signal).output) bytes += chunk.length;
  return bytes;
}

async function takeLock(session: Session, location: string, { config, log }: RunContext): Promise<void> {
  if (config.run.lock === 'off') return;
  try {
    await session.lock(location);
  } catch (error) {
    const held = !(error instanceof Failure) || error.kind === 'locked';
    if (held || config.run.lock === 'on') throw error;
    log.warn(`running without a lock: ${error.message}`);
  }
}
