import { styleText } from 'node:util';
import prettyBytes from 'pretty-bytes';
import type { LiveLines } from './live-lines.ts';
import { fit } from '../notify/text.ts';
import { oneLine } from '../visible.ts';
import { Pace, type Standing } from './position.ts';
import { describeLeft, describeTable, type Metronome, type Progress, systemMetronome, type Work } from './progress.ts';

const drawEveryMs = 250;
/** Rates of shorter times jump about. */
const rateOverMs = 10_000;
const barWidth = 24;

/** How bars are drawn. */
export interface BarStyle {
  readonly colours: boolean;
  /** Applied to every text before it is shown. */
  readonly redact: (text: string) => string;
}

/** A bar for each piece of work, at the foot of a terminal. A line in the log tells none of it. */
export function progressBars(screen: LiveLines, style: BarStyle, metronome: Metronome = systemMetronome): Progress {
  const followed = new Map<Work, Pace>();
  let drawing: Disposable | undefined;
  let turn = 0;
  const draw = async (): Promise<void> => {
    const mine = (turn += 1);
    const standings = await Promise.all(
      [...followed].map(async ([work, pace]) => ({ work, standing: pace.add(await work.look()) })),
    );
    // Work may have ended meanwhile, and what is drawn last must not be older than what was drawn before.
    if (mine !== turn) return;
    // Some terminals go to the next line when the last column is filled.
    const width = (screen.columns ?? 80) - 1;
    screen.show(standings.map(({ work, standing }) => barLine(work.name, standing, width, style)));
  };
  return {
    follow(work) {
      followed.set(work, new Pace(() => metronome.now(), rateOverMs));
      drawing ??= metronome.every(drawEveryMs, () => void draw());
      void draw();
      return {
        [Symbol.dispose]: () => {
          followed.delete(work);
          if (followed.size > 0) return;
          turn += 1;
          drawing?.[Symbol.dispose]();
          drawing = undefined;
          screen.show([]);
        },
      };
    },
  };
}

/**
 * One line of at most so many columns: what, the bar, how much, how fast, how long, which table. Where it is too narrow
 * the table's name is cut first; it is the least important and the longest.
 */
export function barLine(name: string, standing: Standing, width: number, { colours, redact }: BarStyle): string {
  const { bytes, totalBytes, storedBytes, bytesPerSecond, share, leftMs, table, then, step } = standing;
  const of = totalBytes === undefined ? '' : ` of ${prettyBytes(totalBytes)}`;
  const parts = [
    `${step} ${prettyBytes(bytes)}${of}`,
    `${prettyBytes(bytesPerSecond)}/s`,
    storedBytes === undefined ? undefined : `stored ${prettyBytes(storedBytes)}`,
    leftMs === undefined ? undefined : `about ${describeLeft(leftMs)} left`,
    share === 1 && then !== undefined ? `now ${then}` : undefined,
    table && redact(describeTable(table)),
  ];
  const told = parts.filter((part) => part !== undefined).join('  ');
  const label = fit(redact(oneLine(name)), Math.max(8, Math.floor(width / 5)));
  const bar = drawBar(share, width < 80 ? 10 : barWidth, colours);
  const room = width - label.length - bar.columns - 2;
  return room < 1 ? fit(`${label} ${told}`, width) : `${label} ${bar.text} ${fit(told, room)}`;
}

/** Where nobody knows the share there is no bar: one that stands still or runs about tells nothing. */
function drawBar(share: number | undefined, columns: number, colours: boolean): { text: string; columns: number } {
  if (share === undefined) return { text: '…', columns: 1 };
  const full = Math.floor(Math.min(1, Math.max(0, share)) * columns);
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
  const [done, rest] = ['█'.repeat(full), '░'.repeat(columns - full)];
  const paint = (colour: 'cyan' | 'dim', text: string): string =>
    colours ? styleText(colour, text, { validateStream: false }) : text;
  return { text: `${paint('cyan', done)}${paint('dim', rest)} ${percent}`, columns: columns + 1 + percent.length };
}
