import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { useStored } from '../commands/stored.ts';
import { scratchFolder } from '../support/scratch-server.ts';
import type { EndedRun } from '../support/entrypoint.ts';
import { loggedFields } from './logged-fields.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/LOGS.md'), 'utf8');
const [fieldsPart = '', eventsPart = ''] = page.slice(page.indexOf('| field ')).split('| event ');
const firstCells = (table: string): string[] => [...table.matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
const documented = firstCells(fieldsPart);
const events = firstCells(eventsPart);
/** What pino writes itself. */
const always = ['time', 'level', 'msg'];

const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('shop');
    await postgres.psql(`CREATE TABLE t AS SELECT i FROM generate_series(1, 1000) i`, 'shop');
  },
  [{ database: 'shop' }],
);

type Line = Readonly<Record<string, unknown>>;

/** Runs a command and returns what it has logged; asserts all that must hold of each line. */
async function logged(args: readonly string[], exitCode: number, variables: Record<string, string> = {}) {
  const run: EndedRun = await stored.run(args, { LOG_FORMAT: 'json', LOG_LEVEL: 'debug', ...variables });
  assert.equal(run.exitCode, exitCode, run.stdout + run.stderr);
  const lines = run.stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
  for (const line of lines) {
    const unknown = Object.keys(line).filter((name) => !documented.includes(name));
    assert.deepEqual(unknown, [], `not in docs/LOGS.md: ${JSON.stringify(line)}`);
    for (const name of [...always, 'command', 'runId']) assert.equal(typeof line[name], 'string', JSON.stringify(line));
    assert.match(String(line['level']), /^(debug|info|warn|error)$/);
    assert.equal(line['command'], args[0]);
    const event = line['event'] as string | undefined;
    assert.ok(event === undefined || events.includes(event), `an event that is not in docs/LOGS.md: ${event}`);
  }
  const runIds = new Set(lines.map(({ runId }) => runId));
  assert.ok(runIds.size <= 1, 'one run has one id');
  const named = (event: string): Line => {
    const found = lines.filter((line) => line['event'] === event);
    assert.equal(found.length, 1, `${event}: ${run.stderr}`);
    return found[0]!;
  };
  return { lines, named, runId: [...runIds][0] };
}

describe('the fields of docs/LOGS.md', () => {
  test('are those that the sources log, no more and no less', () => {
    const fields = loggedFields();
    assert.ok(fields.size > 20, 'the sources were not read');
    const undocumented = [...fields].filter(([name]) => !documented.includes(name));
    assert.deepEqual(undocumented, []);
    assert.deepEqual(
      documented.filter((name) => !fields.has(name) && !always.includes(name)),
      [],
    );
    assert.equal(new Set(documented).size, documented.length);
  });

  test('are those of a backup that removes old ones', async () => {
    const variables = { DATABASE_URL: stored.postgres.url('shop'), KEEP_LAST: '1' };
    const { lines, named } = await logged(['backup'], 0, variables);
    const [started, done, pruned] = [named('started'), named('done'), named('pruned')];
    assert.equal(started['database'], 'shop');
    assert.deepEqual([started['id'], started['location']], [done['id'], done['location']]);
    assert.equal(typeof done['bytes'], 'number');
    assert.equal(typeof done['durationMs'], 'number');
    assert.ok(Array.isArray(pruned['removed']));
    assert.ok(lines.length >= 3);
  });

  test('are those of restore, verify, drill, prune and check', async () => {
    const { variables, name } = await stored.target();
    const restored = await logged(['restore', 'latest'], 0, variables);
    assert.equal(restored.named('started')['id'], stored.backups[0]?.id, name);
    const drilled = await logged(['drill'], 0, scratchFolder().variables);
    const recorded = drilled.named('recorded');
    assert.deepEqual([recorded['outcome'], recorded['database']], ['passed', 'shop']);
    assert.notEqual(restored.runId, drilled.runId);
    await logged(['verify'], 0);
    await logged(['prune'], 0, { KEEP_LAST: '1' });
    const checked = await logged(['check', '--max-age', '1h'], 0);
    assert.equal(checked.lines.length, 1);
  });

  test('are those of runs that fail', async () => {
    const elsewhere = { DATABASE_URL: stored.postgres.url('nowhere') };
    const failed = (await logged(['backup'], 69, { ...elsewhere, BACKUP_ATTEMPTS: '1' })).named('failed');
    assert.deepEqual([failed['level'], failed['kind'], failed['exitCode']], ['error', 'database', 69]);
    const unset = (await logged(['check'], 78)).named('failed');
    assert.deepEqual([unset['level'], unset['kind'], unset['exitCode']], ['error', 'config', 78]);
  });
});
