import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves once the condition holds; asks every 20 ms and rejects after 20 s with what was waited for. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUp = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > giveUp) throw new Error(`waited in vain until ${what}`);
    await sleep(20);
  }
}
