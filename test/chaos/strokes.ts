import type { Form } from './form.ts';
import type { Random } from './random.ts';
import type { ChaosCommand } from './schedule.ts';

/** Which of several pg_dump something befalls; all of them where none is named. */
export type Lane = 'definitions' | 'contents' | 'rest';

/**
 * Something that befalls a run besides its requests. `at` counts what happens in the run: a request that arrives at the
 * store, or something written to standard error.
 */
export type Stroke =
  | {
      readonly kind: 'signal';
      readonly signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL';
      readonly at: number;
      readonly againAt?: number;
    }
  /** Ends one of the programs that run then, if that one does. */
  | { readonly kind: 'kill program'; readonly program: string; readonly at: number }
  | { readonly kind: 'terminate'; readonly sessions: string; readonly at: number }
  /** The program's output ends after so many bytes, by SIGKILL or with an exit code of 1; where it has written as many. */
  | {
      readonly kind: 'broken program';
      readonly program: string;
      readonly lane?: Lane;
      readonly how: 'killed' | 'fails';
      readonly afterBytes: number;
    }
  /** It is killed when it has written everything. */
  | { readonly kind: 'killed at its end'; readonly program: string; readonly lane?: Lane }
  /** It falls silent after so many bytes. */
  | { readonly kind: 'silent program'; readonly program: string; readonly lane?: Lane; readonly afterBytes: number }
  | {
      readonly kind: 'slow program';
      readonly program: string;
      readonly lane?: Lane;
      readonly afterBytes: number;
      readonly ms: number;
    }
  /** So much address space and no more. */
  | { readonly kind: 'little memory'; readonly program: string; readonly kilobytes: number }
  | { readonly kind: 'deadline'; readonly ms: number };

/** How many things may happen before a stroke. A run has fewer: then there is none. */
const longest: Readonly<Record<ChaosCommand, number>> = { backup: 32, prune: 24, drill: 20, restore: 16, verify: 12 };

/** Draws one stroke, now and then two. */
export function drawStrokes(random: Random, command: ChaosCommand, form: Form): Stroke[] {
  const strokes = [drawStroke(random, command, form)];
  if (random.chance(0.15)) strokes.push(drawStroke(random, command, form));
  // Of two of these on one program only one can be had.
  const taken = new Set<string>();
  return strokes.filter((stroke) => {
    const what = 'program' in stroke && stroke.kind !== 'kill program' ? stroke.program : stroke.kind;
    return !taken.has(what) && taken.add(what);
  });
}

function drawStroke(random: Random, command: ChaosCommand, form: Form): Stroke {
  const at = random.between(1, longest[command]);
  const signals = ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGKILL', 'SIGKILL'] as const;
  const signal: Stroke = {
    kind: 'signal',
    signal: random.pick(signals),
    at,
    ...(random.chance(0.15) && { againAt: at + random.between(1, 4) }),
  };
  if (command === 'prune' || command === 'verify') return signal;
  const [first, ...others] = programsOf(command, form);
  const program = random.pick([first, ...others]);
  const sessions = random.pick(['pg-offsite', 'pg-offsite pg_dump', 'pg-offsite%']);
  const afterBytes = Math.floor(100 ** (1 + 2.5 * random.next()));
  const usual: (readonly [number, Stroke])[] = [
    [4, signal],
    [3, { kind: 'kill program', program, at }],
    [1, { kind: 'little memory', program, kilobytes: random.between(2000, 40_000) }],
  ];
  usual.push([2, { kind: 'terminate', sessions, at }]);
  if (command !== 'backup') return random.weighted(usual);
  const lanes: [Lane, ...Lane[]] = ['definitions', 'contents', 'rest'];
  const lane = random.chance(0.6) ? random.pick(lanes) : undefined;
  const inLanes = form.jobs > 1 && lane !== undefined && { lane };
  const one = program === 'pg_dump' && inLanes;
  return random.weighted<Stroke>([
    ...usual,
    [1, { kind: 'deadline', ms: random.between(300, 3000) }],
    [4, { kind: 'broken program', program, ...one, how: random.pick(['killed', 'fails']), afterBytes }],
    [2, { kind: 'killed at its end', program: 'pg_dump', ...inLanes }],
    [1, { kind: 'silent program', program, ...one, afterBytes }],
    [1, { kind: 'slow program', program, ...one, afterBytes, ms: random.between(50, 600) }],
  ]);
}

function programsOf(command: ChaosCommand, { format, compression, encryption, globals }: Form): [string, ...string[]] {
  const packers = [
    ...(compression === 'none' ? [] : [compression]),
    ...(encryption === 'none' ? [] : [encryption === 'age' ? 'age' : 'gpg']),
  ];
  if (command !== 'backup') return [format === 'custom' ? 'pg_restore' : 'psql', ...packers];
  return ['pg_dump', 'pg_dump', ...packers, ...(globals === 'off' ? [] : ['pg_dumpall'])];
}
