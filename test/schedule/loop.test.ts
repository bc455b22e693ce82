import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Failure, type FailureKind } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';
import { keepSchedule, type LoopRequest } from '../../src/schedule/loop.ts';
import { Status } from '../../src/schedule/status.ts';
import { FakeClock } from './fake-clock.ts';

const [secondMs, minuteMs, hourMs] = [1000, 60_000, 3_600_000];
const dayMs = 24 * hourMs;

/** A schedule that is being kept, of runs that end when the test says so. */
class Kept {
  readonly clock: FakeClock;
  readonly status = new Status();
  /** When each run began. */
  readonly begun: string[] = [];
  readonly stops: string[] = [];
  log = '';
  readonly done: Promise<void>;
  readonly #stop = new AbortController();
  #end: ((exitCode: number) => void) | undefined;

  constructor(t: TestContext, start: string, changes: Partial<LoopRequest> & { expression?: string } = {}) {
    this.clock = new FakeClock(start);
    this.done = keepSchedule({
      schedule: { expression: changes.expression ?? '0 * * * *', timezone: 'Europe/Berlin' },
      jitterMs: 0,
      atOnce: false,
      clock: this.clock,
      random: () => 0.5,
      start: () => {
        assert.equal(this.#end, undefined, 'two runs at once');
        this.begun.push(this.clock.now().toISOString().slice(8, 19));
        const ended = new Promise<{ exitCode: number }>((resolve) => {
          this.#end = (exitCode) => {
            this.#end = undefined;
            resolve({ exitCode });
          };
        });
        return {
          ended,
          stop: async (signal) => {
            this.stops.push(signal);
            await ended;
          },
        };
      },
      status: this.status,
      log: createLog({ format: 'auto', level: 'info' }, { write: (text) => (this.log += text) }, (text) => text),
      signal: this.#stop.signal,
      ...changes,
    });
    t.after(async () => {
      this.stop();
      this.#end?.(143);
      await this.done;
    });
  }

  /** The run that is under way ends. */
  async end(exitCode = 0): Promise<void> {
    assert.ok(this.#end, 'no run is under way');
    this.#end(exitCode);
    await this.clock.pass(0);
  }

  stop(kind: FailureKind = 'sigterm'): void {
    this.#stop.abort(new Failure(kind, 'stopped'));
  }
}

test('a run begins at each tick, and not before', async (t) => {
  const kept = new Kept(t, '2026-06-01T10:20:00Z');
  await kept.clock.pass(40 * minuteMs - 1);
  assert.deepEqual(kept.begun, []);
  await kept.clock.pass(1);
  assert.deepEqual(kept.begun, ['01T11:00:00']);
  await kept.end();
  await kept.clock.pass(hourMs);
  assert.deepEqual(kept.begun, ['01T11:00:00', '01T12:00:00']);
  assert.equal(kept.status.missedTicks, 0);
});

test('no sleep is so long that a clock which is set would go unnoticed', async (t) => {
  const kept = new Kept(t, '2026-06-01T10:20:00Z', { expression: '@monthly' });
  await kept.clock.pass(hourMs);
  assert.ok(kept.clock.sleeps.length >= 120);
  assert.ok(Math.max(...kept.clock.sleeps) <= 30_000);
});

test('--now starts one at once, and the next at its tick', async (t) => {
  const kept = new Kept(t, '2026-06-01T10:20:00Z', { atOnce: true });
  await kept.clock.pass(0);
  await kept.end();
  await kept.clock.pass(hourMs);
  assert.deepEqual(kept.begun, ['01T10:20:00', '01T11:00:00']);
});

test('a tick during a run starts nothing, is told, and counts as missed', async (t) => {
  const kept = new Kept(t, '2026-06-01T10:20:00Z');
  await kept.clock.pass(3 * hourMs);
  assert.deepEqual(kept.begun, ['01T11:00:00']);
  assert.equal(kept.status.missedTicks, 2);
  assert.match(kept.log, /WARN: no backup for the tick at 2026-06-01T12:00Z: the one before is still running/);
  await kept.end();
  await kept.clock.pass(hourMs);
  assert.deepEqual(kept.begun, ['01T11:00:00', '01T14:00:00']);
});

test('a run that fails is told with its exit code, and the schedule goes on', async (t) => {
  const kept = new Kept(t, '2026-06-01T10:20:00Z');
  await kept.clock.pass(hourMs);
  await kept.end(74);
  assert.match(kept.log, /ERROR: the backup failed with exit code 74; the next tick is at 2026-06-01T12:00Z/);
  assert.equal(kept.status.healthy, false);
  await kept.clock.pass(hourMs);
  await kept.end(0);
  assert.equal(kept.status.healthy, true);
  assert.equal(kept.begun.length, 2);
});

test('a run begins within the jitter after its tick, another time each', async (t) => {
  const randoms = [0, 0.25, 0.999];
  const kept = new Kept(t, '2026-06-01T10:20:00Z', { jitterMs: 10 * minuteMs, random: () => randoms.shift() ?? 0 });
  for (let run = 0; run < 3; run++) {
    await kept.clock.pass(hourMs);
    await kept.end();
  }
  assert.deepEqual(kept.begun, ['01T11:00:00', '01T12:02:30', '01T13:09:59']);
  assert.equal(kept.status.missedTicks, 0);
});

test('after a sleep of the machine there is one run at once, and the other ticks count as missed', async (t) => {
  const kept = new Kept(t, '2026-06-01T10:20:00Z');
  await kept.clock.pass(minuteMs);
  await kept.clock.jump(5 * hourMs);
  assert.deepEqual(kept.begun, ['01T15:21:00']);
  assert.equal(kept.status.missedTicks, 4);
  assert.match(kept.log, /WARN: 4h 21m late: the machine slept, or its clock was set forward/);
  await kept.end();
  await kept.clock.pass(hourMs);
  assert.deepEqual(kept.begun, ['01T15:21:00', '01T16:00:00']);
});

test('a clock that is set back by far is told, and its next tick is the next one', async (t) => {
  const kept = new Kept(t, '2036-06-01T10:20:00Z', { expression: '0 3 * * *' });
  await kept.clock.pass(minuteMs);
  await kept.clock.jump(-10 * 365 * dayMs);
  assert.match(kept.log, /WARN: the clock was set back by 10y/);
  await kept.clock.pass(dayMs);
  assert.equal(kept.begun.length, 1);
});

test('a clock that goes back a little does not serve a tick twice', async (t) => {
  const kept = new Kept(t, '2026-06-01T10:59:00Z');
  await kept.clock.pass(minuteMs);
  await kept.end(78);
  await kept.clock.jump(-10 * secondMs);
  await kept.clock.pass(30 * minuteMs);
  assert.deepEqual(kept.begun, ['01T11:00:00']);
});

test('in the night in which clocks go back, 02:30 is served once; in the other one, an hour later', async (t) => {
  for (const [start, ticks] of [
    ['2026-10-24T12:00:00Z', ['25T00:30:00', '26T01:30:00']],
    ['2026-03-28T12:00:00Z', ['29T01:30:00', '30T00:30:00']],
  ] as const) {
    const kept = new Kept(t, start, { expression: '30 2 * * *' });
    for (let day = 0; day < 2; day++) {
      await kept.clock.pass(dayMs);
      await kept.end();
    }
    assert.deepEqual(kept.begun, ticks);
  }
});

for (const [kind, signal] of [
  ['sigterm', 'SIGTERM'],
  ['sigint', 'SIGINT'],
  ['bug', 'SIGTERM'],
] as const) {
  test(`${kind} during a run is passed on as ${signal}, and its end is waited for`, async (t) => {
    const kept = new Kept(t, '2026-06-01T10:20:00Z', { atOnce: true });
    let over = false;
    void kept.done.then(() => (over = true));
    kept.stop(kind);
    await kept.clock.pass(hourMs);
    assert.deepEqual(kept.stops, [signal]);
    assert.equal(over, false);
    await kept.end(143);
    assert.equal(over, true);
    assert.equal(kept.begun.length, 1, 'a run was started after the signal');
  });
}

test('a signal between runs ends it at once', async (t) => {
  const kept = new Kept(t, '2026-06-01T10:20:00Z');
  await kept.clock.pass(minuteMs);
  kept.stop();
  await kept.done;
  assert.deepEqual([kept.begun, kept.stops], [[], []]);
});
