import prettyMs from 'pretty-ms';
import { oneLine } from '../visible.ts';
import type { Checked } from '../schedule/check.ts';
import { describeMissed } from '../schedule/missed.ts';

/** What was found of one database, as a line for people. */
export function asLine(
  { database, fresh, reasons, notes, newest, proof }: Checked,
  maxAgeMs: number | undefined,
  now: Date,
): string {
  const parts: string[] = [];
  if (newest) parts.push(`newest backup ${age(newest.ageMs)} old (${newest.id})`);
  if (proof) parts.push(`newest proof ${age(proof.ageMs)} old (of ${proof.id})`);
  const missed = newest?.missed ?? proof?.missed;
  const others = reasons.filter((reason) => reason !== 'too old' || !missed);
  parts.push(...others, ...(missed ? [describeMissed(missed)] : []));
  if (newest?.nextDue) parts.push(`next due in ${age(newest.nextDue.getTime() - now.getTime())}`);
  else if (maxAgeMs !== undefined) parts.push(`allowed ${age(maxAgeMs)}`);
  return `${fresh ? 'ok' : 'LATE'} ${oneLine(database)}: ${[...parts, ...notes].join(', ')}\n`;
}

/** The same for scripts. */
export function asJson({ newest, proof, ...rest }: Checked): object {
  const flat = <T extends NonNullable<Checked['newest'] | Checked['proof']>>({ missed, ...found }: T) => ({
    ...found,
    missedTicks: missed?.count ?? 0,
    missedSince: missed?.since ?? null,
  });
  return { ...rest, newest: newest ? flat(newest) : null, proof: proof ? flat(proof) : null };
}

function age(ms: number): string {
  return prettyMs(ms, { unitCount: 2, secondsDecimalDigits: 0 });
}
