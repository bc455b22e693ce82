import prettyMs from 'pretty-ms';
import { Failure } from '../errors.ts';
import type { LaneProgress } from './progress.ts';

/**
 * Calls `onStall` when no byte of a lane has moved for the given time: a dump that hangs, a store that takes nothing.
 * Time alone is no stall; a slow run that moves goes on. Stop it by disposing.
 */
export function watchForStall(lane: LaneProgress, stallMs: number, onStall: (failure: Failure) => void): Disposable {
  let moved = -1;
  let since = performance.now();
  const timer = setInterval(
    () => {
      void lane.refresh().then(() => {
        const now = performance.now();
        if (lane.moved !== moved) {
          moved = lane.moved;
          since = now;
        } else if (now - since >= stallMs) {
          clearInterval(timer);
          onStall(stallFailure(lane, stallMs));
        }
      });
    },
    Math.max(50, Math.min(1000, stallMs / 10)),
  );
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
    },
  };
}

function stallFailure(lane: LaneProgress, stallMs: number): Failure {
  const time = prettyMs(stallMs);
  if (lane.meter.waitingFor === 'reader') {
    return new Failure('store', `the store has taken no byte for ${time}`, {
      hint: 'Check the network and the store; STALL_TIMEOUT says how long to wait.',
    });
  }
  const table = lane.table === undefined ? '' : ` in table ${lane.table}`;
  return new Failure('dump', `pg_dump has written no byte for ${time}${table}`, {
    hint: 'See what its session waits for in pg_stat_activity; STALL_TIMEOUT says how long to wait.',
  });
}
