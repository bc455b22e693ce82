import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { backupFolder, fileNames } from '../../src/catalog/keys.ts';
import { lanesCommands } from '../../src/catalog/lanes-command.ts';
import { lanesOf } from '../../src/catalog/lanes.ts';
import { readLastFailure } from '../../src/catalog/last-failure.ts';
import { parseManifest, serializeManifest } from '../../src/catalog/manifest.ts';
import { restoreGuide } from '../../src/catalog/restore-guide.ts';
import { sha256Sums } from '../../src/catalog/sums.ts';
import { readValues } from '../../src/config/environment.ts';
import { Findings } from '../../src/config/findings.ts';
import { readSchedule } from '../../src/config/schedule.ts';
import { Failure } from '../../src/errors.ts';
import { readPlan } from '../../src/fleet/recorded-plan.ts';
import { planShares } from '../../src/fleet/plan.ts';
import { whyUnusable } from '../../src/pipeline/encrypt-gpg.ts';
import { publicKeysOf } from '../../src/pipeline/public-keys.ts';
import { leftBy } from '../../src/retention/interrupted.ts';
import { nextTick, previousTick } from '../../src/schedule/ticks.ts';
import type { Store } from '../../src/store/store.ts';
import { sampleArtifact, sampleLanes, sampleManifest } from '../catalog/sample-manifest.ts';
import { calm } from '../store/scripted.ts';
import { near } from './near.ts';

/*
 * What a store keeps, a file says or a program prints may be anything: it is read, or refused with a Failure, in time.
 */

/** A store that holds this text under every key. */
function holding(text: string): Store {
  const bytes = Buffer.from(text);
  const store: Pick<Store, 'describe' | 'head' | 'get'> = {
    describe: (key) => `file:///store/${key}`,
    head: () => Promise.resolve({ bytes: bytes.length, lastModified: new Date() }) as ReturnType<Store['head']>,
    get: async function* () {
      await Promise.resolve();
      yield bytes;
    },
  };
  return store as Store;
}

async function refusedOr<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    assert.ok(error instanceof Failure && error.kind === 'verification', String(error));
    return undefined;
  }
}

const runs = { numRuns: 500 };
const any = (seeds: readonly string[], check: (text: string) => void): void => {
  fc.assert(fc.property(near(seeds), check), runs);
};
const anyAsync = (seeds: readonly string[], check: (text: string) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(near(seeds), check), runs);

const plan = JSON.stringify({
  schemaVersion: 1,
  run: 'nightly',
  recordedAt: '2026-11-20T02:00:00.000Z',
  shards: 2,
  members: { shop: 10_000_000, crm: null, erp: 1e300 },
});

test('the plan of a fleet that lies in the store gives every member to one process', async () => {
  await anyAsync([plan, plan.replace('1e300', '-1'), '{"schemaVersion":2}'], async (text) => {
    const read = await refusedOr(readPlan(holding(text), 'nightly', calm()));
    const sized = Object.entries(read?.members ?? {}).map(([name, bytes]) => ({ name, bytes: bytes ?? undefined }));
    const names = ['shop', 'crm', 'new', '__proto__'];
    const shared = planShares(sized, 3, names).shares.flat();
    for (const name of names) assert.equal(shared.filter((one) => one === name).length, 1, `${name} of ${text}`);
  });
});

test('the note of the last failure is read, or there is none', async () => {
  const note = { schemaVersion: 1, database: 'shop', runId: 'r', failedAt: '2026-11-20T02:00:00.000Z', exitCode: 65 };
  const seed = JSON.stringify({ ...note, kind: 'dump', error: 'no\u001b[2J' });
  await anyAsync([seed, seed.replace('2026', '9999'), '{}'], async (text) => {
    const read = await readLastFailure(holding(text), 'shop', calm());
    assert.ok(read === undefined || read.database === 'shop');
  });
  assert.ok(await readLastFailure(holding(seed), 'shop', calm()));
  assert.equal(await readLastFailure(holding(`${seed}${' '.repeat(70_000)}`), 'shop', calm()), undefined);
});

test('whatever SHA256SUMS holds, a young folder with all its data is left alone', async () => {
  const [id, artifact] = ['20261120T020000Z-k3f9q2', sampleArtifact()];
  const folder = backupFolder('shop', id);
  const objects = [artifact.key, fileNames.sums].map((name) => ({
    key: folder + name,
    bytes: 4,
    lastModified: new Date(),
  }));
  const entry = { database: 'shop', id, folder, objects, complete: false, hollow: false };
  const limits = { now: new Date(), backupTimeoutMs: 1000, signal: calm() };
  const sums = sha256Sums([artifact]);
  await anyAsync([sums, sums + sums.replace(artifact.key, '../../etc/passwd'), ''], async (text) => {
    assert.equal(await leftBy(holding(text), entry, limits), undefined, text);
  });
});

test('a cron expression is read, or told to be none, in time', { timeout: 120_000 }, () => {
  const read = (text: string): void => {
    const findings = new Findings();
    const values = readValues({ BACKUP_SCHEDULE: text }, findings);
    const schedule = readSchedule(values, 'Europe/Berlin', findings);
    if (schedule === undefined) return;
    const now = new Date('2026-03-29T00:30:00Z');
    assert.ok(nextTick(schedule, now) > now);
    assert.ok(previousTick(schedule, now) <= now);
  };
  const seeds = ['0 3 * * *', '*/15 0-6 1,15 JAN-MAR MON#2', '@daily', '0 0 L * *', '5 4 29 2 5L', 'H H * * *'];
  fc.assert(fc.property(near(seeds), read), { numRuns: 300 });
  const field = fc.oneof(
    fc.constantFrom('*', '?', 'L', 'LW', 'W', '1#1', '*/0', '*/-1', '*/1e9', '0-99999999', '9-1', '1-5/2', ',', '1,'),
    fc.constantFrom('MON', 'JAN', '7L', '15W', '31', '30', '2', '0', '59', '24', '1,'.repeat(5000), '9'.repeat(400)),
  );
  const five = fc.tuple(field, field, field, field, field).map((fields) => fields.join(' '));
  fc.assert(fc.property(five, read), { numRuns: 300 });
});

test('what gpg prints of a key is understood, or told', () => {
  const listing = `tru::1:1700000000:0:3:1:5
pub:e:255:22:AAAAAAAAAAAAAAAA:1700000000:1700000001::u:::scESC:::::ed25519:::0:
fpr:::::::::0123456789ABCDEF0123456789ABCDEF01234567:
uid:u::::1700000000::X::somebody <a@b>::::::::::0:
`;
  const seeds = [listing, listing.replace('1700000001', '20231114T000000'), listing.replace(':e:', ':-:'), 'pub::::'];
  assert.deepEqual(seeds.map(whyUnusable), [
    'it expired on 2023-11-14',
    'it has expired',
    undefined,
    'it is for signing only, or its encryption subkey has expired',
  ]);
  any([...seeds, listing.replace('1700000001', '9'.repeat(30))], (text) => {
    assert.ok(['string', 'undefined'].includes(typeof whyUnusable(text)));
  });
});

test('a private key of age or SSH is understood, or nothing is told of it', () => {
  const ssh = Buffer.concat([Buffer.from('openssh-key-v1\0'), Buffer.from('00000004'.repeat(20), 'hex')]);
  const seeds = [
    `# created\nAGE-SECRET-KEY-1${'Q'.repeat(58)}`,
    `-----BEGIN OPENSSH PRIVATE KEY-----\n${ssh.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----`,
  ];
  any(seeds, (text) => {
    assert.ok(publicKeysOf(text)?.every((key) => !key.includes('SECRET')) ?? true);
  });
});

describe('the manifest of a backup in lanes', () => {
  const artifacts = [
    ...sampleLanes(3),
    sampleArtifact('g', { key: 'globals.sql.zst.age', kind: 'globals', lane: 'all' }),
  ];
  const seed = serializeManifest(sampleManifest({ schemaVersion: 3, artifacts }));

  test('is one with commands that restore it, or a failed verification', () => {
    any([seed, seed.replace('"rest"', '"schema"'), seed.replace('"schema"', '"constructor"')], (text) => {
      let manifest;
      try {
        manifest = parseManifest(text, 'file:///manifest.json');
      } catch (error) {
        assert.ok(error instanceof Failure && error.kind === 'verification', String(error));
        return;
      }
      const lanes = lanesOf(manifest);
      if (lanes)
        assert.equal(
          new Set([lanes.schema, ...lanes.data]).size,
          manifest.artifacts.filter(({ kind }) => kind === 'dump').length,
        );
      if (lanes) assert.ok(lanesCommands(lanes, 'sums').length > 0);
      assert.ok(restoreGuide(manifest, { kind: 'directory', location: 'file:///store', copyCommand: 'cp' }).length > 0);
    });
  });
});
