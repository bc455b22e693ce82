import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readme } from './readme/text.ts';

/** Runs the demo with a folder for temporary files of its own; stops it once a text has appeared, when told. */
async function runDemo(t: TestContext, options: { path?: string; stop?: [text: string, signal: NodeJS.Signals] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'pg-offsite-demo-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'demo/demo.ts')], {
    env: { ...process.env, PATH: options.path ?? process.env['PATH'], TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (options.stop && output.includes(options.stop[0])) child.kill(options.stop[1]);
    });
  }
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, output, leftBehind: await readdir(folder) };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return await once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
}

void test('the demo backs a shop up, restores it, finds it equal and leaves nothing behind', async (t) => {
  const { exitCode, output, leftBehind } = await runDemo(t);
  assert.equal(exitCode, 0, output);
  assert.match(output, /^ {4}│ \{"outcome":"success"/m);
  assert.match(output, /^ {4}database\.dump\.zst\.age +\d/m, 'the bucket is listed');
  assert.match(output, /pg_restore/, 'the commands of RESTORE.md are shown');
  assert.match(output, /database\.dump\.zst\.age: OK/);
  for (const table of ['customers', 'products', 'orders', 'order_items', 'payments', 'reviews'])
    assert.match(output, new RegExp(`^ {4}${table} .*✔$`, 'm'));
  assert.match(output, /as many of each +✔$/m);
  assert.doesNotMatch(output, /✘/);
  const commands = output.match(/^ {4}docker .*$/gm) ?? [];
  assert.ok(commands.length > 3);
  for (const command of commands) assert.ok(readme.includes(`\n${command.trim()}\n`), `not in README.md: ${command}`);
  const escape = String.fromCharCode(27);
  assert.ok(!output.includes(escape), 'no colours where there is no terminal');
  const widest = Math.max(...output.split('\n').map((line) => line.length));
  assert.ok(widest <= 100, `the widest line has ${String(widest)} columns`);
  assert.deepEqual(leftBehind, []);
});

void test('the demo fails when a single value that came back is another', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pg-offsite-demo-path-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'bin'));
  const path = process.env['PATH'] ?? '';
  const wrapper = [
    '#!/bin/sh',
    `PATH='${path}' pg_restore "$@" || exit`,
    `exec psql -X -q -c "UPDATE customers SET city = 'Elsewhere' WHERE id = 4711"`,
  ];
  await writeFile(join(folder, 'bin/pg_restore'), `${wrapper.join('\n')}\n`, { mode: 0o755 });
  const { exitCode, output } = await runDemo(t, { path: `${join(folder, 'bin')}:${path}` });
  assert.equal(exitCode, 1, output);
  assert.match(output, /^ {4}customers .*✘$/m);
  assert.match(output, /^ {4}orders .*✔$/m);
});

for (const text of ['made for this demo', './entrypoint.sh', 'sha256sum -c SHA256SUMS']) {
  void test(`stopped when it has printed "${text}", the demo ends its servers and removes its files`, async (t) => {
    const { exitCode, output, leftBehind } = await runDemo(t, { stop: [text, 'SIGINT'] });
    assert.equal(exitCode, 130, output);
    const port = Number(/on port (\d+)/.exec(output)?.[1]);
    assert.equal(await isListening(port), false, 'the PostgreSQL server is gone');
    assert.deepEqual(leftBehind, []);
  });
}
