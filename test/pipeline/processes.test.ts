import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Failure } from '../../src/errors.ts';
import { joinProcesses } from '../../src/pipeline/processes.ts';
import { lasting } from '../support/processes.ts';
import { drain, failureOf, never, shellStages } from '../support/shell-stage.ts';

const mebibyte = 1024 ** 2;
describe('bytes', () => {
  let folder: string;
  let file: string;
  const data = randomBytes(50 * mebibyte);
  const sizes: [bytes: number, runs: number][] = [0, 1, 65_535, 65_536, 65_537].map((bytes) => [bytes, 12]);
  sizes.push([data.length, 3]);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pg-offsite-test-'));
    file = join(folder, 'data');
    await writeFile(file, data);
  });
  after(() => rm(folder, { recursive: true }));

  for (const [bytes, runs] of sizes) {
    test(`${String(bytes)} bytes come out of three joined programs as they went in, ${String(runs)} times`, async () => {
      const expected = createHash('sha256').update(data.subarray(0, bytes)).digest('hex');
      const { stage } = shellStages();
      for (let run = 0; run < runs; run++) {
        const stages = [
          stage('a', `exec head -c ${String(bytes)} '${file}'`),
          stage('b', 'exec cat'),
          stage('c', 'cat'),
        ];
        const hash = createHash('sha256');
        for await (const chunk of joinProcesses(stages, never).output) hash.update(chunk);
        assert.equal(hash.digest('hex'), expected, `run ${String(run)}`);
      }
    });
  }

  test('a source that has written and exited before anybody reads loses nothing', async () => {
    const { stage } = shellStages();
    const { output } = joinProcesses([stage('a', 'echo early'), stage('b', 'sleep 0.2; cat')], never);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(String(await drain(output)), 'early\n');
  });
});

describe('the end of the output', () => {
  test('comes only after the last program has exited, however early it closed its output', async (t) => {
    const { stage } = shellStages();
    const folder = await mkdtemp(join(tmpdir(), 'pg-offsite-test-'));
    t.after(() => rm(folder, { recursive: true }));
    const flag = join(folder, 'exited');
    const last = stage('last', `cat; exec >&-; sleep 0.3; echo yes > '${flag}'`);
    await drain(joinProcesses([stage('source', 'echo x'), last], never).output);
    assert.equal(await readFile(flag, 'utf8'), 'yes\n');
  });

  test('comes only after the first program has exited, however early it closed its output', async () => {
    const { stage } = shellStages();
    const source = stage('source', 'echo whole; exec >&-; sleep 0.3; exit 3');
    assert.match((await failureOf([source, stage('cat', 'cat')])).message, /^source failed with exit code 3$/);
  });

  test('does not come when the consumer ends the pipeline with stop', async () => {
    const { stage, left } = shellStages();
    const { output, stop } = joinProcesses([stage('source', 'echo x; sleep 60')], never);
    const reading = drain(output);
    const rejected = assert.rejects(reading, /the pipeline was stopped before its end/);
    await stop();
    await rejected;
    assert.deepEqual(await lasting(left), []);
  });
});

describe('a failure is told of the stage that is to blame', () => {
  const flood = 'while :; do echo 0123456789012345678901234567890123456789; done';
  const cases: { title: string; scripts: string[]; message: RegExp }[] = [
    {
      title: 'the source exits with 1 after its output and the others exit with 0',
      scripts: ['echo data; echo "source: oh no" >&2; exit 1', 'cat', 'cat'],
      message: /^first failed with exit code 1: source: oh no$/,
    },
    {
      title: 'the source is killed and the others exit with 0',
      scripts: ['echo data; kill -KILL $$', 'cat', 'cat'],
      message: /^first was killed by SIGKILL$/,
    },
    {
      title: 'the source dies and the others complain of its cut output',
      scripts: ['echo data; echo "wrong key" >&2; exit 1', 'cat >/dev/null; echo truncated >&2; exit 2', 'cat; exit 3'],
      message: /^first failed with exit code 1: wrong key$/,
    },
    {
      title: 'the middle exits with 1 and the source dies of SIGPIPE',
      scripts: [flood, 'head -c 100000; echo "middle: full" >&2; exit 1', 'cat'],
      message: /^second failed with exit code 1: middle: full$/,
    },
    {
      title: 'the middle is killed and the source dies of SIGPIPE',
      scripts: [flood, 'head -c 100000; kill -KILL $$', 'cat'],
      message: /^second was killed by SIGKILL$/,
    },
    {
      title: 'the last exits with 1 and both others die of SIGPIPE',
      scripts: [flood, 'exec cat', 'head -c 100000; echo "last: full" >&2; exit 1'],
      message: /^third failed with exit code 1: last: full$/,
    },
    {
      title: 'the last is killed and both others die of SIGPIPE',
      scripts: [flood, 'exec cat', 'head -c 100000; kill -KILL $$'],
      message: /^third was killed by SIGKILL$/,
    },
    {
      title: 'the last closes its input, and takes its time to say why it fails',
      scripts: [flood, 'exec cat', 'head -c 1000; exec <&-; sleep 0.4; echo "last: full" >&2; exit 1'],
      message: /^third failed with exit code 1: last: full$/,
    },
    {
      title: 'a writer reports its broken pipe by an exit code of its own',
      scripts: [
        `trap '' PIPE; while echo 0123456789; do :; done; echo 'cannot write: Broken pipe' >&2; exit 9`,
        'head -c 1000; exit 4',
      ],
      message: /^second failed with exit code 4/,
    },
    {
      title: 'the last ends early with 0, so that the source loses its reader',
      scripts: [flood, 'head -c 1000'],
      message: /^first (was killed by SIGPIPE|failed)/,
    },
    {
      title: 'the first and the last fail by themselves',
      scripts: ['echo data; exit 5', 'cat', 'cat; exit 6'],
      message: /^first failed with exit code 5$/,
    },
  ];
  for (const { title, scripts, message } of cases) {
    test(title, async () => {
      const { stage, left } = shellStages();
      const names = ['first', 'second', 'third'];
      const failure = await failureOf(scripts.map((script, index) => stage(names[index]!, script)));
      assert.match(failure.message, message);
      assert.equal((failure as Failure).kind, 'dump');
      assert.deepEqual(await lasting(left), []);
    });
  }

  for (const position of [0, 1, 2]) {
    for (const [why, program] of [
      ['is not there', '/nowhere/program'],
      ['has a path through a file', '/etc/passwd/program'],
    ] as const) {
      test(`program ${String(position + 1)} of three ${why}`, async () => {
        const { stage, left } = shellStages();
        const stages = ['first', 'second', 'third'].map((name, index) =>
          stage(name, index === 0 ? flood : 'exec cat', index === position ? { program } : {}),
        );
        const failure = await failureOf(stages);
        assert.match(failure.message, new RegExp(`^${stages[position]!.name} could not be started: `));
        assert.ok(failure.cause instanceof Error);
        assert.deepEqual(await lasting(left), []);
      });
    }
  }

  test('more arguments than the system takes are a stage that could not be started', async () => {
    const { stage, left } = shellStages();
    const huge = stage('huge', 'true', { args: Array.from({ length: 40 }, () => 'x'.repeat(120_000)) });
    assert.match((await failureOf([stage('first', 'exec yes'), huge])).message, /^huge could not be started: /);
    assert.deepEqual(await lasting(left), []);
  });

  test('the stage explains its failure itself where it can', async () => {
    const { stage } = shellStages();
    const explained = new Error('explained');
    const failure = await failureOf([stage('first', 'echo why >&2; exit 7', { explain: () => explained })]);
    assert.equal(failure, explained);
  });
});
