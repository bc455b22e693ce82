import { type Data, type Folder, type Move, newPrune, replaced, type Run, type Step, type World } from './state.ts';

/** The order of a run's steps while nothing goes wrong. */
const next: Readonly<Partial<Record<Step, Step>>> = {
  try: 'end try',
  'end try': 'begin',
  begin: 'part',
  complete: 'verify',
  sums: 'guide',
  guide: 'manifest',
  manifest: 'keep',
  abort: 'undo manifest',
  'undo manifest': 'undo guide',
  'undo guide': 'undo sums',
  'undo sums': 'undo data',
  'undo data': 'undo late manifest',
};

/** Everything that the run of this index may do next, or may happen to it. */
export function* runMoves(world: World, index: number): Generator<Move> {
  const run = world.runs[index];
  const folder = world.folders[index];
  if (!run || !folder || run.outcome === 'killed' || run.outcome === 'failure') return;
  const moved = (
    what: string,
    change: Partial<Run>,
    changed: Partial<Folder> = {},
    cost: Partial<World> = {},
  ): Move => ({
    what: `run ${String(index)}: ${what}`,
    world: {
      ...world,
      ...cost,
      runs: replaced(world.runs, index, { ...run, ...change }),
      folders: replaced(world.folders, index, { ...folder, ...changed }),
    },
  });
  if (run.step === 'prune' || run.step === 'ended') return;
  if (world.killsLeft > 0) yield* killed(world, run, folder, moved);
  const { step } = run;
  const done = next[step];
  const fault = { faultsLeft: world.faultsLeft - 1 };
  const mayFail = world.faultsLeft > 0;
  const fails = { step: 'abort' } as const;
  const withObject = (data: Data): readonly Data[] => replaced(folder.data, run.object, data);
  switch (step) {
    case 'try':
      yield moved('begins an upload to see if it may', { step: done }, { uploads: folder.uploads + 1 });
      break;
    case 'end try':
      yield moved('ends that upload', { step: done }, { uploads: folder.uploads - 1 });
      if (mayFail) yield moved('may not end that upload', { step: done }, {}, fault);
      break;
    case 'begin':
      yield moved('begins its upload', { step: 'part', partsLeft: world.parts }, { uploads: folder.uploads + 1 });
      yield moved('stores what is short in one request', { step: 'verify' }, { data: withObject('whole') });
      // Tried again, since it cannot know; it knows the second one only.
      if (mayFail) yield moved('the reply to the begun upload is lost', {}, { uploads: folder.uploads + 1 }, fault);
      break;
    case 'part':
      if (run.partsLeft > 0) yield moved('stores a part', { partsLeft: run.partsLeft - 1 });
      else yield moved('the dump has succeeded', { step: 'complete' });
      break;
    case 'complete': {
      const completed = { uploads: folder.uploads - 1, data: withObject('whole') };
      yield moved('completes its upload, also where the reply is lost and the store asked', { step: done }, completed);
      if (mayFail) yield moved('the upload is completed and nobody knows', fails, completed, fault);
      const cut = { ...completed, data: withObject('cut') };
      if (mayFail) yield moved('the store keeps less', { step: done }, cut, fault);
      break;
    }
    case 'verify': {
      const object = run.object + 1;
      if (folder.data[run.object] !== 'whole') yield moved('finds a difference', fails);
      else if (object < folder.data.length) yield moved('verifies', { step: 'begin', object });
      else yield moved('verifies the last', { step: 'sums' });
      break;
    }
    case 'sums':
    case 'guide':
      yield moved(`writes ${step}`, { step: done }, { [step]: true });
      if (mayFail) yield moved(`${step} is written and nobody knows`, fails, { [step]: true }, fault);
      break;
    case 'manifest':
      yield moved('writes the manifest', { step: 'keep' }, { manifest: true });
      if (mayFail) {
        const unsure = { ...fails, doubtful: true };
        yield moved('the manifest is written and nobody knows', unsure, { manifest: true }, fault);
        yield moved('the manifest will be written late', unsure, { late: true }, fault);
        yield moved('the manifest cannot be written', unsure, {}, fault);
      }
      break;
    case 'keep':
      yield {
        ...moved('ends with 0 but for its prune', { step: 'prune', outcome: 'success' }),
        world: {
          ...moved('', { step: 'prune', outcome: 'success' }).world,
          prunes: replaced(world.prunes, index, newPrune),
        },
      };
      break;
    default:
      yield* undone(world, run, folder, moved);
      return;
  }
  if (mayFail && step !== 'manifest' && step !== 'keep') yield moved(`fails at ${step}`, fails, {}, fault);
}

type Moved = (what: string, change: Partial<Run>, changed?: Partial<Folder>, cost?: Partial<World>) => Move;

/** What a failed run takes back, newest first, each of which the store may refuse. */
function* undone(world: World, run: Run, folder: Folder, moved: Moved): Generator<Move> {
  const { step } = run;
  const done = next[step];
  const effects: Partial<Record<Step, Partial<Folder>>> = {
    abort: { uploads: Math.max(0, folder.uploads - 1) },
    'undo manifest': run.doubtful ? { manifest: false } : {},
    'undo guide': { guide: false },
    'undo sums': { sums: false },
    'undo data': { data: replaced(folder.data, run.object, 'none') },
    'undo late manifest': run.doubtful ? { manifest: false } : {},
  };
  const effect = effects[step] ?? {};
  // A store that keeps a write later than some seconds after it was given up is none that this is promised for.
  if (step === 'undo late manifest' && folder.late) return;
  const more = step === 'undo data' && run.object > 0;
  const ended: Partial<Run> = { step: 'ended', outcome: 'failure' };
  const change: Partial<Run> = more ? { object: run.object - 1 } : done ? { step: done } : ended;
  yield moved(step, change, effect);
  const changes = JSON.stringify({ ...folder, ...effect }) !== JSON.stringify(folder);
  if (world.faultsLeft > 0 && changes) {
    yield moved(`${step} is refused`, { ...change, refused: true }, {}, { faultsLeft: world.faultsLeft - 1 });
  }
}

/** A kill at any moment; what was just asked of the store may still be done. */
function* killed(world: World, run: Run, folder: Folder, moved: Moved): Generator<Move> {
  const cost = { killsLeft: world.killsLeft - 1 };
  const dead: Partial<Run> = { step: 'ended', outcome: 'killed' };
  yield moved(`is killed before ${run.step}`, dead, {}, cost);
  if (run.step === 'manifest') yield moved('is killed, and the manifest written late', dead, { late: true }, cost);
  if (run.step === 'complete') {
    const data = replaced(folder.data, run.object, 'whole' as const);
    yield moved('is killed, and the upload completed', dead, { uploads: folder.uploads - 1, data }, cost);
  }
}
