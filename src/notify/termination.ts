import { constants, lstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Channel } from './channel.ts';
import { cutEnd } from './cut.ts';
import type { RunEvent, RunPart } from './event.ts';

/** What Kubernetes takes of a container: https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/ */
const maxBytes = 4096;

/**
 * The message that `kubectl describe pod` shows of a container that has ended: one line of JSON in a file that Kubernetes
 * has made for it. Undefined where that file is not there, as outside of Kubernetes; it is never made here.
 */
export function terminationChannel(path: string): Channel | undefined {
  if (!isFile(path)) return undefined;
  return {
    name: 'Termination message',
    wants: ({ kind }) => kind !== 'started',
    async send(event) {
      // No link is followed: whoever could put one there would choose what is overwritten.
      const file = await open(path, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW);
      try {
        await file.writeFile(terminationLine(event));
      } finally {
        await file.close();
      }
      return `written to ${path}`;
    },
  };
}

/** What happened as one line of JSON of at most 4,096 bytes. Long texts are cut, the least important first. */
export function terminationLine(event: RunEvent): string {
  for (const [text, warnings] of [
    [4096, 20],
    [1200, 5],
    [600, 2],
    [300, 0],
    [100, 0],
  ] as const) {
    const line = `${JSON.stringify(fieldsOf(event, text, warnings))}\n`;
    if (Buffer.byteLength(line) <= maxBytes) return line;
  }
  return `${JSON.stringify({ outcome: outcomeOf(event), command: event.command, exitCode: event.exitCode })}\n`;
}

function fieldsOf(event: RunEvent, most: number, warnings: number): object {
  const { failure, newestGood } = event;
  const short = (text: string | undefined): string | undefined => text && cutEnd(text, most);
  return {
    outcome: outcomeOf(event),
    command: event.command,
    exitCode: event.exitCode,
    error: short(failure?.message),
    hint: short(failure?.hint),
    database: short(event.database),
    id: event.backupId,
    location: short(event.location),
    bytes: event.bytes,
    rows: event.rows,
    durationMs: Math.round(event.durationMs),
    newestGood: newestGood === 'unknown' ? 'unknown' : (newestGood?.id ?? null),
    nextDue: event.nextDue,
    missedTicks: event.missedTicks,
    failedParts: event.parts && partsOf(event.parts, most, warnings),
    warnings: event.warnings.length === 0 ? undefined : event.warnings.slice(0, warnings).map(short),
  };
}

/** Names of those that failed, as many as there is room for. */
function partsOf(parts: readonly RunPart[], most: number, count: number): object {
  const failed = parts.filter(({ exitCode }) => exitCode !== 0);
  return {
    of: parts.length,
    count: failed.length,
    names: failed.slice(0, count).map(({ name }) => cutEnd(name, most)),
  };
}

function outcomeOf({ kind }: RunEvent): 'success' | 'failure' {
  return kind === 'failure' ? 'failure' : 'success';
}

function isFile(path: string): boolean {
  try {
    return lstatSync(path).isFile();
  } catch {
    return false;
  }
}
