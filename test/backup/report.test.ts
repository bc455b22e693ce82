import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nightly, preload } from '../retention/preloaded.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import type { S3Call } from '../support/s3-server.ts';
import { canaries, onlyLine, type Result, useScene } from './scene.ts';

const scene = useScene();
const on = { REPORT: 'on', BACKUP_SCHEDULE: '0 3 * * *' };

const stored = (file: string) => scene.server.objects().get(`nightly/${file}`);
const text = (file: string): string => stored(file)?.data?.toString() ?? '';
const warningsOf = (result: Result): string => (result['warnings'] as string[]).join('\n');

test('REPORT=on writes a page about all databases and a badge to the root, over those of the run before', async () => {
  preload(scene.server, nightly(5, 'crm'), 'nightly/');
  for (const run of [1, 2]) {
    const { exitCode, stdout, stderr } = await scene.start(on).ended;
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(onlyLine(stdout)['warnings'], []);
    const page = text('report.html');
    assert.match(page, /<h1>[^<]*all 2 databases[^<]*<\/h1>|<h1>[^<]*databases? needs? attention[^<]*<\/h1>/);
    assert.match(page, new RegExp(`${String(run + 1)} backups`), 'the backup of this very run is among them');
    assert.match(text('status.svg'), /^<svg [^>]*aria-label="backup: /);
  }
  const puts = (file: string) =>
    scene.server.calls.filter(({ operation, key }) => operation === 'PutObject' && key === `nightly/${file}`);
  assert.deepEqual(
    puts('report.html').map(({ headers }) => headers['content-type']),
    Array(2).fill('text/html; charset=utf-8'),
  );
  assert.deepEqual(
    puts('status.svg').map(({ headers }) => headers['content-type']),
    Array(2).fill('image/svg+xml'),
  );
  for (const secret of Object.values(canaries)) assert.ok(!text('report.html').includes(secret));
});

test('without it nothing is written', async () => {
  await scene.succeeds({});
  assert.equal(stored('report.html'), undefined);
});

test('a run that failed writes the page too, and what went wrong is in it', async () => {
  const { exitCode } = await scene.start({ ...on, ...fakePgDump('head -c 1000 /dev/urandom; exit 1') }).ended;
  assert.equal(exitCode, 65);
  assert.match(text('report.html'), /<li>\s*The last run failed on .*pg_dump/s);
  assert.match(text('report.html'), /exit code 65/);
});

for (const [title, rule, told] of [
  ['cannot be listed', { operation: 'ListObjectsV2' }, /the report was not written: could not list .*s3:ListBucket/s],
  ['cannot be read', { operation: 'GetObject' }, /the report was not written: could not read .*s3:GetObject/s],
  [
    'takes no page',
    { operation: 'PutObject', when: ({ key }: S3Call) => key.endsWith('/report.html') },
    /the report was not written: could not store .*report\.html/s,
  ],
] as const) {
  test(`a store that ${title}: the backup is good all the same, and the run says so`, async () => {
    const denied = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
    scene.server.fault({ ...rule, action: denied });
    const { exitCode, stdout, stderr } = await scene.start(on).ended;
    assert.equal(exitCode, 0, stderr);
    const result = onlyLine(stdout);
    assert.equal(result['outcome'], 'success');
    assert.match(warningsOf(result), told);
    assert.match(stderr, /WARN: the report was not written/);
    assert.equal(stored('status.svg'), undefined);
  });
}
