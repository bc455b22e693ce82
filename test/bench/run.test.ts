import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DOMParser } from '@xmldom/xmldom';
import type { AllFigures } from '../../bench/figures.ts';
import { runCommand } from '../support/run-command.ts';
import { useS3 } from '../support/s3.ts';

const root = join(import.meta.dirname, '../..');
const s3 = await useS3();

test(
  'the bench runs as a whole and writes results, goals, plot and the words of the README',
  { timeout: 600_000 },
  async (t) => {
    const checkout = mkdtempSync(join(tmpdir(), 'pg-offsite-bench-test-'));
    t.after(() => rmSync(checkout, { recursive: true, force: true }));
    mkdirSync(join(checkout, 'bench'));
    for (const file of ['README.md', 'bench/RESULTS.md']) cpSync(join(root, file), join(checkout, file));

    const sections = ['backup', 'restore', 'memory', 'link'];
    const args = [...sections, '--size', '0.001', '--rounds', '1', '--write', checkout];
    await runCommand(process.execPath, [join(root, 'bench/run.ts'), ...args], {
      env: {
        ...process.env,
        TEST_S3_ENDPOINT: s3.endpoint,
        TEST_S3_ACCESS_KEY: s3.accessKeyId,
        TEST_S3_SECRET_KEY: s3.secretAccessKey,
      },
    });

    const read = (file: string) => readFileSync(join(checkout, file), 'utf8');
    const figures = JSON.parse(read('bench/figures.json')) as AllFigures;
    const all = [figures.backup, figures.restore, figures.memory, figures.link].flatMap((one) => one?.ways ?? []);
    assert.ok(all.length >= 28, `${all.length} ways`);
    for (const way of all) {
      assert.ok(way.seconds > 0 && way.treeCpuSeconds > 0, JSON.stringify(way));
      // Memory is looked at a few times a second.
      if (way.seconds > 0.5) assert.ok(way.treePeakBytes > 0, JSON.stringify(way));
      if (way.ours) assert.ok(way.cpuSeconds > 0 && way.peakBytes > 50e6, JSON.stringify(way));
    }
    const stored = all.filter(
      ({ id }) =>
        /^(gzip|file|lanes-\d(-age)?|link-.*)$/.test(id) && !figures.restore?.ways.some((way) => way.id === id),
    );
    assert.deepEqual(
      stored.filter(({ storedBytes }) => storedBytes === 0),
      [],
    );

    const results = read('bench/RESULTS.md');
    for (const name of [...sections, 'goals']) {
      const section = results.split(`<!-- ${name} -->`)[1]?.split(`<!-- /${name} -->`)[0] ?? '';
      const rows = section.split('\n').filter((line) => line.startsWith('|')).length - 2;
      assert.equal(rows, name === 'goals' ? 9 : (figures[name as keyof AllFigures]?.ways.length ?? 0), section);
      assert.doesNotMatch(section, /NaN|undefined|Infinity/);
    }
    const words = read('README.md').split('<!-- bench-words -->')[1]?.split('<!-- /bench-words -->')[0] ?? '';
    assert.match(words, /docs\/images\/bench\.svg/);
    assert.match(words, /`npm run bench` repeats it/);
    assert.doesNotMatch(words, /NaN|undefined|\?/);

    const plot = new DOMParser().parseFromString(read('docs/images/bench.svg'), 'image/svg+xml');
    const texts = [...plot.getElementsByTagName('text')].map((text) => text.textContent ?? '');
    assert.ok(texts.includes('pg_dump | gzip | aws s3 cp -'), texts.join('\n'));
    assert.ok(texts.includes('store and database far, 4 lanes'), texts.join('\n'));
  },
);
