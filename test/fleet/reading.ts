import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../src/config/environment.ts';
import { Failure } from '../../src/errors.ts';
import { type Fleet, readFleet } from '../../src/fleet/fleet.ts';
import { temporaryFolder } from '../support/fake-programs.ts';

/** Writes a fleet file and returns its path. */
export function fleetFile(text: string): string {
  const path = join(temporaryFolder(), 'fleet.yaml');
  writeFileSync(path, text);
  return path;
}

/** A fleet whose file has this text. */
export function fleetOf(text: string, changes: Environment = {}): Fleet {
  return readFleet({ BACKUP_DESTINATION: 's3://my-backups/fleet', FLEET_FILE: fleetFile(text), ...changes });
}

/** The problems that reading finds, one an item, without the path of the file; fails when there is none. */
export function fleetProblems(text: string, changes: Environment = {}): string[] {
  try {
    fleetOf(text, changes);
  } catch (error) {
    assert(error instanceof Failure, String(error));
    assert.equal(error.exitCode, 78);
    const [problems = ''] = error.message.split('\nBesides, to look at:');
    return problems
      .split('\n  - ')
      .slice(1)
      .map((problem) => problem.replace(/\/\S*\/fleet\.yaml/g, 'FILE'));
  }
  assert.fail('the fleet was accepted');
}
