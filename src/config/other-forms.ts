import { splitWords } from './dump-args.ts';
import type { Environment } from './environment.ts';
import type { Findings } from './findings.ts';
import { databasesInOurForm } from './other-databases.ts';
import { isOff, isOn } from './switch.ts';

type Form = (value: string, name: string, env: Environment, findings: Findings) => string | undefined;

/**
 * The environment with the values of other tools written as this program reads them, under the names as they were set:
 * `DELETE_OLDER_THAN=30 days ago` becomes `30d`. What one of them asks for and is not followed becomes a warning; a value
 * that cannot be understood stays as it is, for its variable to refuse.
 */
export function inOurForm(env: Environment, findings: Findings): Environment {
  const changed: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(env)) {
    // The images that descend from schickling's begin with this word in every variable that must be set.
    if (value === '**None**') changed[name] = undefined;
    else if (value !== undefined && value.trim() !== '' && Object.hasOwn(forms, name)) {
      changed[name] = forms[name]?.(value.trim(), name, env, findings);
    }
  }
  return { ...env, ...changed, ...databasesInOurForm(env, findings) };
}

/** `30 days ago` and the like, as `date -d` of GNU reads them; a month is counted long, so that rather too much is kept. */
const age: Form = (value) => {
  const [, digits, unit = ''] = /^-?(\d+)\s*(minute|hour|day|week|month|year)s?(?:\s+ago)?$/i.exec(value) ?? [];
  if (digits === undefined) return value;
  const factor = { week: 7, month: 31, year: 366 }[unit.toLowerCase()];
  return factor === undefined ? `${digits}${unit.charAt(0)}` : `${Number(digits) * factor}d`;
};

/** `1h30m`, as Go writes it; `0` means without a limit, which a run never is. */
const goDuration: Form = (value) => {
  if (!/^(?:\d+h)?(?:\d+m)?(?:\d+s)?$/.test(value)) return value === '0' ? undefined : value;
  const seconds = [...value.matchAll(/(\d+)([hms])/g)].map(
    ([, digits, unit]) => Number(digits) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1),
  );
  const sum = seconds.reduce((total, part) => total + part, 0);
  return sum === 0 ? undefined : `${sum}s`;
};

const customOrPlain: Form = (value) => (isOn(value) ? 'custom' : isOff(value) ? 'plain' : value);

/** A command: its name says what it writes, its arguments are those of that program. */
const compressor: Form = (value, name, _env, findings) => {
  const [program = '', ...args] = value.split(/\s+/);
  const known = { gzip: 'gzip', pigz: 'gzip', zstd: 'zstd', cat: 'none' }[program];
  if (known === undefined) {
    findings.warn(`${name} has no effect: programs of your own cannot be run; set COMPRESSION to zstd, gzip or none`);
  } else if (args.length > 0) {
    findings.warn(`${name} is read as COMPRESSION=${known}, without its arguments; set COMPRESSION_LEVEL`);
  }
  return known;
};

/** Options of `pg_dump` that this program sets otherwise and that change nothing about what a backup holds. */
const harmless = /^(?:-Z\d+|--compress=.*|-v|--verbose|-w|--no-password|-Fc|--format=(?:c|custom))$/;
const harmlessPair = /^(?:(?:-Z|--compress) [a-z]*:?\d*|(?:-F|--format) (?:c|custom))$/;

const dumpOptions: Form = (value, name, env, findings) => {
  // One image has options for all programs and options for pg_dump: pg_dump gets both.
  const general = env['POSTGRES_EXTRA_OPTS']?.trim() ?? '';
  const own = env['POSTGRES_EXTRA_DUMP_OPTS']?.trim() ?? '';
  if (name === 'POSTGRES_EXTRA_OPTS' && own !== '') return undefined;
  const text = name === 'POSTGRES_EXTRA_DUMP_OPTS' ? `${general} ${own}` : value;
  const words = splitWords(text);
  if (words === undefined) return text;
  const kept: string[] = [];
  const dropped: string[] = [];
  while (words.length > 0) {
    const [word = '', next = ''] = words;
    if (harmlessPair.test(`${word} ${next}`)) dropped.push(...words.splice(0, 2));
    else (harmless.test(word) ? dropped : kept).push(...words.splice(0, 1));
  }
  if (dropped.length === 0) return text;
  findings.warn(
    `${name} has ${dropped.join(' ')}, which has no effect: see BACKUP_FORMAT, COMPRESSION, COMPRESSION_LEVEL and LOG_LEVEL`,
  );
  return kept.map(quoteWord).join(' ');
};

function quoteWord(word: string): string {
  return /^[\w=.,:/@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The beginning of file names, which may be all that tells two databases of the same name apart: a folder here. */
const filePrefix: Form = (value, name, env, findings) => {
  if (value === 'backup' || (env['BUCKET_SUBFOLDER'] ?? '').trim() !== '') return undefined;
  findings.warn(`${name} is read as a folder, because files have names of their own; write S3_PREFIX=${value}`);
  return value;
};

const subfolder: Form = (value, name, env, findings) => {
  const prefix = env['BACKUP_FILE_PREFIX']?.trim() ?? '';
  if (prefix === '' || prefix === 'backup') return value;
  const joined = `${value.replace(/\/+$/, '')}/${prefix}`;
  findings.warn(`${name} and BACKUP_FILE_PREFIX are read as one folder; write S3_PREFIX=${joined}`);
  return joined;
};

/** An address without a scheme: encrypted rather than not. */
const address: Form = (value, name, _env, findings) => {
  if (!/^[a-z0-9.-]+(?::\d+)?(?:\/|$)/i.test(value)) return value;
  findings.warn(`${name} has no scheme, so https:// is used; write it before the address, or http://`);
  return `https://${value}`;
};

/** A folder only where there is no other place: some images use it for what is under way. */
const folder: Form = (value, name, env, findings) => {
  const places = 'BACKUP_DESTINATION S3_BUCKET S3_BUCKET_NAME AWS_S3_BUCKET AWS_S3_BUCKET_NAME'.split(' ');
  if (!places.some((place) => (env[place] ?? '').trim() !== '')) return `file://${value}`;
  findings.warn(`${name} has no effect: nothing is put into a folder on the way to the bucket`);
  return undefined;
};

const forms: Readonly<Record<string, Form>> = {
  DELETE_OLDER_THAN: age,
  COMMAND_TIMEOUT: goDuration,
  USE_CUSTOM_FORMAT: customOrPlain,
  COMPRESSION_CMD: compressor,
  PGDUMP_EXTRA_OPTS: dumpOptions,
  POSTGRES_EXTRA_OPTS: dumpOptions,
  POSTGRES_EXTRA_DUMP_OPTS: dumpOptions,
  PG_DUMP_EXTRA_OPTIONS: dumpOptions,
  BACKUP_OPTIONS: dumpOptions,
  BACKUP_FILE_PREFIX: filePrefix,
  BUCKET_SUBFOLDER: subfolder,
  BACKUP_DIR: folder,
  S3_ENDPOINT: address,
  S3_ENDPOINT_URL: address,
  AWS_S3_ENDPOINT: address,
  AWS_ENDPOINT: address,
};
