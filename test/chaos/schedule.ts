import { drawForm, type Form } from './form.ts';
import { Random } from './random.ts';
import type { Level } from './requests.ts';
import { drawStrokes, type Stroke } from './strokes.ts';

/** What a step runs. */
export type ChaosCommand = 'backup' | 'prune' | 'drill' | 'restore' | 'verify';

/** One run of the program, and what befalls it. */
export interface Step {
  readonly command: ChaosCommand;
  /** How often requests to the store go wrong. */
  readonly level: Level;
  readonly strokes: readonly Stroke[];
  /** A bit of the newest backup is flipped before. */
  readonly damaged: boolean;
  /** For a drill: on a server of its own, whose folder is a disk of so many MiB where a number is given. */
  readonly ownServer?: true | number;
}

/** All that happens for a seed. The same seed always gives the same. */
export interface Schedule {
  readonly seed: number;
  /** Whether the dump takes one request or several parts. */
  readonly size: 'small' | 'large';
  readonly form: Form;
  /** The newest backup of the past is in lanes. */
  readonly pastInLanes: boolean;
  readonly steps: readonly Step[];
  /** The backup is also restored by the program itself, in a fresh process. */
  readonly restoredByUs: boolean;
}

/** The schedule of a seed. */
export function scheduleOf(seed: number): Schedule {
  const random = new Random('schedule', seed);
  const size = random.chance(0.3) ? 'large' : 'small';
  const form = drawForm(random);
  const commands = random.weighted<readonly ChaosCommand[]>([
    [68, ['backup']],
    [6, ['backup', 'backup']],
    [6, ['backup', 'prune']],
    [4, ['prune']],
    [5, ['drill']],
    [6, ['restore']],
    [2, ['verify']],
    [3, ['backup', 'drill', 'restore']],
  ]);
  return {
    seed,
    size,
    form,
    pastInLanes: random.chance(0.4),
    steps: commands.map((command) => drawStep(random, command, form, commands.length === 1)),
    restoredByUs: random.chance(0.15),
  };
}

function drawStep(random: Random, command: ChaosCommand, form: Form, isAlone: boolean): Step {
  const level = random.weighted<Level>([
    [20, 'none'],
    [35, 'light'],
    [27, 'medium'],
    [18, 'heavy'],
  ]);
  // What is to succeed meets nothing but what can be waited out.
  const isQuiet = level === 'light' || random.chance(level === 'none' ? 0.1 : 0.5);
  const strokes = isQuiet ? [] : drawStrokes(random, command, form);
  const own = command === 'drill' && random.chance(0.3);
  const ownServer = own ? (random.chance(0.5) ? true : random.between(4, 60)) : undefined;
  // Alone, since what comes after it would be of damaged backups, too.
  const damaged = isAlone && command !== 'backup' && command !== 'prune' && random.chance(0.3);
  return { command, level, strokes, damaged, ...(ownServer !== undefined && { ownServer }) };
}

/** True where nothing in this step may keep it from succeeding. */
export function mustSucceed({ level, strokes, damaged, ownServer }: Step): boolean {
  return (
    !damaged &&
    (level === 'none' || level === 'light') &&
    strokes.every(({ kind }) => kind === 'slow program') &&
    typeof ownServer !== 'number'
  );
}

/** A schedule for people, one line each. */
export function describeSchedule({ seed, size, form, pastInLanes, steps }: Schedule): string {
  const { variables: _, ...words } = form;
  const lines = steps.map(
    ({ command, level, strokes, damaged, ownServer }, index) =>
      `  ${String(index + 1)}. ${command}, requests: ${level}${damaged ? ', after damage' : ''}${ownServer === undefined ? '' : `, own server: ${String(ownServer)}`}${strokes.map((stroke) => `, ${JSON.stringify(stroke)}`).join('')}`,
  );
  return [
    `seed ${String(seed)}: a ${size} database, ${JSON.stringify(words)}${pastInLanes ? ', a past in lanes' : ''}`,
    ...lines,
  ].join('\n');
}
