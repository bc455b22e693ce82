import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { EncryptionConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/config/secret.ts';
import { prepareEncryption } from '../../src/pipeline/encrypt.ts';
import { allProcesses, processesShowing } from '../support/processes.ts';
import { encrypted } from '../support/encrypted.ts';
import { gpgHome, passphraseFile } from '../support/gpg-home.ts';
import { never } from '../support/shell-stage.ts';

const searchPath = process.env['PATH'] ?? '';
const home = gpgHome();
const otherHome = gpgHome();
const usable: string[] = [];
before(() => {
  usable.push(home.newKey('First <first@example.com>'), otherHome.newKey('Second Ü <second@example.com>'));
});
after(() => {
  home.remove();
  otherHome.remove();
});

/** A gpg that notes the home folder that it is given, in front of the real one. */
const noting = mkdtempSync(join(tmpdir(), 'pgo-bin-'));
const notes = join(noting, 'homes');
writeFileSync(join(noting, 'gpg'), `#!/bin/sh\ngpgconf --list-dirs homedir >> '${notes}'\nexec /usr/bin/gpg "$@"\n`, {
  mode: 0o755,
});
const notingPath = `${noting}:${searchPath}`;
after(() => rmSync(noting, { recursive: true }));

/** The home folders that gpg itself says it used since this was last asked. */
function homesUsed(): string[] {
  const homes = readFileSync(notes, 'utf8').split('\n').slice(0, -1);
  rmSync(notes);
  assert.ok(homes.length > 0);
  return [...new Set(homes)];
}

/** Prepares and expects a refusal; whatever was made for it is gone then. */
async function refusal(config: EncryptionConfig): Promise<{ kind: string; message: string; hint: string }> {
  try {
    await using _encryption = await prepareEncryption(config, notingPath, never);
  } catch (error) {
    for (const used of homesUsed()) assert.equal(existsSync(used), false, used);
    return error as { kind: string; message: string; hint: string };
  }
  throw new Error('it was accepted');
}

describe('to public keys', () => {
  test('each of several holders decrypts with the stock gpg, and the fingerprints are told', async () => {
    const data = randomBytes(200_000);
    const { output, recipients } = await encrypted({ kind: 'gpg', publicKeys: usable }, data);
    const holders = [home.fingerprint('first@example.com'), otherHome.fingerprint('second@example.com')];
    assert.deepEqual(recipients, holders);
    assert.deepEqual(home.decrypt(output), data);
    assert.deepEqual(otherHome.decrypt(output), data);
  });

  test('nothing at all encrypts and decrypts too', async () => {
    const { output } = await encrypted({ kind: 'gpg', publicKeys: usable.slice(0, 1) }, Buffer.alloc(0));
    assert.ok(output.length > 0);
    assert.equal(home.decrypt(output).length, 0);
  });

  test('fault 15: an expired gpg key is refused before anything is dumped, and the reason told', async () => {
    const expired = home.newKey('Expired <old@example.com>', { expiredSince: '20200101T000000' });
    const failure = await refusal({ kind: 'gpg', publicKeys: [...usable, expired] });
    assert.equal(failure.kind, 'config');
    assert.match(
      failure.message,
      /^GPG_PUBLIC_KEYS: gpg cannot encrypt to key 3 \([0-9A-F]{40}\): it expired on 2020-01-02$/,
    );
    assert.match(failure.hint, /gpg --armor --export/);
  });

  test('fault 15: a gpg key that can only sign is refused before anything is dumped, and the reason told', async () => {
    const signing = home.newKey('Signer <sign@example.com>', { usage: 'sign' });
    const failure = await refusal({ kind: 'gpg', publicKeys: [signing] });
    assert.equal(failure.kind, 'config');
    assert.match(
      failure.message,
      /^GPG_PUBLIC_KEYS: gpg cannot encrypt to key 1 \([0-9A-F]{40}\): it is for signing only/,
    );
  });

  test('fault 15: a gpg key whose time has passed since it was configured is refused', async () => {
    // Only gpg's clock is turned on: in node's children alone, so that its own timers work.
    const soon = home.newKey('Soon <soon@example.com>', { expiresIn: '30d' });
    const shifted = mkdtempSync(join(tmpdir(), 'pgo-bin-'));
    writeFileSync(join(shifted, 'gpg'), '#!/bin/sh\nexec faketime "+60 days" /usr/bin/gpg "$@"\n', { mode: 0o755 });
    const path = `${shifted}:${searchPath}`;
    try {
      await using encryption = await prepareEncryption({ kind: 'gpg', publicKeys: [soon] }, searchPath, never);
      assert.equal(encryption.recipients.length, 1);
      const later = prepareEncryption({ kind: 'gpg', publicKeys: [soon] }, path, never);
      await assert.rejects(later, { kind: 'config', message: /it expired on / });
    } finally {
      rmSync(shifted, { recursive: true });
    }
  });

  test('fault 15: one block with two keys is refused: gpg would encrypt to the first alone', async () => {
    home.newKey('Third <third@example.com>');
    const failure = await refusal({ kind: 'gpg', publicKeys: [home.exportTogether('first@', 'third@')] });
    assert.match(failure.message, /key 1 \([0-9A-F]{40}\): its block holds 2 keys; export each one/);
  });

  test('fault 15: a revoked gpg key is refused before anything is dumped, and the reason told', async () => {
    home.newKey('Revoked <revoked@example.com>');
    const failure = await refusal({ kind: 'gpg', publicKeys: [home.revoke('revoked@example.com')] });
    assert.match(
      failure.message,
      /^GPG_PUBLIC_KEYS: gpg cannot encrypt to key 1 \([0-9A-F]{40}\): it has been revoked$/,
    );
  });

  for (const [what, key] of [
    ['text that is no key', 'garbage'],
    ['nothing', ''],
    ['a key that was cut in the middle', () => usable[0]!.slice(0, 300)],
  ] as const) {
    test(`fault 15: ${what} in place of a gpg key is refused before anything is dumped`, async () => {
      const failure = await refusal({ kind: 'gpg', publicKeys: [typeof key === 'string' ? key : key()] });
      assert.equal(failure.kind, 'config');
      assert.match(failure.message, /^GPG_PUBLIC_KEYS: gpg cannot encrypt to key 1: \S/);
      assert.doesNotMatch(failure.message, /pg-offsite-|\/dev\/shm/, 'no path of a scratch folder');
    });
  }
});

describe('with a passphrase', () => {
  for (const passphrase of ['simple words', 'ümläut 🐘 €', `q'u"o$te\\s \`x\` %41&;`, ' leading and trailing ']) {
    test(`the stock gpg decrypts with the passphrase ${JSON.stringify(passphrase)}`, async () => {
      const data = randomBytes(100_000);
      const config = { kind: 'gpg-passphrase', passphrase: new Secret(passphrase) } as const;
      const { output, recipients } = await encrypted(config, data);
      assert.deepEqual(recipients, []);
      const args = ['--pinentry-mode', 'loopback', '--passphrase-file', passphraseFile(home, passphrase)];
      assert.deepEqual(home.decrypt(output, args), data);
      assert.throws(() => home.decrypt(output, [...args.slice(0, -1), passphraseFile(home, 'wrong')]));
    });
  }

  test('the cipher is AES-256 and the passphrase is stretched as far as gpg goes', async () => {
    const config = { kind: 'gpg-passphrase', passphrase: new Secret('correct horse') } as const;
    const { output } = await encrypted(config, Buffer.from('x'));
    // RFC 9580, 5.3: version 4, cipher 9 (AES-256), S2K 3 (iterated, salted), hash 10 (SHA-512), salt, count 255.
    const packet = output.subarray(output[1] === 13 ? 2 : 0);
    assert.deepEqual([...packet.subarray(0, 4)], [4, 9, 3, 10]);
    assert.equal(packet[12], 255);
  });

  test('it stands in no argument of any process', async () => {
    const passphrase = 'canary-in-the-gpg-coal-mine';
    const config = { kind: 'gpg-passphrase', passphrase: new Secret(passphrase) } as const;
    let watched = 0;
    await encrypted(config, randomBytes(1_000_000), () => {
      watched += 1;
      assert.deepEqual(processesShowing(passphrase), []);
    });
    assert.ok(watched > 0);
  });
});

test('gpg works in a private folder, which is gone afterwards with the agent that it might have started', async () => {
  for (const config of [
    { kind: 'gpg', publicKeys: usable },
    { kind: 'gpg-passphrase', passphrase: new Secret('correct horse') },
  ] as const) {
    await encrypted(config, Buffer.from('x'), () => undefined, notingPath);
    const homes = homesUsed();
    assert.equal(homes.length, 1);
    assert.match(homes[0]!, /\/pg-offsite-[\w-]+$/);
    assert.equal(existsSync(homes[0]!), false);
    const agents = allProcesses().filter(({ argv }) => argv.some((argument) => argument.startsWith(homes[0]!)));
    assert.deepEqual(agents, []);
  }
});

test('gpg that is not installed is named', async () => {
  const config = { kind: 'gpg', publicKeys: usable } as const;
  await assert.rejects(prepareEncryption(config, '/nowhere', never), {
    kind: 'config',
    message: /gpg is not installed/,
  });
});
