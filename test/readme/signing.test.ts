import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nothing, useStored } from '../commands/stored.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { guideBlocks, runGuide } from '../support/restore-by-guide.ts';

/*
 * docs/SIGNING.md, followed to the letter: its commands make the keys, and check what was signed with them.
 */
const page = readFileSync(join(import.meta.dirname, '../../docs/SIGNING.md'), 'utf8');
const [makeKeys = '', oneLine = '', checkSignatures = ''] = guideBlocks(page);
const folder = temporaryFolder();
const bash = (commands: string, cwd = folder): string =>
  execFileSync('bash', ['-e', '-o', 'pipefail', '-c', commands], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
bash(makeKeys);
const [privateLine = '', publicLine = ''] = oneLine
  .trim()
  .split('\n')
  .map((line) => bash(line));
const files = {
  MANIFEST_SIGNING_KEY_FILE: join(folder, 'signing.key'),
  MANIFEST_PUBLIC_KEY_FILE: join(folder, 'signing.pub'),
};

const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('shop');
    await postgres.psql('create table t as select generate_series(1, 1000) as n', 'shop');
  },
  [
    { database: 'shop', variables: files },
    { database: 'shop', variables: { MANIFEST_SIGNING_KEY: privateLine } },
  ],
);

test('the files and the lines that the page makes sign and believe the same', async () => {
  const readers: Record<string, string>[] = [
    { MANIFEST_PUBLIC_KEY: publicLine },
    { MANIFEST_PUBLIC_KEY_FILE: files.MANIFEST_PUBLIC_KEY_FILE },
  ];
  for (const believing of readers) {
    const { exitCode, stdout } = await stored.run(['verify', '--all'], believing);
    assert.equal(exitCode, 0, stdout);
    assert.match(stdout, /^2 ok, 0 failed$/m);
  }
});

test('doctor shows the public key of the one that signs', async () => {
  const env = { DATABASE_URL: stored.postgres.url('shop') };
  const alone = await stored.run(['doctor'], { ...env, MANIFEST_SIGNING_KEY: privateLine });
  assert.ok(
    alone.stdout.includes(`signatures: made; who restores sets MANIFEST_PUBLIC_KEY=${publicLine}\n`),
    alone.stdout,
  );
  const both = await stored.run(['doctor'], { ...env, ...files });
  assert.ok(
    both.stdout.includes(`made with the key of ${publicLine}, which MANIFEST_PUBLIC_KEY believes\n`),
    both.stdout,
  );
});

test('openssl checks what was signed, and finds what was changed', () => {
  const [{ folder: backup } = { folder: '' }] = stored.backups;
  copyFileSync(files.MANIFEST_PUBLIC_KEY_FILE, join(backup, 'signing.pub'));
  const good = 'Signature Verified Successfully\n';
  assert.equal(bash(checkSignatures, backup), good + good);
  writeFileSync(join(backup, 'RESTORE.md'), '\n', { flag: 'a' });
  assert.throws(() => bash(checkSignatures, backup), { stdout: `${good}Signature Verification Failure\n` });
  writeFileSync(join(backup, 'manifest.json'), '\n', { flag: 'a' });
  assert.throws(() => bash(checkSignatures, backup));
});

const good = 'This is the backup that was signed.';
const warning = 'DO NOT RESTORE THIS';

for (const [what, change, isGood] of [
  ['says so of a backup as it was made', () => undefined, true],
  [
    'warns of a manifest that was changed',
    (backup: string) => writeFileSync(join(backup, 'manifest.json'), '\n', { flag: 'a' }),
    false,
  ],
  [
    'warns of another dump, with sums that fit',
    (backup: string) => {
      writeFileSync(join(backup, 'database.dump.zst'), '\n', { flag: 'a' });
      bash('sha256sum database.dump.zst > SHA256SUMS', backup);
    },
    false,
  ],
  [
    'warns of the manifest of another backup',
    (backup: string) => {
      for (const file of ['manifest.json', 'manifest.json.sig', 'database.dump.zst']) {
        copyFileSync(join(stored.backups[1]!.folder, file), join(backup, file));
      }
    },
    false,
  ],
] as const) {
  test(`RESTORE.md ${what}`, async () => {
    const backup = stored.backups[0]!;
    // It was made where the backups were first, and names that place.
    const guide = readFileSync(join(backup.folder, 'RESTORE.md'), 'utf8').replaceAll(
      /\S*\/kept\//g,
      `${stored.place}/`,
    );
    change(backup.folder);
    const { name, variables } = await stored.target();
    const { port } = new URL(variables['TARGET_DATABASE_URL'] ?? '');
    const target = { PGHOST: '127.0.0.1', PGPORT: port, PGUSER: 'postgres', PGDATABASE: name };
    const own = { ...target, MANIFEST_PUBLIC_KEY_FILE: files.MANIFEST_PUBLIC_KEY_FILE };
    const { stdout, stderr } = await runGuide(guide, { folder: mkdtempSync(join(folder, 'guide-')), variables: own });
    assert.equal(stdout.includes(good), isGood, stdout + stderr);
    assert.equal(stderr.includes(warning), !isGood, stderr);
    if (isGood) assert.equal(await stored.postgres.psql('SELECT count(*) FROM t', name), '1000');
    else assert.equal(await stored.held(name), nothing);
  });
}

test('RESTORE.md says that the public key is not set', async () => {
  const guide = readFileSync(join(stored.backups[0]!.folder, 'RESTORE.md'), 'utf8');
  const [, check = ''] = guideBlocks(guide);
  const { stdout, stderr } = await runGuide(`\`\`\`sh\n${check}\`\`\`\n`, {
    folder: mkdtempSync(join(folder, 'guide-')),
    variables: {},
  });
  assert.equal(stdout, '');
  assert.match(stderr, /MANIFEST_PUBLIC_KEY_FILE: is not set/);
  assert.match(stderr, /DO NOT RESTORE THIS/);
});
