import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Manifest, parseManifest } from '../../src/catalog/manifest.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import { useScene } from './scene.ts';

const scene = useScene();
const patience = { S3_TIMEOUT: '60s', S3_RETRY_FOR: '60s', S3_UPLOAD_CONCURRENCY: '1' };

let readings: Promise<string> | undefined;

/**
 * A database of readings: 65 MB, of which zstd makes 21 MB at level 2 and a twentieth less at 6. More than what is on its way
 * to a store at any time, so that zstd has to wait for a slow one.
 */
async function createReadings(): Promise<string> {
  const url = await scene.postgres.createDatabase('readings');
  await scene.postgres.psql(
    `select setseed(0.5);
     create table readings as
       select i as id, i % 5000 as device, timestamptz '2026-01-01 00:00Z' + i * interval '1.7 seconds' as at,
         random() * 100 as value, (random() * 10000)::numeric(10, 3) as total, i % 7 = 0 as flagged
       from generate_series(1, 900000) i;
     analyze`,
    'readings',
  );
  return url;
}

/** Backs up once more, with the level that earlier backups in the store have led to. */
async function backUp(changes: Record<string, string> = {}): Promise<Manifest> {
  readings ??= createReadings();
  const variables = { DATABASE_URL: await readings, COMPRESSION: 'zstd', COMPRESSION_LEVEL: 'auto', ...patience };
  const run = await scene.start({ ...variables, ...changes }).ended;
  assert.equal(run.exitCode, 0, run.stderr);
  const { id } = JSON.parse(run.stdout) as { id: string };
  const key = [...scene.server.objects().keys()].find((one) => one.endsWith(`${id}/manifest.json`));
  return parseManifest(String(scene.server.objects().get(key ?? '')?.data), 'here');
}

const dumpBytes = (manifest: Manifest): number => manifest.artifacts[0]?.bytes ?? 0;

test('auto: the level rises behind a slow link, and the backup gets smaller', async () => {
  scene.server.fault({
    operation: ['PutObject', 'UploadPart'],
    action: { kind: 'slow-read', bytesPerSecond: 3_000_000 },
  });
  const first = await backUp();
  assert.equal(first.effort?.level, 2);
  assert.ok(first.effort.waitedSeconds > first.effort.seconds / 2, JSON.stringify(first.effort));
  const second = await backUp();
  assert.ok((second.effort?.level ?? 0) > 2, JSON.stringify([first.effort, second.effort]));
  assert.ok(dumpBytes(second) < dumpBytes(first) * 0.98, `${dumpBytes(first)}, then ${dumpBytes(second)}`);
});

test('auto: the level stays low where pg_dump is slower than the link', async () => {
  // The real dump, in two halves with a pause between them.
  const slow = fakePgDump(
    `real=/usr/lib/postgresql/15/bin/pg_dump file=$(mktemp)
     "$real" "$@" >"$file" && head -c 30000000 "$file" && sleep 4 && tail -c +30000001 "$file" && rm "$file"`,
  );
  for (const _round of [1, 2]) {
    const { effort } = await backUp(slow);
    assert.equal(effort?.level, 2);
    assert.ok(effort.waitedSeconds < effort.seconds / 2, JSON.stringify(effort));
  }
});

test('auto: begins at the default where the store may not be listed', async () => {
  const refuse = { kind: 'answer', status: 403, code: 'AccessDenied' } as const;
  scene.server.fault({ operation: 'ListObjectsV2', action: refuse });
  assert.equal((await backUp()).effort?.level ?? 2, 2);
});

test('a level that was asked for is the one that is taken', async () => {
  const small = await backUp({ COMPRESSION_LEVEL: '9' });
  assert.ok(dumpBytes(small) < dumpBytes(await backUp({ COMPRESSION_LEVEL: '1' })));
  assert.equal(small.effort?.level ?? 9, 9);
});
