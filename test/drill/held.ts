import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { after } from 'node:test';
import type { ConnectionConfig } from '../../src/config/config.ts';

/** A drill in a process of its own. */
export interface HeldScratch {
  readonly child: ChildProcess;
  readonly target: Pick<ConnectionConfig, 'host' | 'user' | 'database'>;
  /** Sends the signal and resolves when the process has ended. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/**
 * Starts a process that holds a scratch database, and resolves when it has it. Rejects with its last words. It is ended
 * with the test at the latest.
 */
export async function holdScratch({
  env,
  server,
  command = (program, args) => [program, [...args]],
}: {
  readonly env?: Readonly<Record<string, string>>;
  /** A server elsewhere that asks for no password. */
  readonly server?: ConnectionConfig;
  readonly command?: (program: string, args: readonly string[]) => [string, string[]];
} = {}): Promise<HeldScratch> {
  const script = join(import.meta.dirname, 'hold-scratch.ts');
  const [program, args] = command(process.execPath, [script, ...(server ? [JSON.stringify(server)] : [])]);
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  after(() => child.kill('SIGTERM'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const first = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([line]) => String(line)),
    closed.then(() => undefined),
  ]);
  if (first === undefined) throw new Error(`it made no scratch database: ${said}`);
  return {
    child,
    target: JSON.parse(first) as HeldScratch['target'],
    end: async (signal) => {
      child.kill(signal);
      await closed;
    },
  };
}
