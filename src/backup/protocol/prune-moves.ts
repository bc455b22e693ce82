import { classify, type Folder, type Listed, type Move, type Prune, replaced, type World } from './state.ts';

/** Everything that the prune of this index may do next, or may happen to it. */
export function* pruneMoves(world: World, index: number): Generator<Move> {
  const prune = world.prunes[index];
  if (!prune || prune.step === 'ended') return;
  const run = world.runs[index];
  const moved = (what: string, change: Partial<Prune>, changed: Partial<World> = {}): Move => {
    const after = { ...prune, ...change };
    const runs =
      run && after.step === 'ended' ? replaced(world.runs, index, { ...run, step: 'ended' as const }) : world.runs;
    return {
      what: `prune ${String(index)}: ${what}`,
      world: { ...world, runs, ...changed, prunes: replaced(world.prunes, index, after) },
    };
  };
  if (world.killsLeft > 0) yield moved('is killed', { step: 'ended' }, { killsLeft: world.killsLeft - 1 });
  if (prune.step === 'list') {
    const at = prune.listed.length;
    const folder = world.folders[at];
    if (folder) yield moved(`lists folder ${String(at)}`, { listed: [...prune.listed, classify(folder)] });
    else {
      const todo = plan(prune.listed, run && index, world.minimum);
      yield moved(`will remove ${todo.join(', ') || 'nothing'}`, {
        step: todo.length > 0 ? 'manifest' : 'ended',
        todo,
      });
    }
    return;
  }
  const [at = 0, ...rest] = prune.todo;
  const folder = world.folders[at];
  if (!folder) return;
  const over: Partial<Prune> = { step: todoLater(rest), todo: rest, rest: [], refused: false };
  const fault = { faultsLeft: world.faultsLeft - 1 };
  const removal = function* (
    what: string,
    removed: Folder,
    then: Partial<Prune>,
    left: Partial<Prune>,
  ): Generator<Move> {
    yield moved(`removes ${what} of ${String(at)}`, then, { folders: replaced(world.folders, at, removed) });
    if (world.faultsLeft > 0) yield moved(`removing ${what} of ${String(at)} is refused`, left, fault);
  };
  if (prune.step === 'manifest') {
    const all = [...folder.data.keys(), 'guide' as const];
    yield* removal('the manifest', { ...folder, manifest: false }, { step: 'rest', rest: all }, over);
  } else if (prune.step === 'rest') {
    for (const part of prune.rest) {
      const others = prune.rest.filter((other) => other !== part);
      const then = (refused: boolean): Partial<Prune> =>
        others.length > 0 ? { rest: others, refused } : refused ? over : { step: 'sums', rest: [] };
      const removed =
        part === 'guide' ? { ...folder, guide: false } : { ...folder, data: replaced(folder.data, part, 'none') };
      yield* removal(part === 'guide' ? part : `data ${String(part)}`, removed, then(prune.refused), then(true));
    }
  } else yield* removal('the sums', { ...folder, sums: false }, over, over);
}

function todoLater(rest: readonly number[]): Prune['step'] {
  return rest.length > 0 ? 'manifest' : 'ended';
}

/**
 * Which folders go: all that interrupted prunes and runs left, and all backups but the newest, and the one just made. Runs end
 * within the hour for which a backup may still be taken back.
 */
function plan(listed: readonly Listed[], madeNow: number | undefined, minimum: number): number[] {
  const backups = listed.flatMap((kind, index) => (kind === 'backup' ? [index] : []));
  const isSure = madeNow !== undefined && backups.at(-1) === madeNow;
  const stays = new Set([...backups.slice(-Math.max(isSure ? 1 : 2, minimum)), madeNow]);
  const left = listed.flatMap((kind, index) => (kind.startsWith('left by') ? [index] : []));
  return [...left, ...backups.filter((index) => !stays.has(index))];
}
