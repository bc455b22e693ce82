import { pruneMoves } from './prune-moves.ts';
import { runMoves } from './run-moves.ts';
import { classify, type Folder, type Move, replaced, type Start, startWorld, type World } from './state.ts';

/** What an exploration has seen. */
export interface Explored {
  readonly worlds: number;
  /** Every state that a folder was in, each once. */
  readonly folders: readonly Folder[];
  /** The first world that breaks the promise, and how it came about; undefined where none does. */
  readonly broken: { readonly why: string; readonly story: readonly string[] } | undefined;
}

/** Everything that may happen next. */
export function* moves(world: World): Generator<Move> {
  for (let index = 0; index < world.runs.length; index++) yield* runMoves(world, index);
  for (let index = 0; index < world.prunes.length; index++) yield* pruneMoves(world, index);
  for (const [index, folder] of world.folders.entries()) {
    if (folder.late) {
      const folders = replaced(world.folders, index, { ...folder, late: false, manifest: true });
      yield { what: `the store keeps manifest ${String(index)}`, world: { ...world, folders } };
    } else if (mayGrowOld(world, index)) {
      const folders = replaced(world.folders, index, { ...folder, old: true });
      yield { what: `folder ${String(index)} grows old`, world: { ...world, folders } };
    }
  }
}

/** A run has ended, by BACKUP_TIMEOUT at the latest, before its folder is as old as that and a day. */
function mayGrowOld({ runs, folders }: World, index: number): boolean {
  const run = runs[index];
  const folder = folders[index];
  const isLeft = folder !== undefined && !folder.old && classify(folder) === 'unfinished';
  return isLeft && (run === undefined || run.outcome !== undefined);
}

/**
 * Goes through every world that can come about, nearest first, and asks in each whether the promise holds.
 * @param movesOf for a test that breaks the protocol, to see that this is found.
 */
export function explore(
  start: Start,
  promise: (world: World) => string | undefined = brokenPromise,
  movesOf: (world: World) => Iterable<Move> = moves,
): Explored {
  const first = startWorld(start);
  const seen = new Map<string, { readonly from: string | undefined; readonly what: string }>();
  const folders = new Map<string, Folder>();
  const keyOf = (world: World): string => JSON.stringify(world);
  seen.set(keyOf(first), { from: undefined, what: 'start' });
  let front: World[] = [first];
  const story = (key: string): string[] => {
    const steps: string[] = [];
    for (let at: string | undefined = key; at !== undefined; at = seen.get(at)?.from) {
      steps.push(seen.get(at)?.what ?? '');
    }
    return steps.reverse();
  };
  while (front.length > 0) {
    const later: World[] = [];
    for (const world of front) {
      const from = keyOf(world);
      for (const folder of world.folders) folders.set(JSON.stringify(folder), folder);
      const why = promise(world);
      if (why !== undefined) {
        return { worlds: seen.size, folders: [...folders.values()], broken: { why, story: story(from) } };
      }
      for (const { what, world: after } of movesOf(world)) {
        const key = keyOf(after);
        if (seen.has(key)) continue;
        seen.set(key, { from, what });
        later.push(after);
      }
    }
    front = later;
  }
  return { worlds: seen.size, folders: [...folders.values()], broken: undefined };
}

/**
 * The promise: whatever looks like a backup is whole, unless the store refused to take it back; exit 0 stands for a backup until a newer one has taken its place;
 * a run that failed has left none, unless the store refused to take it back; there is never less than one of those that
 * were there or were promised; a failed run leaves no upload that it knows of.
 */
export function brokenPromise({ folders, runs }: World): string | undefined {
  const isBackup = folders.map((folder) => classify(folder) === 'backup');
  let promised = 0;
  for (const [index, folder] of folders.entries()) {
    const run = runs[index];
    const kind = classify(folder);
    if (kind === 'damaged' && run?.refused !== true)
      return `folder ${String(index)} looks like a backup and is damaged`;
    if (run?.outcome === 'failure' && isBackup[index] === true && !run.refused) {
      return `run ${String(index)} failed and left a backup`;
    }
    if (run?.outcome === 'success' && isBackup[index] !== true && !isBackup.slice(index + 1).includes(true)) {
      return `run ${String(index)} ended with 0, and neither its backup nor a newer one is there`;
    }
    if (run === undefined || run.outcome === 'success') promised += 1;
  }
  if (promised > 0 && !isBackup.includes(true)) return 'no backup is left';
  return undefined;
}
