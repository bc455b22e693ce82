import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { joinProcesses } from '../../src/pipeline/processes.ts';
import { lasting } from '../support/processes.ts';
import { drain, never, shellStages } from '../support/shell-stage.ts';

const sigterm = new Failure('sigterm', 'interrupted by SIGTERM');

describe('an aborted signal', () => {
  test('before the start: its reason is thrown and nothing was started', async () => {
    const { stage, left } = shellStages();
    const joined = joinProcesses([stage('source', 'echo started; sleep 60')], AbortSignal.abort(sigterm));
    assert.equal(joined.firstPid, undefined);
    await assert.rejects(drain(joined.output), sigterm);
    assert.deepEqual(await lasting(left), []);
  });

  for (const [when, script] of [
    ['while bytes flow', 'exec yes'],
    ['while the source is silent', 'echo begun; exec sleep 60'],
    ['while a grandchild works', 'echo begun; sleep 60; echo done'],
    ['while a grandchild in the background works', 'sleep 60 & echo begun; wait'],
    ['while a grandchild that wants to outlive it works', "(trap '' TERM; exec >&- 2>&-; sleep 60) & echo begun; wait"],
  ] as const) {
    test(`${when}: its reason is thrown and no process is left`, async () => {
      const { stage, left } = shellStages();
      const aborting = new AbortController();
      const { output } = joinProcesses([stage('source', script), stage('cat', 'exec cat')], aborting.signal);
      const reading = (async () => {
        for await (const _chunk of output) aborting.abort(sigterm);
      })();
      await assert.rejects(reading, sigterm);
      assert.deepEqual(await lasting(left), []);
    });
  }

  test('a child that ignores SIGTERM is killed after the grace time', async () => {
    const { stage, left } = shellStages();
    const aborting = new AbortController();
    const stubborn = stage('stubborn', "trap '' TERM; echo begun; while :; do sleep 1; done");
    const reading = (async () => {
      for await (const _chunk of joinProcesses([stubborn], aborting.signal).output) aborting.abort(sigterm);
    })();
    await assert.rejects(reading, sigterm);
    assert.deepEqual(await lasting(left), []);
  });

  test('a grandchild that left the process group and holds the output open cannot make it wait for ever', async (t) => {
    const { stage, left } = shellStages();
    t.after(() => {
      for (const { pid } of left()) process.kill(pid, 'SIGKILL');
    });
    const aborting = new AbortController();
    const source = stage('source', 'setsid sleep 60 & echo begun; wait');
    const reading = (async () => {
      for await (const _chunk of joinProcesses([source], aborting.signal).output) aborting.abort(sigterm);
    })();
    await assert.rejects(reading, sigterm);
  });
});

describe('nothing is left running', () => {
  test('when the consumer returns early', async () => {
    const { stage, left } = shellStages();
    const { output } = joinProcesses([stage('source', 'exec yes'), stage('cat', 'exec cat')], never);
    for await (const _chunk of output) break;
    assert.deepEqual(await lasting(left), []);
  });

  test('when nobody ever iterates and stop is called, also twice', async () => {
    const { stage, left } = shellStages();
    const { stop } = joinProcesses([stage('source', 'exec yes'), stage('cat', 'exec cat')], never);
    assert.equal(left().length, 2);
    await Promise.all([stop(), stop()]);
    assert.deepEqual(await lasting(left), []);
  });

  test('when nobody iterates and a stage fails', async () => {
    const { stage, left } = shellStages();
    const { stop } = joinProcesses([stage('source', 'exec sleep 60'), stage('broken', 'exit 1')], never);
    while (left().length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    await stop();
  });
});

test('the children stand in process groups of their own, so that a Ctrl-C of the terminal does not reach them', async () => {
  const { stage } = shellStages();
  const { output, firstPid } = joinProcesses([stage('source', 'echo x; exec sleep 60')], never);
  for await (const _chunk of output) {
    const stat = await readFile(`/proc/${String(firstPid)}/stat`, 'utf8');
    assert.equal(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]), firstPid);
    break;
  }
});

test('a pipeline that ends well leaves no listener on the signal', async () => {
  const controller = new AbortController();
  const { stage } = shellStages();
  await drain(joinProcesses([stage('source', 'echo x')], controller.signal).output);
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
});
