import { randomInt } from 'node:crypto';

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
const idPattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-z]{6}$/;

/** The id of a backup that starts now: UTC start time and six random characters, so that no run overwrites another. */
export function newBackupId(start: Date): string {
  const random = Array.from({ length: 6 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return `${timestamp(start)}-${random}`;
}

/** The beginning of every id of that second; a later one sorts behind it. */
export function timestamp(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, '');
}

/** The start time in an id, or undefined for a name that is none of ours. */
export function timeOfId(id: string): Date | undefined {
  const match = idPattern.exec(id);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // 30 February would be read as a day in March.
  return !Number.isNaN(time.getTime()) && time.getUTCDate() === Number(day) ? time : undefined;
}
