import { parseArgs } from 'node:util';

/** What `npm run soak -- --help` prints. */
export const help = `npm run soak -- --runs N | --gigabytes N | --same-process N

Real backups for a long time, and a look at what they leave and hold.
  --runs N          so many small backups, one after the other, of a database that changes, into a real S3 gateway
  --gigabytes N     one backup of a database whose dump has so many GB (a thirtieth of that on disk)
    --compression zstd   into the gateway, verified, and read back to its end (the default)
    --compression none   uncompressed, into a server that hashes what it gets and keeps nothing
    --part-size SIZE     S3_PART_SIZE of that run
  --same-process N  so many small backups by one process of node
  --minutes N       end after so many (default 240)

Exits with 0 where nothing is wrong, with 1 where something is or not everything was done, with 64 where an option is.`;

/** What to do. One of the three numbers is there. */
export interface SoakOptions {
  readonly runs: number | undefined;
  readonly gigabytes: number | undefined;
  readonly sameProcess: number | undefined;
  readonly compression: 'zstd' | 'none';
  readonly partSize: string;
  readonly minutes: number;
}

/** Reads the arguments; a text is what is to be printed instead: `help`, or what is wrong. */
export function readOptions(args: readonly string[]): SoakOptions | string {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        runs: { type: 'string' },
        gigabytes: { type: 'string' },
        'same-process': { type: 'string' },
        compression: { type: 'string' },
        'part-size': { type: 'string' },
        minutes: { type: 'string', default: '240' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) return help;
    const { compression = 'zstd' } = values;
    const numbers = [values.runs, values.gigabytes, values['same-process']];
    if (numbers.filter((text) => text !== undefined).length !== 1) {
      return 'soak: give one of --runs, --gigabytes and --same-process; --help tells more';
    }
    if (values.gigabytes === undefined && (values.compression ?? values['part-size']) !== undefined) {
      return 'soak: --compression and --part-size go with --gigabytes';
    }
    if (compression !== 'zstd' && compression !== 'none') return 'soak: --compression is zstd or none';
    return {
      runs: values.runs === undefined ? undefined : positive('--runs', values.runs, true),
      gigabytes: values.gigabytes === undefined ? undefined : positive('--gigabytes', values.gigabytes, false),
      sameProcess:
        values['same-process'] === undefined ? undefined : positive('--same-process', values['same-process'], true),
      compression,
      partSize: values['part-size'] ?? 'auto',
      minutes: positive('--minutes', values.minutes, false),
    };
  } catch (error) {
    return `soak: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function positive(name: string, text: string, whole: boolean): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value) || (whole && !Number.isInteger(value))) {
    throw new Error(`${name} is a ${whole ? 'whole ' : ''}number above 0, not ${text}`);
  }
  return value;
}
