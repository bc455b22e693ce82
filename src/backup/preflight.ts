import prettyMs from 'pretty-ms';
import { believeOnly } from '../catalog/believe.ts';
import { Failure, throwIfAborted } from '../errors.ts';
import { compressStage } from '../pipeline/compress.ts';
import { prepareEncryption } from '../pipeline/encrypt.ts';
import { joinProcesses } from '../pipeline/processes.ts';
import type { Stage } from '../pipeline/stage.ts';
import { findClient } from '../postgres/clients.ts';
import { refusePoolerAddress } from '../postgres/pooler.ts';
import { Session } from '../postgres/session.ts';
import { tagsOf } from '../retention/tier.ts';
import { openStore } from '../store/open.ts';
import type { RunContext } from './context.ts';
import { refuseUndrillable } from './drill.ts';
import type { Ready } from './ready.ts';

/**
 * Finds out, cheapest first, what would make the run fail, before pg_dump starts: programs, recipients, the login, a
 * pooler, the client's version, another run's lock, the store.
 * @param key where the first artifact will go.
 * @throws {Failure} of the kind that fits; nothing is left open then.
 */
export async function preflight(context: RunContext, key: string): Promise<Ready> {
  const { config, log } = context;
  const { connection } = config.source;
  const lost = new AbortController();
  const signal = AbortSignal.any([context.signal, lost.signal]);
  await using opened = new AsyncDisposableStack();

  // Side by side where one does not need the other; of two failures the first in order is told.
  refusePoolerAddress(connection);
  const [{ compression, encryption, emptyBytes }, session] = await both(
    preparePipeline(context, opened, signal),
    Session.open(connection, log, signal, (failure) => {
      lost.abort(failure);
    }).then((open) => opened.adopt(open, () => open.close())),
  );
  const client = await findClient(config.source.clientsDir, session.server.major);
  await refuseUndrillable({ ...context, signal }, session, encryption);
  const store = opened.adopt(believeOnly(openStore(config.store, log), config.signing.publicKeys), (open) => {
    open.close();
  });
  await both(
    takeLock(session, store.location, context),
    store.checkWritable(key, signal, tagsOf(config.store, 'daily')),
  );
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

async function preparePipeline(
  { config, searchPath }: RunContext,
  opened: AsyncDisposableStack,
  runSignal: AbortSignal,
): Promise<Pick<Ready, 'compression' | 'encryption' | 'emptyBytes'>> {
  const { form, run } = config;
  const slow = new AbortController();
  const timer = setTimeout(() => {
    slow.abort(
      new Failure('dump', `trying out compression and encryption took more than ${prettyMs(run.stallTimeoutMs)}`, {
        hint: 'One of the programs does not end although it has no data: does it wait for a password, or for a disk?',
      }),
    );
  }, run.stallTimeoutMs);
  const signal = AbortSignal.any([runSignal, slow.signal]);
  try {
    const compression = await compressStage(form, searchPath);
    const encryption = opened.use(await prepareEncryption(form.encryption, searchPath, signal));
    const stages = [compression, encryption.stage].filter((stage) => stage !== undefined);
    return { compression, encryption, emptyBytes: await bytesOfNothing(stages, signal) };
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for both, so that nothing goes on behind a failure, then throws the first one's rejection before the second's. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
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
