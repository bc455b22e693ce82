import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import type { EncryptionConfig } from '../../src/config/config.ts';
import { prepareEncryption } from '../../src/pipeline/encrypt.ts';
import { never } from './shell-stage.ts';

/** Data as the product encrypts it, and the recipients that it notes. `during` is called while the program runs. */
export async function encrypted(
  config: EncryptionConfig,
  data: Buffer,
  during: () => void = () => undefined,
  searchPath = process.env['PATH'] ?? '',
): Promise<{ output: Buffer; recipients: readonly string[] }> {
  await using encryption = await prepareEncryption(config, searchPath, never);
  const { stage, recipients } = encryption;
  if (!stage) return { output: data, recipients };
  const child = spawn(stage.program, stage.args, { env: stage.env, stdio: ['pipe', 'pipe', 'inherit', 'pipe'] });
  const third = child.stdio[3] as NodeJS.WritableStream;
  third.end(typeof stage.descriptor3 === 'string' ? stage.descriptor3 : '');
  const input = child.stdin as NodeJS.WritableStream;
  const output = buffer(child.stdout as NodeJS.ReadableStream & AsyncIterable<Buffer>);
  input.write(data.subarray(0, data.length >> 1));
  await new Promise((resolve) => setTimeout(resolve, 50));
  during();
  input.end(data.subarray(data.length >> 1));
  const [bytes, [code]] = await Promise.all([output, once(child, 'close') as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`${stage.name} ended with ${String(code)}`);
  return { output: bytes, recipients };
}
