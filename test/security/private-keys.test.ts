import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertHidden } from '../backup/scene.ts';
import { startEntrypoint } from '../support/entrypoint.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { watchProcesses } from '../support/watch-processes.ts';

/*
 * Keys that decrypt and sign, and the passwords of a fleet: in no argument list of any process of the machine, in no line
 * of any output at the highest level, and in nothing that is stored and not encrypted.
 */
const password = 'canary:fleet@/%41#?&="member';
let postgres: TestPostgres;
before(async () => {
  postgres = await startPostgres({ password });
  await postgres.createDatabase('shop');
  await postgres.psql('create table t as select generate_series(1, 1000) as n', 'shop');
});
after(() => postgres.stop('immediate'));

const signing = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

/** A key and what must not be found of it: each of its lines, since no text is searched for line breaks. */
interface Keys {
  readonly encrypt: Record<string, string>;
  readonly decrypt: Record<string, string>;
  readonly secrets: Record<string, string>;
}

function linesOf(name: string, block: string): [string, string][] {
  const lines = block.split('\n').filter((line) => line.length > 20 && !/^(?:#|-----|Comment)/.test(line));
  return lines.map((line, index) => [`line ${String(index + 1)} of ${name}`, line.trim()]);
}

async function ageKeys(): Promise<Keys> {
  const identity = await runCommand('age-keygen', []);
  const recipient = /public key: (age1\w+)/.exec(identity)?.[1] ?? '';
  return {
    encrypt: { AGE_RECIPIENTS: recipient },
    decrypt: { AGE_IDENTITY: identity },
    secrets: Object.fromEntries(linesOf('the identity', identity)),
  };
}

async function gpgKeys(): Promise<Keys> {
  const gpg = ['--homedir', temporaryFolder(), '--batch', '--quiet', '--pinentry-mode', 'loopback'];
  // Of this process alone: making the key shows it, to another run of these tests, too.
  const passphrase = `canary-gpg:@/%# "pass" phrase ${randomUUID()}`;
  const protect = ['--passphrase', passphrase];
  await runCommand('gpg', [...gpg, ...protect, '--quick-generate-key', 'restore@example.com', 'rsa2048', 'encr']);
  const key = await runCommand('gpg', [...gpg, ...protect, '--armor', '--export-secret-keys', 'restore@example.com']);
  return {
    encrypt: { GPG_PUBLIC_KEYS: await runCommand('gpg', [...gpg, '--armor', '--export', 'restore@example.com']) },
    decrypt: { GPG_PRIVATE_KEY: key, GPG_PASSPHRASE: passphrase },
    // The first lines are those of the public key, too.
    secrets: { passphrase, ...Object.fromEntries(linesOf('the private key', key).slice(-8)) },
  };
}

/** Runs a command, and asserts that nobody could see any of the secrets. */
async function runs(args: string[], env: Record<string, string>, secrets: Record<string, string>): Promise<void> {
  const run = startEntrypoint({ LOG_LEVEL: 'debug', LOG_FORMAT: 'json', ...env }, { args });
  const { argv } = await watchProcesses(run.ended, run.pid);
  const { exitCode, stdout, stderr } = await run.ended;
  assert.equal(exitCode, 0, stderr);
  for (const text of [stdout, stderr, ...argv]) assertHidden(text, secrets);
}

for (const [name, keysOf] of [
  ['age', ageKeys],
  ['gpg', gpgKeys],
] as const) {
  test(`fault 58: a private key of ${name} is seen by nobody while it is used, nor the key that signs`, async () => {
    const { encrypt, decrypt, secrets } = await keysOf();
    const place = temporaryFolder();
    const hidden = { ...secrets, password, ...Object.fromEntries(linesOf('the signing key', signing)) };
    const env = {
      DATABASE_URL: postgres.url('shop'),
      BACKUP_DESTINATION: `file://${place}`,
      MANIFEST_SIGNING_KEY: signing,
    };
    await runs([], { ...env, ...encrypt }, hidden);
    await postgres.psql(`create database target_${name} template template0`);
    const target = { TARGET_DATABASE_URL: postgres.url(`target_${name}`) };
    for (const args of [['verify'], ['restore', 'latest'], ['drill']]) {
      await runs(args, { ...env, ...decrypt, ...(args[0] === 'restore' && target) }, hidden);
    }
    const readable = globSync(join(place, '**/*.{json,md,sig,html}'));
    assert.ok(
      readable.some((file) => file.endsWith('manifest.json')) && readable.some((file) => file.includes('proof')),
    );
    for (const file of [...readable, ...globSync(join(place, '**/SHA256SUMS'))]) {
      assertHidden(readFileSync(file, 'utf8'), hidden);
    }
  });
}

test('fault 58: the passwords of a fleet are seen by nobody, whether its members succeed or fail', async () => {
  const place = temporaryFolder();
  const other = 'canary-other@/%"pass';
  const bad = new URL(postgres.url('shop'));
  bad.password = encodeURIComponent(other);
  const file = join(place, 'fleet.yaml');
  const members = [
    { name: 'shop', url: postgres.url('shop') },
    { name: 'crm', url: bad.href },
    { name: 'erp', urlEnv: 'ERP_URL' },
  ];
  writeFileSync(file, JSON.stringify(members));
  const run = startEntrypoint({
    FLEET_FILE: file,
    ERP_URL: `postgresql://x:${encodeURIComponent(other)}@127.0.0.1:1/erp`,
    BACKUP_DESTINATION: `file://${temporaryFolder()}`,
    LOG_LEVEL: 'debug',
    BACKUP_ATTEMPTS: '1',
  });
  const { argv } = await watchProcesses(run.ended, run.pid);
  const { exitCode, stdout, stderr } = await run.ended;
  assert.equal(exitCode, 69, stderr);
  assert.match(stdout, /"crm"/);
  for (const text of [stdout, stderr, ...argv]) assertHidden(text, { password, other });
});
