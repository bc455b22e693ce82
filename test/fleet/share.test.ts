import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { keptLog, scripted } from '../store/scripted.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { assertWhole, changed, keep, names, namesOf, now, take, yesterday } from './taking.ts';

describe('the shares of a fleet', () => {
  test('go by the sizes of the newest complete backups', async () => {
    const place = temporaryFolder();
    keep(place, 'db-03', 90);
    keep(place, 'db-04', 30, yesterday, 'one');
    keep(place, 'db-04', 50, yesterday, 'two');
    keep(place, 'db-05', 200, new Date('2026-11-19T03:00:00Z'));
    keep(place, 'db-05', 1);
    const shares = [await take(place, 0), await take(place, 1), await take(place, 2)];
    assertWhole(shares);
    assert.deepEqual(
      shares.map(({ by, warnings }) => [by, warnings]),
      Array(3).fill(['sizes', []]),
    );
    assert.deepEqual(
      shares.slice(0, 2).map((share) => namesOf(share)[0]),
      ['db-03', 'db-04'],
    );
    const { members, ...rest } = JSON.parse(readFileSync(join(place, 'fleet-nightly.json'), 'utf8')) as Record<
      string,
      object
    >;
    assert.deepEqual(rest, { schemaVersion: 1, run: 'nightly', recordedAt: now.toISOString(), shards: 3 });
    const sizes = new Map(Object.entries(members!) as [string, number | null][]);
    assert.deepEqual(
      ['db-03', 'db-04', 'db-05', 'db-06'].map((name) => sizes.get(name)),
      [90_000_002, 80_000_004, 1_000_002, null],
    );
  });

  test('stay what they were when the catalog has changed, for one that is tried again hours later', async () => {
    const place = temporaryFolder();
    for (const [index, name] of names.entries()) keep(place, name, index % 7);
    const first = [await take(place, 0), await take(place, 1), await take(place, 2)];
    for (const [index, name] of names.entries()) keep(place, name, (index * 5) % 11, new Date('2026-11-21T03:10:00Z'));
    const again = await take(place, 1, { now: new Date('2026-11-21T09:00:00Z') });
    assertWhole(first);
    assert.deepEqual(namesOf(again), namesOf(first[1]!));
  });

  test('leave out what the run itself has made meanwhile', async () => {
    const place = temporaryFolder();
    keep(place, 'db-09', 5);
    keep(place, 'db-09', 50, new Date('2026-11-21T03:00:05Z'));
    await take(place, 0);
    const { members } = JSON.parse(readFileSync(join(place, 'fleet-nightly.json'), 'utf8')) as {
      members: Record<string, number>;
    };
    assert.equal(members['db-09'], 5_000_002);
  });

  test('are one plan when two processes begin at once and have seen different sizes', async () => {
    const place = temporaryFolder();
    for (const name of names) keep(place, name, 1);
    const base = openStore({ kind: 'directory', path: place }, keptLog().log);
    let waiting = 0;
    const both = Promise.withResolvers<undefined>();
    let written = 0;
    const racing = (factor: (index: number) => number): Store =>
      changed(base, {
        async *list(prefix, signal) {
          let index = 0;
          for await (const object of base.list(prefix, signal)) {
            yield { ...object, bytes: object.bytes * factor(index) };
            index += 1;
          }
        },
        async putSmall(...args) {
          if ((waiting += 1) === 2) both.resolve(undefined);
          await both.promise;
          await base.putSmall(...args);
          written += 1;
        },
      });
    const shares = await Promise.all([
      take(place, 0, { shards: 2, store: racing((index) => 1 + index) }),
      take(place, 1, { shards: 2, store: racing((index) => 100 - index) }),
    ]);
    assert.deepEqual([waiting, written], [2, 1], 'both wanted to write, and one did');
    assertWhole(shares);
    assert.deepEqual(
      shares.map(({ by }) => by),
      ['sizes', 'sizes'],
    );
  });

  test('are one plan in a bucket when many processes begin at once', async (t) => {
    const { store, server } = await scripted(t, { retryForMs: 20_000, requestTimeoutMs: 10_000 });
    const shares = await Promise.all(names.slice(0, 8).map((_, index) => take('', index, { store, shards: 8 })));
    assertWhole(shares);
    assert.ok(shares.every(({ by }) => by === 'sizes'));
    assert.deepEqual([...server.objects().keys()], ['pg/fleet-nightly.json']);
  });

  test('have new members in one of them when the file has changed, and move no other', async () => {
    const place = temporaryFolder();
    const first = [await take(place, 0), await take(place, 1), await take(place, 2)];
    const members = [...names.slice(5), 'new-a', 'new-b', 'new-c', 'new-d'];
    const later = await Promise.all([0, 1, 2].map((index) => take(place, index, { members })));
    assertWhole(later, members);
    for (const [index, share] of later.entries()) {
      const old = namesOf(share).filter((name) => !name.startsWith('new'));
      assert.deepEqual(
        old,
        namesOf(first[index]!).filter((name) => members.includes(name)),
      );
    }
  });

  test('are doubted where processes disagree on their number, or where a run has the name of an old one', async () => {
    const place = temporaryFolder();
    await take(place, 0);
    const { warnings } = await take(place, 0, { shards: 4, now: new Date('2026-12-01T03:00:00Z') });
    assert.equal(warnings.length, 2);
    assert.match(warnings[0] ?? '', /FLEET_SHARDS is 4 here, but was 3 where the run nightly began/);
    assert.match(
      warnings[1] ?? '',
      /the sizes of the run nightly are of 2026-11-21; give each run a FLEET_RUN of its own/,
    );
  });

  test('leave nothing of runs of more than 30 days ago, and the others alone', async () => {
    const place = temporaryFolder();
    for (const [name, daysAgo] of [
      ['fleet-old.json', 31],
      ['fleet-newer.json', 29],
      ['other.json', 99],
    ] as const) {
      const path = join(place, name);
      writeFileSync(path, '{}');
      const time = now.getTime() / 1000 - daysAgo * 86_400;
      utimesSync(path, time, time);
    }
    await take(place, 0);
    assert.deepEqual(readdirSync(place).sort(), ['fleet-newer.json', 'fleet-nightly.json', 'other.json']);
  });

  test('are the whole fleet for one process, which needs nothing from the store', async () => {
    const place = join(temporaryFolder(), 'none');
    const share = await take(place, 0, { shards: 1 });
    assert.deepEqual([namesOf(share), share.by, existsSync(place)], [names, 'nothing', false]);
  });
});
