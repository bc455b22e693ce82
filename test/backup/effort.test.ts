import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Manifest, parseManifest } from '../../src/catalog/manifest.ts';
import { fakePgDump } from '../support/fake-programs.ts';
import { useScene } from './scene.ts';

const scene = useScene();
const patience = { S3_TIMEOUT: '60s', S3_RETRY_FOR: '60s', S3_UPLOAD_CONCURRENCY: '1' };

let library: Promise<string> | undefined;

/** A database of sentences: 8 MB, of which zstd makes 1 MB at level 2 and clearly less above. */
async function createLibrary(): Promise<string> {
  const url = await scene.postgres.createDatabase('library');
  await scene.postgres.psql(
    `create table books as
       select i as id, (select string_agg(substr(md5((power(random(), 3) * 2500)::int::text), 1, 2 + j % 7), ' ')
                        from generate_series(1, 20) j where i > 0) as words
       from generate_series(1, 60000) i;
     analyze`,
    'library',
  );
  return url;
}

/** Backs up once more, with the level that earlier backups in the store have led to. */
async function backUp(changes: Record<string, string> = {}): Promise<Manifest> {
  library ??= createLibrary();
  const variables = { DATABASE_URL: await library, COMPRESSION: 'zstd', COMPRESSION_LEVEL: 'auto', ...patience };
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
    action: { kind: 'slow-read', bytesPerSecond: 200_000 },
  });
  const first = await backUp();
  assert.equal(first.effort?.level, 2);
  assert.ok(first.effort.waitedSeconds > first.effort.seconds / 2, JSON.stringify(first.effort));
  const second = await backUp();
  assert.ok((second.effort?.level ?? 0) > 2, JSON.stringify([first.effort, second.effort]));
  assert.ok(dumpBytes(second) < dumpBytes(first) * 0.97, `${dumpBytes(first)}, then ${dumpBytes(second)}`);
});

test('auto: the level stays low where pg_dump is slower than the link', async () => {
  // The real dump, in two halves with a pause between them.
  const slow = fakePgDump(
    `real=/usr/lib/postgresql/15/bin/pg_dump file=$(mktemp)
     "$real" "$@" >"$file" && head -c 2500000 "$file" && sleep 4 && tail -c +2500001 "$file" && rm "$file"`,
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
