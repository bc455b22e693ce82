import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { startS3Server } from '../support/s3-server.ts';
import { runCommand } from '../support/run-command.ts';
import { until } from '../support/until.ts';
import { type Backup, keyFiles, rewritten, useStored } from './stored.ts';

const [identity, otherIdentity] = await Promise.all([runCommand('age-keygen', []), runCommand('age-keygen', [])]);
const AGE_RECIPIENTS = /age1\w+/.exec(identity)?.[0] ?? '';
const key = { AGE_IDENTITY: identity.trim() };
const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('shop');
    await postgres.psql(
      'CREATE TABLE notes AS SELECT i, sha512(i::text::bytea)::text FROM generate_series(1, 4000) i',
      'shop',
    );
  },
  [
    { database: 'shop', variables: { COMPRESSION: 'zstd' } },
    { database: 'shop', variables: { COMPRESSION: 'gzip', AGE_RECIPIENTS } },
  ],
);
const first = (): Backup => stored.backups[0]!;
const second = (): Backup => stored.backups[1]!;

test('good backups are ok, decoded where there is a key', async () => {
  const run = await stored.run(['verify', '--all'], key);
  assert.equal(run.exitCode, 0, run.stdout + run.stderr);
  assert.equal(run.stdout.match(/^ok .*SHA-256 as recorded, [\d.]+ kB decoded$/gm)?.length, 2, run.stdout);
  const keyless = await stored.run(['verify', second().id]);
  assert.equal(keyless.exitCode, 0, keyless.stdout);
  assert.match(
    keyless.stdout,
    /^part {2}.*, not decrypted \(set AGE_IDENTITY\)\n0 ok, 0 failed, 1 stored as recorded, but not decrypted/,
  );
  assert.deepEqual(keyFiles(key), []);
});

test('what was found of each, and a summary at the end', async () => {
  writeFileSync(first().artifact, 'damaged');
  const run = await stored.run(['verify', '--all']);
  assert.equal(run.exitCode, 76, run.stdout);
  assert.match(run.stdout, /\n0 ok, 1 failed, 1 stored as recorded, but not decrypted: no key\n$/);
  const json = await stored.run(['verify', '--all', '--json']);
  assert.equal(json.exitCode, 76, json.stdout);
  const lines = json.stdout.trimEnd().split('\n');
  const [bad, good, end] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(lines.length, 3);
  const { error, hint, ...rest } = bad ?? {};
  assert.deepEqual(rest, { database: 'shop', id: first().id, ok: false, exitCode: 76 });
  assert.match(`${String(error)} ${String(hint)}`, /has 7 bytes, but the manifest .* Restore another backup/);
  const { key: name, bytes } = second().manifest.artifacts[0]!;
  const artifacts = [{ key: name, bytes, dumpBytes: null }];
  assert.deepEqual(good, { database: 'shop', id: second().id, ok: true, decrypted: false, artifacts });
  assert.deepEqual(end, { summary: { backups: 2, ok: 0, failed: 1, notDecrypted: 1 } });
});

test('each result is told before the next backup is read', async () => {
  const server = await startS3Server();
  try {
    for (const backup of stored.backups) {
      for (const name of ['manifest.json', 'SHA256SUMS', backup.manifest.artifacts[0]!.key]) {
        server.put(`shop/${backup.id}/${name}`, readFileSync(join(backup.folder, name)));
      }
    }
    const later = (stored.backups[0]!.id < stored.backups[1]!.id ? second() : first()).id;
    server.fault({ operation: 'GetObject', when: ({ key }) => key.includes(later), action: { kind: 'hang' } });
    const run = stored.start(['verify', '--all'], {
      BACKUP_DESTINATION: 's3://backups',
      S3_ENDPOINT: server.url,
      S3_ACCESS_KEY_ID: 'ak',
      S3_SECRET_ACCESS_KEY: 'sk',
    });
    await until('the second is asked for', () => server.calls.some(({ key }) => key.includes(`${later}/manifest`)));
    run.signal('SIGTERM');
    const { exitCode, stdout } = await run.ended;
    assert.equal(exitCode, 143);
    assert.match(stdout, /^ok .*\n$/);
  } finally {
    await server.close();
  }
});

test('a sample is at least one and no more than asked for', async () => {
  for (const [sample, count] of [
    ['1%', 1],
    ['51%', 2],
    ['100%', 2],
  ] as const) {
    const run = await stored.run(['verify', '--sample', sample]);
    assert.equal(run.exitCode, 0, run.stdout);
    assert.equal(run.stdout.match(/^(?:ok|part) /gm)?.length, count, run.stdout);
  }
  for (const sample of ['0%', '101%', '10', 'x']) {
    const run = await stored.run(['verify', '--sample', sample]);
    assert.equal(run.exitCode, 64, run.stderr);
  }
});

test('a wrong key ends with 78, before the artifact is read', async () => {
  truncateSync(second().artifact, 1000);
  const run = await stored.run(['verify', second().id], { AGE_IDENTITY: otherIdentity.trim() });
  assert.equal(run.exitCode, 78, run.stdout);
  assert.match(run.stdout, /^FAIL .*AGE_IDENTITY does not decrypt this backup\n +It was encrypted to age1/m);
});

describe('damage ends with 76 and names the object; the other backup is ok all the same', () => {
  const flip = (file: string, at: number): void => {
    const bytes = readFileSync(file);
    bytes[at] = bytes[at]! ^ 0x10;
    writeFileSync(file, bytes);
  };
  const cases: [what: string, damage: () => void, told: RegExp][] = [
    ['a flipped byte in the header', () => flip(second().artifact, 80), /\.gz\.age has the SHA-256/],
    ['a flipped byte', () => flip(second().artifact, 100_000), /\.gz\.age has the SHA-256/],
    ['a cut object', () => truncateSync(second().artifact, 1000), /\.gz\.age has 1000 bytes, but the manifest/],
    ['the object of another backup', () => copyFileSync(first().artifact, second().artifact), /\.gz\.age has/],
    ['a missing object', () => rmSync(second().artifact), /\.gz\.age is missing/],
    ['missing sums', () => rmSync(join(second().folder, 'SHA256SUMS')), /SHA256SUMS is missing/],
    [
      'edited sums',
      () => writeFileSync(join(second().folder, 'SHA256SUMS'), `${'0'.repeat(64)}  database.dump.gz.age\n`),
      /SHA256SUMS does not say what the manifest says/,
    ],
    ['a cut manifest', () => truncateSync(join(second().folder, 'manifest.json'), 100), /manifest\.json is not valid/],
    [
      'an edited manifest',
      () => {
        const artifacts = second().manifest.artifacts.map((artifact) => ({ ...artifact, sha256: '0'.repeat(64) }));
        const { manifest, sums } = rewritten(second().manifest, { artifacts });
        writeFileSync(join(second().folder, 'manifest.json'), manifest);
        writeFileSync(join(second().folder, 'SHA256SUMS'), sums);
      },
      /\.gz\.age has the SHA-256 \w+, but the manifest records 0{64}/,
    ],
    [
      'the manifest of another backup',
      () => copyFileSync(join(first().folder, 'manifest.json'), join(second().folder, 'manifest.json')),
      /manifest\.json is the manifest of shop/,
    ],
    [
      'a manifest of a newer version',
      () => {
        const file = join(second().folder, 'manifest.json');
        writeFileSync(file, readFileSync(file, 'utf8').replace('"schemaVersion": 1', '"schemaVersion": 7'));
      },
      /has schema version 7/,
    ],
  ];
  for (const [what, damage, told] of cases) {
    test(what, async () => {
      damage();
      const run = await stored.run(['verify', '--all'], key);
      assert.equal(run.exitCode, 76, run.stdout + run.stderr);
      assert.match(run.stdout, new RegExp(`^ok +shop ${first().id}`, 'm'));
      const line = run.stdout.split('\n').find((text) => text.startsWith(`FAIL  shop ${second().id}`)) ?? run.stdout;
      assert.match(line, told);
    });
  }
});

test('from a bucket: a reply that is cut is taken up, a store that refuses ends with 77', async () => {
  const server = await startS3Server();
  try {
    for (const name of ['manifest.json', 'SHA256SUMS', first().manifest.artifacts[0]!.key]) {
      server.put(`p/shop/${first().id}/${name}`, readFileSync(join(first().folder, name)));
    }
    const changes = {
      BACKUP_DESTINATION: 's3://backups/p',
      S3_ENDPOINT: server.url,
      S3_ACCESS_KEY_ID: 'ak',
      S3_SECRET_ACCESS_KEY: 'sk',
      S3_RETRY_FOR: '1s',
    };
    server.fault({ operation: 'GetObject', times: 3, action: { kind: 'cut-body', afterBytes: 100 } });
    const run = await stored.run(['verify'], changes);
    assert.equal(run.exitCode, 0, run.stdout + run.stderr);
    const refused = await stored.run(['verify'], { ...changes, S3_ACCESS_KEY_ID: 'wrong' });
    assert.equal(refused.exitCode, 77, refused.stderr);
  } finally {
    await server.close();
  }
});
