import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { peakBytesOf } from './processes.ts';

/** A way to compress. */
export interface Compressor {
  readonly title: string;
  readonly program: 'zstd' | 'gzip';
  readonly args: readonly string[];
}

/** What one run of a compressor came to. */
export interface Compressed {
  readonly seconds: number;
  /** User and system time, as the shell's `times` tells it: exact also on a busy machine. */
  readonly cpuSeconds: number;
  readonly bytes: number;
  /** Most memory that it held. */
  readonly peakBytes: number;
}

/** zstd as a backup starts it, with these arguments for level and workers. */
export function zstd(...args: readonly string[]): Compressor {
  return { title: `\`zstd ${args.join(' ')}\``, program: 'zstd', args: ['-q', '-c', '--check', ...args] };
}

/**
 * Compresses a file, which is read to its end and from the start again until so many bytes have gone in.
 * @param input bytes of it a second, as from a pg_dump of that speed; undefined is as fast as it can be read.
 * @param output the same for what comes out, as over a link.
 */
export async function compress(
  { program, args }: Compressor,
  file: string,
  { bytes, input, output }: { readonly bytes: number; readonly input?: number; readonly output?: number | undefined },
): Promise<Compressed> {
  const started = performance.now();
  const shell = spawn('sh', ['-c', '"$0" "$@" || exit; times >&3', program, ...args], {
    stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
  });
  const { stdin, stdout } = shell;
  if (!stdin || !stdout) throw new Error('the shell has no pipes');
  let peakBytes = 0;
  const timer = setInterval(() => (peakBytes = Math.max(peakBytes, peakBytesOf(onlyChild(shell)))), 20);
  const times = text(shell.stdio[3] as Readable);
  const closed = new Promise((resolve) => shell.once('close', resolve));
  let written = 0;
  const discard = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) written += chunk.length;
  };
  try {
    await Promise.all([
      pipeline(Readable.from(paced(repeated(file, bytes), input)), stdin),
      discard(paced(stdout, output)),
    ]);
    const exitCode = await closed;
    if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${String(exitCode)}`);
    return {
      seconds: (performance.now() - started) / 1000,
      cpuSeconds: childrenSeconds(await times),
      bytes: written,
      peakBytes,
    };
  } finally {
    clearInterval(timer);
    shell.kill();
  }
}

async function* repeated(file: string, bytes: number): AsyncGenerator<Buffer> {
  for (let left = bytes; left > 0;) {
    for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024, end: left - 1 })) {
      left -= (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  }
}

/** Hands chunks on no faster than so many bytes a second. */
async function* paced(chunks: AsyncIterable<Buffer>, bytesPerSecond = Infinity): AsyncGenerator<Buffer> {
  const started = performance.now();
  let bytes = 0;
  for await (const chunk of chunks) {
    yield chunk;
    bytes += chunk.length;
    const early = (bytes / bytesPerSecond) * 1000 - (performance.now() - started);
    if (early > 1) await sleep(early);
  }
}

/** The process that the shell has started; 0 when there is none. */
function onlyChild({ pid }: ChildProcess): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]);
  } catch {
    return 0;
  }
}

/** The second line of `times` is that of children: `0m1.250s 0m0.080s`. */
function childrenSeconds(times: string): number {
  const found = [...(times.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return found.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
}
