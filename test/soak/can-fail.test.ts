import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CreateMultipartUploadCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import pg from 'pg';
import { useS3 } from '../support/s3.ts';
import { type Laboratory, openLaboratory } from './laboratory.ts';
import { soakLarge } from './large.ts';
import { fakeInPath, module } from './planted.ts';
import { soakRuns } from './runs.ts';
import { soakSameProcess } from './same-process.ts';

// Leaks that are planted, to see that they are found.
const s3 = await useS3();
const never = new AbortController().signal;
const timeout = 300_000;

describe('a leak is found', { timeout }, () => {
  let laboratory: Laboratory;
  before(async () => {
    laboratory = await openLaboratory(s3);
  });
  after(() => laboratory[Symbol.asyncDispose]());

  test('of one run: a process, a file, a session, an unfinished upload, an object too many', async () => {
    const { folder, folders, postgres, bucket } = laboratory;
    const upload = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'planted-upload' }));
    assert.ok(upload.UploadId);
    writeFileSync(join(folders.temporary, 'planted-file'), '');
    await using stack = new AsyncDisposableStack();
    const client = stack.adopt(
      new pg.Client({ connectionString: postgres.url(), application_name: 'planted-session' }),
      (one) => one.end(),
    );
    await client.connect();
    await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: 'planted-object', Body: 'x' }));
    const variables = fakeInPath(
      laboratory,
      folder,
      'age',
      'setsid sleep 20 <&- >&- 2>&- 3<&- &\nexec /usr/bin/age "$@"',
    );
    const { wrong } = await soakRuns(laboratory, { runs: 1, restoreEvery: 2, variables });
    const processes = wrong.filter((text) => /^run 1: a process: \d+ sleep 20/.test(text));
    for (const text of processes) process.kill(Number(/\d+(?= sleep)/.exec(text)?.[0]));
    assert.ok(processes.length > 0, wrong.join('\n'));
    const others = wrong.filter((text) => !processes.includes(text));
    assert.deepEqual(
      others.map((text) => /planted-\w+/.exec(text)?.[0]),
      ['planted-file', 'planted-session', 'planted-upload', 'planted-object'],
    );
  });

  test('of one process: descriptors, listeners, memory', async () => {
    const leaking = module(`
      import { openSync } from 'node:fs';
      const kept = (globalThis.kept = []);
      setInterval(() => {
        openSync('/dev/null');
        process.on('leak', () => undefined).setMaxListeners(0);
        kept.push(Array.from({ length: 2e4 }, (_, i) => ({ i })));
      }, 100).unref();`);
    const { wrong } = await soakSameProcess(laboratory, { runs: 5, signal: never, preload: leaking });
    for (const name of ['descriptors', 'listeners', 'heapMB']) {
      assert.ok(
        wrong.some((text) => text.startsWith(`${name} grew`)),
        `${name}: ${wrong.join('\n')}`,
      );
    }
  });

  test('of a large one: too much memory', async () => {
    const { wrong } = await soakLarge(laboratory, {
      gigabytes: 0.4,
      compression: 'none',
      partSize: '64MiB',
      signal: never,
    });
    assert.ok(
      wrong.some((text) => /^node held \d+ MB$/.test(text)),
      wrong.join('\n'),
    );
  });
});
