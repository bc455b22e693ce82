import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { unprivileged } from './unprivileged.ts';

/** A signal without its `SIG`. */
export type EndSignal = 'TERM' | 'INT' | 'QUIT' | 'KILL';

/** A server process of a test. */
export interface SupervisedServer {
  /** What it has written to stderr so far. */
  log(): string;
  /** Sends a signal (`endSignal` when none is given), waits for the server's end and removes its folder. More than one call does no harm. */
  stop(signal?: EndSignal): Promise<void>;
}

/** What to start and how to know that it has started. */
export interface SuperviseOptions {
  /** Removed when the server has ended. */
  readonly folder: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Part of the line on stderr after which the server takes connections. */
  readonly readyLine: string;
  /** Ends the server at once: what it gets when this process dies. */
  readonly endSignal: EndSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Starts a server as a user who is not root and resolves when it is ready. It ends, and its folder goes, when `stop` is
 * called or when this process ends in any way. Rejects with the server's log, folder removed, when it does not start.
 */
export async function supervise(options: SuperviseOptions): Promise<SupervisedServer> {
  const [program, args] = (await unprivileged()).command(options.program, options.args);
  const script = join(import.meta.dirname, 'supervise.sh');
  const child = spawn('sh', [script, options.folder, options.endSignal, program, ...args], {
    stdio: ['pipe', 'ignore', 'pipe'],
    cwd: '/',
    env: options.env,
  });
  const closed = once(child, 'close');
  const lines: string[] = [];
  const log = () => lines.join('\n');
  const stderr = createInterface(child.stderr);
  const stop = async (signal = options.endSignal) => {
    child.ref();
    if (child.stdin.writable) child.stdin.end(`${signal}\n`);
    await closed;
  };
  const ready = await new Promise<boolean>((resolve) => {
    stderr.on('line', (line) => {
      lines.push(line);
      if (line.includes(options.readyLine)) resolve(true);
    });
    stderr.once('close', () => resolve(false));
  });
  if (!ready) {
    await stop();
    throw new Error(`${options.program} did not start\n${log()}`);
  }
  child.unref();
  (child.stderr as unknown as { unref(): void }).unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return { log, stop };
}
