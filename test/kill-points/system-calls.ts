import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Channel } from './channel.ts';

/**
 * What a run changes in files and which programs it starts, where node itself does so: the run kills itself right before
 * or right after (see preload.ts), and so at exactly that point.
 */
export const systemCalls: Channel = {
  watch: (point) => {
    const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-kill-point-'));
    const trace = join(folder, 'calls');
    return {
      variables: { KILL_POINT: JSON.stringify({ ...point, trace }) },
      preload: join(import.meta.dirname, 'preload.ts'),
      attach: () => undefined,
      calls: () => readFileSync(trace, 'utf8').split('\n').slice(0, -1),
      [Symbol.dispose]: () => {
        rmSync(folder, { recursive: true });
      },
    };
  },
};
