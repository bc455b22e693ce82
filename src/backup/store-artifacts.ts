import type { Failure } from '../errors.ts';
import { sideBySide } from '../pipeline/side-by-side.ts';
import type { GlobalsPlan } from '../postgres/globals.ts';
import type { RunContext } from './context.ts';
import { decideEffort } from './effort.ts';
import { type StoredGlobals, storeGlobals } from './globals.ts';
import type { Ready } from './ready.ts';
import { type DumpRequest, type StoredDump, storeDump } from './store-dump.ts';

/** Everything that a backup is of. */
export interface ArtifactsRequest extends Omit<DumpRequest, 'effort'> {
  /** Of the globals: see `prepareGlobals`. */
  readonly plan: GlobalsPlan | Failure | undefined;
  /** The ids of the backups that there are, or undefined where nobody can say: see `decideEffort`. */
  readonly earlier: Promise<readonly string[] | undefined>;
}

/** What is stored. */
export interface StoredArtifacts {
  readonly globals: StoredGlobals;
  readonly dumps: readonly StoredDump[];
}

/**
 * Dumps globals and database into the store: at the same time where the server leaves a connection for it, else the
 * globals first. The dump may take hours, and so what cannot be dumped of the globals is known at its begin.
 * @throws {Failure} what `storeGlobals` or `storeDump` throws first, once neither goes on.
 */
export async function storeArtifacts(
  context: RunContext,
  ready: Ready,
  { plan, earlier, ...request }: ArtifactsRequest,
): Promise<StoredArtifacts> {
  const { lanes } = request.snapshot;
  let globals: StoredGlobals | undefined;
  let dumps: readonly StoredDump[] = [];
  const tasks = [
    async (one: Ready) => {
      globals = await storeGlobals(context, one, { plan, ...request });
    },
    async (one: Ready) => {
      const effort = await decideEffort(context, one, lanes?.jobs ?? 1, earlier);
      dumps = await storeDump(context, one, { ...request, effort });
    },
  ];
  await sideBySide(tasks, lanes?.beside.globals ? 2 : 1, ready.signal, (task, signal) => task({ ...ready, signal }));
  if (!globals) throw new Error('the globals were not stored');
  return { globals, dumps };
}
