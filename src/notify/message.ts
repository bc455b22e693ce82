import prettyBytes from 'pretty-bytes';
import prettyMs from 'pretty-ms';
import { toolVersion } from '../version.ts';
import type { RunEvent } from './event.ts';
import { partLines, partsWords } from './parts.ts';
import { fit, linesOf } from './text.ts';
import { oneLine } from '../visible.ts';

/** Lines that are shown as they stand, under a title. */
export interface Quoted {
  readonly title: string;
  readonly lines: readonly string[];
  /** Where there is little room the first lines are shown; else the last ones. */
  readonly firstMatter?: true;
}

/**
 * What people are told, in words that every channel shows in its own markup and to which it adds none. Each text is one
 * line (see {@link oneLine}) and may hold whatever a table can be named: each channel escapes it by its own rules.
 */
export interface Message {
  readonly outcome: 'failure' | 'success' | 'test';
  /** Says it all: the first and perhaps only line on a lock screen. */
  readonly headline: string;
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly hint: string | undefined;
  readonly warnings: readonly string[];
  readonly quoted: readonly Quoted[];
  /** Where to look further. */
  readonly further: string | undefined;
  /** Who says so. */
  readonly footer: string;
}

/** What stands under the facts, each with its title: hint, warnings, and where to look further. */
export function notesOf({ hint, warnings, further }: Message): [title: string, text: string][] {
  return [
    ...(hint === undefined ? [] : [['What to do', hint] as [string, string]]),
    ...warnings.map((warning): [string, string] => ['Warning', warning]),
    ...(further === undefined ? [] : [['More', further] as [string, string]]),
  ];
}

const longestHeadline = 400;
const longestText = 500;
const longestLine = 300;
const mostLines = 12;
const mostWarnings = 5;
const mostParts = 12;

/** The message about an event. */
export function describeEvent(event: RunEvent): Message {
  const isTest = event.command === 'test';
  const failure = event.failure;
  const told = reasons(event);
  const quoted: Quoted[] = [
    // The headline has one line of it.
    ...(told.length > 1 ? [{ title: 'What failed', lines: shorten(told) }] : []),
    ...(event.parts
      ? [
          {
            title: 'Each of them',
            lines: shorten(partLines(event.parts, mostParts).map(oneLine)),
            firstMatter: true,
          } as const,
        ]
      : []),
    ...(event.logTail.length > 0
      ? [{ title: 'Last lines of the log', lines: shorten(event.logTail.map(oneLine)) }]
      : []),
  ];
  return {
    outcome: isTest ? 'test' : event.kind === 'failure' ? 'failure' : 'success',
    headline: fit(oneLine(headline(event)), longestHeadline),
    facts: facts(event).map(([label, value]) => [label, fit(oneLine(value), longestText)] as const),
    hint: failure?.hint === undefined ? undefined : fit(oneLine(failure.hint), longestText),
    warnings: event.warnings.slice(0, mostWarnings).map((warning) => fit(oneLine(warning), longestLine)),
    quoted,
    further: further(event),
    footer: `pg-offsite ${toolVersion}, run ${event.runId}`,
  };
}

function shorten(lines: readonly string[]): string[] {
  return lines.slice(-mostLines).map((line) => fit(line, longestLine));
}

function headline(event: RunEvent): string {
  const { command, kind, failure, exitCode } = event;
  const subject = subjectOf(event);
  if (command === 'test') return `🔔 This is a test, nothing failed. ${subject}${failed('backup', event)}`;
  if (kind === 'failure') return `❌ ${subject}${failed(command, event)}`;
  if (kind === 'recovery') return `✅ ${subject}${command} works again${outcome(event)}.`;
  if (kind === 'success') return `✅ ${subject}${doneWords[command]}${outcome(event)}.`;
  return `⏳ ${subject}${command} started${failure ? ` (exit ${exitCode})` : ''}.`;
}

/** A failure of several says itself how many. */
function subjectOf({ database, parts, kind }: RunEvent): string {
  if (database !== undefined) return `${database}: `;
  if (parts === undefined || kind === 'failure') return '';
  return `${parts.length.toLocaleString('en-US')} ${parts.length === 1 ? 'database' : 'databases'}: `;
}

const doneWords = {
  backup: 'backup stored',
  drill: 'drill passed, the backup can be restored',
  check: 'backups are as fresh as they should be',
  prune: 'old backups removed',
} as const;

function failed(command: string, event: RunEvent): string {
  const [first = 'no reason given'] = reasons(event);
  // Long reasons must not push away what matters most at night: is there a backup at all?
  const reason = fit(first.replace(/:$/, ''), longestHeadline / 2);
  return `${command} failed: ${reason} (exit ${event.exitCode}).${newestWords(event)}`;
}

/** Only problems of the configuration are told in several lines; a line break in any other reason is one of a name. */
function reasons({ failure }: RunEvent): string[] {
  if (failure === undefined || failure.message === '') return [];
  return failure.kind === 'config' ? linesOf(failure.message) : [oneLine(failure.message)];
}

function newestWords({ newestGood, startedAt, durationMs }: RunEvent): string {
  if (newestGood === 'unknown') return '';
  if (newestGood === undefined) return ' There is no good backup.';
  return ` Newest good backup: ${age(startedAt.getTime() + durationMs - newestGood.startedAt.getTime())} old.`;
}

function outcome({ bytes, previousBytes, durationMs }: RunEvent): string {
  return `${bytes === undefined ? '' : `, ${sizeWords(bytes, previousBytes)}`} in ${age(durationMs)}`;
}

function sizeWords(bytes: number, previous: number | undefined): string {
  if (previous === undefined || previous === 0) return prettyBytes(bytes);
  const percent = Math.round((bytes / previous - 1) * 100);
  const change = percent === 0 ? 'as large as' : `${Math.abs(percent)}% ${percent > 0 ? 'larger' : 'smaller'} than`;
  return `${prettyBytes(bytes)} (${change} the last)`;
}

function facts(event: RunEvent): [string, string][] {
  const { startedAt, durationMs, newestGood, nextDue, missedTicks, lastProofAt, tables } = event;
  const now = startedAt.getTime() + durationMs;
  const rows: [string, string | undefined][] = [
    ['Database', event.database],
    ['Backup', event.backupId],
    ['Where', event.location],
    ['Failed', event.failure && `${event.failure.kind} (exit ${event.exitCode})`],
    ['Size', event.bytes === undefined ? undefined : sizeWords(event.bytes, event.previousBytes)],
    ['Databases', event.parts && partsWords(event.parts)],
    ['Rows', event.rows === undefined ? undefined : rowWords(event.rows, event.rowsExact, tables)],
    [
      'Newest good backup',
      typeof newestGood === 'object'
        ? `${newestGood.id}, ${ago(now, newestGood.startedAt)}`
        : newestGood && 'unknown: the store could not be asked',
    ],
    ['Last proved by a drill', lastProofAt && ago(now, lastProofAt)],
    ['Missed', missedTicks ? `${missedTicks} ${missedTicks === 1 ? 'start' : 'starts'} of the schedule` : undefined],
    ['Next due', nextDue && `${utc(nextDue)} (in ${age(nextDue.getTime() - now)})`],
    ['Started', `${utc(startedAt)}, took ${age(durationMs)}`],
  ];
  return rows.filter((row): row is [string, string] => row[1] !== undefined && row[1] !== '');
}

function further({ kind, platformLogHint }: RunEvent): string | undefined {
  if (kind !== 'failure') return undefined;
  return platformLogHint === undefined
    ? 'The whole log is where the platform keeps the logs of this job.'
    : fit(oneLine(platformLogHint), longestText);
}

function rowWords(rows: number, exact: boolean, tables: number | undefined): string {
  const count = `${exact ? '' : 'about '}${rows.toLocaleString('en-US')}`;
  return tables === undefined
    ? count
    : `${count} in ${tables.toLocaleString('en-US')} ${tables === 1 ? 'table' : 'tables'}`;
}

function ago(now: number, then: Date): string {
  return `${utc(then)} (${age(now - then.getTime())} ago)`;
}

function utc(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function age(ms: number): string {
  return prettyMs(Math.max(0, ms), { unitCount: 2, secondsDecimalDigits: 0 });
}
