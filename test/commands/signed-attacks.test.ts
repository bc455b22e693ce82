import assert from 'node:assert/strict';
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { dumpOf, forgeDump } from './forged.ts';
import {
  believing,
  manifestOf,
  newer,
  ofOther,
  older,
  plain,
  signatureOf,
  signedByAnother,
  useSigned,
} from './signed-scene.ts';
import { type Backup, nothing } from './stored.ts';

/*
 * Somebody can write to the store, and read it: a stolen key of the backup job, which holds no private key of age. Whatever
 * he does there, nothing of it may reach a database where MANIFEST_PUBLIC_KEY is set.
 */
const stored = useSigned();
const at = (index: number): Backup => stored.backups[index]!;

/** Changes one byte in the middle of a file. */
function flip(file: string, where = 0.5): void {
  const bytes = readFileSync(file);
  const index = Math.floor(bytes.length * where);
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

/** The folder of one backup under another id, later than all others. */
function renamed(backup: Backup): string {
  const id = `29991231T235959Z-${backup.id.slice(-6)}`;
  renameSync(backup.folder, join(dirname(backup.folder), id));
  return id;
}

/** What somebody does to the store; returns which backup is then asked for. */
const attacks: readonly (readonly [string, () => string, RegExp])[] = [
  [
    'a byte of the manifest is changed',
    () => {
      flip(manifestOf(at(newer)));
      return at(newer).id;
    },
    /is not signed by any key of MANIFEST_PUBLIC_KEY/,
  ],
  [
    'a word of the manifest is changed so that it stays one',
    () => {
      const text = readFileSync(manifestOf(at(newer)), 'utf8');
      writeFileSync(manifestOf(at(newer)), text.replace('"rows": 1000', '"rows": 1001'));
      return at(newer).id;
    },
    /is not signed by any key/,
  ],
  [
    'white space is added to the manifest',
    () => {
      writeFileSync(manifestOf(at(newer)), '\n', { flag: 'a' });
      return at(newer).id;
    },
    /is not signed by any key/,
  ],
  [
    'the manifests of two backups change places, with their signatures',
    () => {
      for (const pathOf of [manifestOf, signatureOf]) {
        const [first, second] = [pathOf(at(older)), pathOf(at(newer))].map((path) => readFileSync(path));
        writeFileSync(pathOf(at(older)), second!);
        writeFileSync(pathOf(at(newer)), first!);
      }
      return at(newer).id;
    },
    /is the manifest of shop /,
  ],
  [
    'the manifest is that of another backup, the signature its own',
    () => {
      cpSync(manifestOf(at(older)), manifestOf(at(newer)));
      return at(newer).id;
    },
    /is not signed by any key/,
  ],
  [
    'the signature is removed',
    () => {
      rmSync(signatureOf(at(newer)));
      return at(newer).id;
    },
    /manifest\.json is not signed$/,
  ],
  [
    'the signature is empty',
    () => {
      writeFileSync(signatureOf(at(newer)), '');
      return at(newer).id;
    },
    /is not signed by any key/,
  ],
  [
    'the signature is megabytes',
    () => {
      writeFileSync(signatureOf(at(newer)), readFileSync(signatureOf(at(newer)), 'utf8').padEnd(3_000_000));
      return at(newer).id;
    },
    /is not signed by any key/,
  ],
  [
    'the manifest is signed with another key',
    () => {
      writeFileSync(signatureOf(at(newer)), signedByAnother(readFileSync(manifestOf(at(newer)))));
      return at(newer).id;
    },
    /is not signed by any key/,
  ],
  [
    'an old backup is renamed to be the newest',
    () => {
      renamed(at(older));
      return 'latest';
    },
    /is the manifest of shop /,
  ],
  [
    'a backup is copied to another database',
    () => {
      const place = join(stored.place, 'shop', at(ofOther).id);
      cpSync(at(ofOther).folder, place, { recursive: true });
      rmSync(at(ofOther).folder, { recursive: true });
      return at(ofOther).id;
    },
    /is the manifest of crm /,
  ],
  [
    'another dump is put there, with a size and sums that fit',
    () => {
      forgeDump(at(newer), dumpOf(at(ofOther)));
      return at(newer).id;
    },
    /is not signed by any key/,
  ],
  [
    'another dump is put there, with sums that fit, and the manifest as it was',
    () => {
      const manifest = readFileSync(manifestOf(at(newer)));
      forgeDump(at(newer), dumpOf(at(ofOther)));
      writeFileSync(manifestOf(at(newer)), manifest);
      return at(newer).id;
    },
    /has \d+ bytes, but the manifest records|does not say what the manifest says/,
  ],
  [
    'the dump is another one of the same size',
    () => {
      const { artifact } = at(newer);
      const { length } = readFileSync(artifact);
      writeFileSync(
        artifact,
        Buffer.concat([readFileSync(at(older).artifact), Buffer.alloc(length)]).subarray(0, length),
      );
      return at(newer).id;
    },
    /has the SHA-256 \w+, but the manifest records/,
  ],
  [
    'a byte of the dump is changed',
    () => {
      flip(at(newer).artifact);
      return at(newer).id;
    },
    /has the SHA-256 \w+, but the manifest records/,
  ],
  [
    'a script is put in the place of a script, with commands that end its transaction',
    () => {
      const { length } = readFileSync(at(plain).artifact);
      const evil = zstdCompressSync(Buffer.from('COMMIT;\nCREATE TABLE evil ();\n'));
      // zstd takes any number of frames that are to be skipped, so that the size is right.
      const skip = Buffer.alloc(length - evil.length);
      skip.writeUInt32LE(0x184d2a50, 0);
      skip.writeUInt32LE(skip.length - 8, 4);
      writeFileSync(at(plain).artifact, Buffer.concat([evil, skip]));
      return at(plain).id;
    },
    /has the SHA-256 \w+, but the manifest records/,
  ],
];

describe('where MANIFEST_PUBLIC_KEY is set, nothing is restored when', () => {
  for (const [what, attack, told] of attacks) {
    test(what, async () => {
      const selector = attack();
      const { name, variables } = await stored.target();
      const restored = await stored.run(['restore', selector, '--database', 'shop'], { ...believing, ...variables });
      assert.equal(restored.exitCode, 76, restored.stderr);
      assert.match(restored.stderr.split('\n').find((line) => /ERROR|FATAL/.test(line)) ?? '', told);
      assert.match(restored.stderr, /HINT/i);
      assert.equal(await stored.held(name), nothing);
      const verified = await stored.run(['verify', selector, '--database', 'shop'], believing);
      assert.equal(verified.exitCode, 76, verified.stdout + verified.stderr);
      assert.match(verified.stdout, /^FAIL/m);
      const drilled = await stored.run(['drill', selector, '--database', 'shop', '--no-proof'], believing);
      assert.equal(drilled.exitCode, 76, drilled.stdout + drilled.stderr);
      assert.match(drilled.stdout + drilled.stderr, new RegExp(told.source.replace('$', '')));
    });
  }
});
