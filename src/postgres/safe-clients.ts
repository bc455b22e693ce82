import { Failure } from '../errors.ts';
import type { PostgresClient } from './clients.ts';

/**
 * The oldest minor of each major whose programs are safe against a hostile server or dump (CVE-2026-6477,
 * CVE-2026-18408), written as `19.0` for the first release of a major. The Dockerfile demands the same of the image.
 */
export const safeMinors: readonly string[] = ['14.24', '15.19', '16.15', '17.11', '18.6', '19.0'];

/** Whether programs of this version, as `--version` tells it, are safe. Majors after those of the table are. */
export function isSafeVersion(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  // A beta such as 19beta2 has no minor.
  if (major === undefined || minor === undefined) return false;
  const safe = safeMinors.find((candidate) => candidate.startsWith(`${major}.`));
  if (safe === undefined) return Number(major) > Math.max(...safeMinors.map(Number.parseFloat));
  return Number(minor) >= Number(safe.split('.')[1]);
}

/**
 * Refuses a psql that a plain dump could make run commands of its own: an older one expands backquotes in the very line
 * that ends its restricted mode, or knows no such mode.
 * @throws {Failure} `config` naming the version that is needed.
 */
export function refuseUnsafePsql({ major, version, binDir }: PostgresClient): void {
  if (isSafeVersion(version)) return;
  const safe = safeMinors.find((candidate) => candidate.startsWith(`${String(major)}.`));
  throw new Failure(
    'config',
    `psql ${version} cannot load a script of a dump safely: the dump could run commands here`,
    {
      hint: `Update the PostgreSQL ${String(major)} client in ${binDir} to ${safe === undefined ? 'a major that is still maintained' : `${safe} or newer`}. Custom dumps can be restored with this one, in lanes without --clean.`,
    },
  );
}
