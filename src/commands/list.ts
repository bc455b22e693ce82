import { type Catalog, type Described, describeEntry, type Entry, listCatalog } from '../catalog/entries.ts';
import { listNewest } from '../catalog/newest.ts';
import { newestProof, readProofs } from '../catalog/proofs.ts';
import { someAtATime } from '../catalog/some-at-a-time.ts';
import { Failure, toFailure } from '../errors.ts';
import { oneLine } from '../visible.ts';
import { renderTable } from '../report/table.ts';
import type { Store } from '../store/store.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { asJson, asRow, columns, describeProof } from './listed.ts';
import { openReader } from './reader.ts';

const usage = 'list [--json] [--last N | --all] [--database NAME]';
/** Backups that are read at once; of each only its line is kept. */
const readers = 8;
/** Backups that are written at once. */
const writtenTogether = 1000;

/**
 * `list`: the catalog, or its newest part, oldest first, as people like to read it or, with `--json`, as scripts do. A damaged manifest is
 * shown as one; where the store did not give a manifest away, the exit code says so after all the others were shown.
 */
export const list: Command = {
  summary: 'show the backups of the store',
  usage,
  async run(edge) {
    const { values } = readArguments(
      edge.args,
      { json: { type: 'boolean' }, last: { type: 'string' }, all: { type: 'boolean' }, database: { type: 'string' } },
      usage,
      0,
    );
    const last = readLast(values.last);
    if (last !== undefined && values.all === true) {
      throw new Failure('usage', '--last leaves out what --all would show', { hint: `Usage: pg-offsite ${usage}` });
    }
    using reader = openReader(edge);
    const { store, print } = reader;
    const { entries, foreign } = await look(store, values.database, last, edge.signal);
    const marked = entries.filter(isMarked).slice(-(last ?? 0));
    const incomplete = entries.filter((entry) => !isMarked(entry));
    const each = <T>(tell: (backup: Described) => Promise<T>): Promise<T[]> =>
      someAtATime(marked, readers, async (entry) => {
        const backup = await describeEntry(store, entry, edge.signal);
        edge.signal.throwIfAborted();
        return tell(backup);
      });
    if (values.json === true) {
      const listed = await each(async (backup) => {
        const proofs = 'manifest' in backup ? await readProofs(store, backup, edge.signal) : [];
        return { text: JSON.stringify(asJson(backup, proofs)), failure: failureOf(backup) };
      });
      print(`{"location":${JSON.stringify(store.location)},"backups":[`);
      for (let from = 0; from < listed.length; from += writtenTogether) {
        const some = listed.slice(from, from + writtenTogether).map(({ text }) => text);
        print((from === 0 ? '' : ',') + some.join(','));
      }
      const all = values.all === true ? { incomplete: incomplete.map(({ folder }) => folder), foreign } : {};
      print(
        `]${JSON.stringify(all)
          .slice(1, -1)
          .replace(/^(?=.)/, ',')}}\n`,
      );
      return exitCodeOf(listed);
    }
    const rows = await each(async (backup) => {
      const proof = 'manifest' in backup ? await newestProof(store, backup, edge.signal) : undefined;
      return { row: [...asRow(backup), describeProof(proof)], backup: nameOf(backup), failure: failureOf(backup) };
    });
    if (rows.length === 0) {
      const where = `no complete backup${values.database === undefined ? '' : ` of ${values.database}`} in`;
      print(`${where} ${store.location}\n`);
      print(await whyEmpty(store, { entries, foreign }, values.database, edge.signal));
    } else {
      const cells = rows.map(({ row }) => row);
      print(renderTable(columns, cells));
      print(rows.map(describeFailure).join(''));
    }
    if (values.all === true) print(others(incomplete, foreign));
    return exitCodeOf(rows);
  },
};

function isMarked({ complete, hollow }: Entry): boolean {
  return complete || hollow;
}

/** All there is, or so much that the newest so many backups are among it. */
async function look(
  store: Store,
  database: string | undefined,
  last: number | undefined,
  signal: AbortSignal,
): Promise<Catalog> {
  if (last !== undefined) {
    const isEnough = (_own: unknown, all: readonly Entry[]): boolean => all.filter(isMarked).length >= last;
    const { entries } = await listNewest({ store, database, isEnough, now: new Date(), signal });
    if (entries.some(isMarked)) return { entries, foreign: [] };
  }
  return listCatalog(store, database, signal);
}

function readLast(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Failure('usage', `--last ${text} is no number of backups`, { hint: 'Write it like --last 30.' });
}

/** What there is instead, and what to look at next. */
async function whyEmpty(
  store: Store,
  { entries, foreign }: Catalog,
  database: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (entries.length > 0) return `${plural(entries.length, 'unfinished backup')}: see list --all\n`;
  if (database !== undefined) {
    const { entries: all } = await listCatalog(store, undefined, signal);
    const names = [...new Set(all.filter(({ complete }) => complete).map((entry) => entry.database))];
    if (names.length > 0) return `there are backups of ${names.sort().map(oneLine).join(', ')}\n`;
  }
  if (foreign.length > 0) return `${plural(foreign.length, 'object')} there, none of them ours: is the prefix right?\n`;
  return 'nothing is stored there yet: run `backup`, or look whether bucket and prefix are the right ones\n';
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

/** Damage is told and no failure of this command; that a store refused an answer is one. */
function exitCodeOf(listed: readonly { readonly failure: Failure | undefined }[]): number {
  const first = listed.find(({ failure }) => failure && failure.kind !== 'verification');
  return first?.failure?.exitCode ?? 0;
}

function failureOf(backup: Described): Failure | undefined {
  return 'failure' in backup ? toFailure(backup.failure) : undefined;
}

function nameOf({ database, id }: Entry): string {
  return `${oneLine(database)} ${id}`;
}

/** In full, for below the table. */
function describeFailure({ backup, failure }: { backup: string; failure: Failure | undefined }): string {
  if (!failure) return '';
  const { message, hint } = failure;
  return `${backup}: ${oneLine(message)}\n${hint === undefined ? '' : `  ${hint}\n`}`;
}

function others(incomplete: readonly Entry[], foreign: readonly string[]): string {
  return [
    ...incomplete.map(({ folder }) => `incomplete, no backup: ${folder}\n`),
    ...foreign.map((key) => `not ours: ${oneLine(key)}\n`),
  ].join('');
}
