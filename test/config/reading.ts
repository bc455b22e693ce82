import assert from 'node:assert/strict';
import type { Config } from '../../src/config/config.ts';
import type { Environment } from '../../src/config/environment.ts';
import { readConfig } from '../../src/config/read.ts';
import { Failure } from '../../src/errors.ts';

/** The least that a run needs. */
export const leastEnv: Environment = {
  DATABASE_URL: 'postgresql://backup:pw@db.example.com/shop',
  BACKUP_DESTINATION: 's3://my-backups/production',
};

/** The configuration of {@link leastEnv} with changes; undefined takes a name away. */
export function read(changes: Environment = {}): Config {
  return readConfig({ ...leastEnv, ...changes });
}

/** The problems that reading finds, one an item; fails when there is none. */
export function problemsOf(env: Environment): string[] {
  try {
    readConfig(env);
  } catch (error) {
    assert(error instanceof Failure, String(error));
    assert.equal(error.kind, 'config');
    assert.equal(error.exitCode, 78);
    const [problems = ''] = error.message.split('\nBesides, to look at:');
    return problems.split('\n  - ').slice(1);
  }
  assert.fail('the configuration was accepted');
}

/** The problems of {@link leastEnv} with changes. */
export function problemsWith(changes: Environment): string[] {
  return problemsOf({ ...leastEnv, ...changes });
}

/** Asserts that the changes cause exactly one problem, and that it matches. */
export function assertProblem(changes: Environment, expected: RegExp): void {
  const problems = problemsWith(changes);
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.match(problems[0] ?? '', expected);
}
