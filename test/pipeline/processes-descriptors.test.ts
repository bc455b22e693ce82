import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { joinProcesses } from '../../src/pipeline/processes.ts';
import { lasting, processesShowing } from '../support/processes.ts';
import { failureOf, never, shellStages } from '../support/shell-stage.ts';

describe('standard error', () => {
  test('a flood of lines blocks nothing, and only the last 40 lines are kept', async () => {
    const { stage } = shellStages();
    let kept: readonly string[] = [];
    const explain = ({ stderr }: { stderr: readonly string[] }): Error => {
      kept = stderr;
      return new Error('explained');
    };
    await failureOf([stage('loud', 'seq 1 200000 >&2; echo out; exit 1', { explain })]);
    assert.deepEqual(
      kept,
      Array.from({ length: 40 }, (_, index) => String(199_961 + index)),
    );
  });

  test('a flood without a newline blocks nothing and is cut', async () => {
    const { stage } = shellStages();
    const failure = await failureOf([stage('loud', 'head -c 30000000 /dev/zero | tr "\\0" x >&2; exit 1')]);
    assert.equal(failure.message, `loud failed with exit code 1: ${'x'.repeat(2000)}`);
  });

  test('what was written right before the exit is told, twenty times', async () => {
    const { stage } = shellStages();
    for (let run = 0; run < 20; run++) {
      const failure = await failureOf([stage('source', `echo "last word ${String(run)}" >&2; exit 1`)]);
      assert.equal(failure.message, `source failed with exit code 1: last word ${String(run)}`);
    }
  });

  test('a grandchild that keeps it open does not hold up the failure', async () => {
    const { stage, left } = shellStages();
    const failure = await failureOf([stage('source', 'sleep 60 >/dev/null & echo why >&2; exit 1')]);
    assert.equal(failure.message, 'source failed with exit code 1: why');
    assert.deepEqual(await lasting(left), []);
  });

  test('each line is offered to the stage, which keeps what is mere progress out of the failure', async () => {
    const { stage } = shellStages();
    const lines: string[] = [];
    const onStderrLine = (line: string): boolean => {
      lines.push(line);
      return line.startsWith('progress');
    };
    const script = 'echo "real trouble" >&2; echo "progress 1" >&2; echo "progress 2" >&2; exit 1';
    const failure = await failureOf([stage('source', script, { onStderrLine })]);
    assert.deepEqual(lines, ['real trouble', 'progress 1', 'progress 2']);
    assert.equal(failure.message, 'source failed with exit code 1: real trouble');
  });
});

describe('descriptor 3', () => {
  test('brings a passphrase that stands in no argv', async () => {
    const { stage } = shellStages();
    const passphrase = 'correct-horse-battery-canary';
    const source = stage('source', 'cat <&3; echo ready; sleep 0.3', { descriptor3: passphrase });
    const { output } = joinProcesses([source], never);
    let text = '';
    for await (const chunk of output) {
      text += String(chunk);
      assert.deepEqual(
        processesShowing(passphrase).map(({ argv }) => argv),
        [],
      );
    }
    assert.equal(text, `${passphrase}ready\n`);
  });

  test('a program that dies without reading it is told by its own failure', async () => {
    const { stage } = shellStages();
    const source = stage('source', 'exec 3<&-; exit 8', { descriptor3: 'x'.repeat(1024 ** 2) });
    assert.equal((await failureOf([source])).message, 'source failed with exit code 8');
  });
});
