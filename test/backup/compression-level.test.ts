import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chooseLevel, ladder, type Trial, trialOf, workersFor } from '../../src/backup/compression-level.ts';
import { sampleArtifact, sampleManifest } from '../catalog/sample-manifest.ts';

/** What one thread of zstd does with three kinds of data at each level, rounded from bench/RESULTS.md. */
const kinds = {
  identifiers: {
    2: { ratio: 0.497, mbPerSecond: 215 },
    6: { ratio: 0.528, mbPerSecond: 57 },
    9: { ratio: 0.537, mbPerSecond: 19 },
  },
  prose: {
    2: { ratio: 0.105, mbPerSecond: 430 },
    6: { ratio: 0.088, mbPerSecond: 102 },
    9: { ratio: 0.085, mbPerSecond: 43 },
  },
  readings: {
    2: { ratio: 0.329, mbPerSecond: 220 },
    6: { ratio: 0.313, mbPerSecond: 44 },
    9: { ratio: 0.309, mbPerSecond: 20 },
  },
} as const;
type Kind = (typeof kinds)[keyof typeof kinds];
type Level = keyof Kind;

/** A run of 1 GB: the slowest of pg_dump, zstd and the link decides how long it takes. */
function run(kind: Kind, level: Level, link: number, dump: number): Trial & { seconds: number } {
  const { ratio, mbPerSecond } = kind[level];
  const [cpu, sending, dumping] = [1000 / mbPerSecond, (1000 * ratio) / link, 1000 / dump];
  const seconds = Math.max(cpu, sending, dumping);
  return { level, ratio, limited: sending === seconds, busy: cpu / seconds, seconds };
}

/** The levels of so many nights, each choosing by the seven before it. */
function nights(count: number, kind: Kind, link: number, { dump = 250, cores = 2 } = {}): Level[] {
  const runs: Trial[] = [];
  for (let night = 0; night < count; night += 1) {
    const { level } = chooseLevel(runs.slice(0, 7), 1, cores);
    runs.unshift(run(kind, level as Level, link, dump));
  }
  return runs.map(({ level }) => level as Level).reverse();
}

describe('the level goes by what earlier backups waited for', () => {
  test('without any it is the default', () => {
    assert.deepEqual(nights(1, kinds.prose, 1), [2]);
  });
  for (const [name, kind] of Object.entries(kinds)) {
    test(`${name}: stays at the default on a link that is faster than pg_dump`, () => {
      assert.deepEqual(new Set(nights(20, kind, 1000)), new Set([2]));
      assert.deepEqual(new Set(nights(20, kind, 1000, { dump: 30, cores: 16 })), new Set([2]));
    });
  }
  test('rises on a slow link where that makes less of the data', () => {
    assert.deepEqual(nights(10, kinds.prose, 1), [2, 6, 9, 9, 9, 9, 9, 9, 9, 9]);
  });
  test('goes back where it makes more of it, and does not try again for a while', () => {
    assert.deepEqual(nights(8, kinds.identifiers, 5), [2, 6, 2, 2, 2, 2, 2, 2]);
  });
  test('does not rise to a level that zstd could not keep up with', () => {
    assert.deepEqual(nights(8, kinds.prose, 8), [2, 2, 2, 2, 2, 2, 2, 2]);
    assert.deepEqual(nights(4, kinds.prose, 8, { cores: 8 }), [2, 6, 6, 6]);
  });
  test('goes down when the link has become fast', () => {
    const slow = [9, 6, 2].map((level) => run(kinds.prose, level as Level, 1, 250));
    const first = chooseLevel([run(kinds.prose, 9, 1000, 250), ...slow], 1, 2);
    assert.equal(first.level, 6);
    assert.equal(chooseLevel([run(kinds.prose, 6, 1000, 250), ...slow], 1, 2).level, 2);
  });
  test('settles below a level that turned out to be too slow', () => {
    const tooSlow: Trial = { level: 6, ratio: 0.08, limited: false, busy: 1 };
    const limited: Trial = { level: 2, ratio: 0.1, limited: true, busy: 0.1 };
    assert.equal(chooseLevel([tooSlow, limited], 1, 2).level, 2);
    assert.equal(chooseLevel([limited, tooSlow, limited], 1, 2).level, 2);
  });
  test('a level of the user that is not on the ladder is where it begins', () => {
    const slow = (level: number): Trial => ({ level, ratio: 0.1, limited: true, busy: 0.01 });
    assert.equal(chooseLevel([slow(3)], 1, 2).level, 6);
    assert.equal(chooseLevel([{ ...slow(19), limited: false }], 1, 2).level, 6);
  });
});

test('no run of any kind over any link takes more than a tenth longer than one at the default', () => {
  for (const kind of Object.values(kinds)) {
    for (const link of [0.5, 1, 2, 5, 10, 25, 50, 100, 1000]) {
      for (const dump of [20, 100, 250]) {
        for (const level of nights(30, kind, link, { dump })) {
          assert.ok(run(kind, level, link, dump).seconds <= 1.1 * run(kind, 2, link, dump).seconds);
        }
      }
    }
  }
});

describe('memory and cores', () => {
  const limited = (level: number): Trial => ({ level, ratio: 1 / level, limited: true, busy: 0.001 });
  test('more lanes at once mean lower levels', () => {
    const top = (side: number): number => chooseLevel([limited(6), limited(2)], side, 1).level;
    assert.deepEqual([1, 2, 3, 4].map(top), [9, 9, 6, 6]);
    assert.equal(chooseLevel([limited(2)], 5, 1).level, 2);
  });
  test('workers take half of the cores, and no more than have room', () => {
    assert.deepEqual(
      [1, 2, 4, 64].map((cores) => workersFor(2, 1, cores)),
      [1, 1, 2, 4],
    );
    assert.deepEqual(
      [2, 6, 9, 19].map((level) => workersFor(level, 1, 64)),
      [4, 4, 2, 1],
    );
    assert.equal(workersFor(6, 4, 64), 1);
  });
  test('whatever is chosen, all zstd together hold no more than 200 MiB by the figures of the ladder', () => {
    for (const side of [1, 2, 3, 4, 6]) {
      for (const cores of [1, 2, 8, 64]) {
        for (const { level } of ladder) {
          const { level: chosen, threads } = chooseLevel([limited(level)], side, cores);
          const { mebibytes } = ladder.find((step) => step.level === chosen) ?? ladder[0];
          assert.ok(side * threads * mebibytes <= 200, `${side} × ${threads} × level ${chosen}`);
        }
      }
    }
  });
});

describe('what a backup tells', () => {
  const effort = { level: 6, seconds: 10, waitedSeconds: 8, cpuSeconds: 4 };
  const artifacts = [sampleArtifact('dump', { bytes: 1_400_000 })];
  test('its level, what it made of the database, who waited, how busy zstd was', () => {
    const trial = trialOf(sampleManifest({ effort, artifacts }), 'custom');
    assert.deepEqual(trial, { level: 6, ratio: 0.2, limited: true, busy: 0.4 });
    const dumping = sampleManifest({ effort: { ...effort, waitedSeconds: 4.9 }, artifacts });
    assert.equal(trialOf(dumping, 'custom')?.limited, false);
  });
  test('roles and settings beside the dump are not counted', () => {
    const globals = sampleArtifact('roles', {
      kind: 'globals',
      lane: 'globals',
      key: 'globals.sql.zst',
      bytes: 9_000_000,
    });
    assert.equal(trialOf(sampleManifest({ effort, artifacts: [...artifacts, globals] }), 'custom')?.ratio, 0.2);
  });
  test('nothing where nobody measured, or of a dump of another format', () => {
    assert.equal(trialOf(sampleManifest({ artifacts }), 'custom'), undefined);
    assert.equal(trialOf(sampleManifest({ effort, artifacts }), 'plain'), undefined);
    assert.equal(trialOf(sampleManifest({ effort: { ...effort, seconds: 0 }, artifacts }), 'custom'), undefined);
  });
});
