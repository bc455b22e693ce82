import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import { localTime } from '../retention/periods.ts';

/** `1,234`. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 backup`, `1,234 backups`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `1.24 GB`. */
export function bytes(value: number): string {
  return prettyBytes(value, { maximumFractionDigits: value < 1e9 ? 1 : 2, nonBreakingSpace: true });
}

/** How long something took or is ago: `42 s`, `4 min 12 s`, `2 d 3 h`. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}\u00A0ms`;
  const text = prettyMs(Math.round(ms / 1000) * 1000, { unitCount: 2, secondsDecimalDigits: 0 });
  return text.replaceAll(/(\d+)m\b/g, '$1min').replaceAll(/(\d+)(\D+)/g, '$1\u00A0$2');
}

/** One unit is enough where people only want to know about how long: `3 h`, `2 d`. */
export function roughly(ms: number): string {
  const text = prettyMs(Math.max(60_000, ms), { compact: true });
  return text.replace(/(\d+)m$/, '$1min').replace(/(\d+)(\D+)/, '$1\u00A0$2');
}

/** The same for a sentence: `3 hours`. */
export function inWords(ms: number): string {
  return prettyMs(Math.max(60_000, ms), { compact: true, verbose: true }).replace(' ', '\u00A0');
}

/** `+1.2%`, with a real minus sign; whole numbers from ten on. */
export function change(fraction: number): string {
  const percent = Math.abs(fraction * 100);
  if (percent < 0.05) return '±0%';
  return `${fraction < 0 ? '\u2212' : '+'}${percent.toLocaleString('en-US', { maximumFractionDigits: percent < 10 ? 1 : 0 })}%`;
}

/** `21 Nov 2026, 03:00`, by the clock of a time zone. */
export function moment(time: Date, timeZone: string): string {
  return localTime(time, timeZone).toFormat('d\u00A0LLL\u00A0yyyy, HH:mm');
}

/** `21 Nov 2026`. */
export function day(time: Date, timeZone: string): string {
  return localTime(time, timeZone).toFormat('d\u00A0LLL\u00A0yyyy');
}

/** The middle one; undefined of none. */
export function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
