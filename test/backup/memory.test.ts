import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fakePgDump } from '../support/fake-programs.ts';
import { startPostgres } from '../support/postgres.ts';
import { startEntrypoint } from '../support/entrypoint.ts';
import { startS3Server } from '../support/s3-server.ts';

/** The most memory that a process has ever held, in MB; undefined once it has ended. */
function peakMemory(pid: number): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1000;
  } catch {
    return undefined;
  }
}

test('fault 43: memory stays below 200 MB however long the stream', { timeout: 300_000 }, async () => {
  await using postgres = await startPostgres();
  const server = await startS3Server({ discard: true });
  const bytes = 3_000_000_000;
  try {
    const run = startEntrypoint({
      ...fakePgDump(`head -c ${bytes} /dev/zero`),
      DATABASE_URL: postgres.url(),
      S3_ENDPOINT: server.url,
      S3_BUCKET: 'backups',
      S3_ACCESS_KEY_ID: 'ak',
      S3_SECRET_ACCESS_KEY: 'sk',
      COMPRESSION: 'none',
    });
    let peak = 0;
    const timer = setInterval(() => (peak = Math.max(peak, peakMemory(run.pid) ?? 0)), 50);
    const { exitCode, stderr } = await run.ended;
    clearInterval(timer);
    assert.equal(exitCode, 0, stderr);
    assert.equal([...server.objects().values()].find(({ key }) => key.endsWith('.dump'))?.bytes, bytes);
    assert.ok(peak > 50 && peak < 200, `the peak was ${peak} MB`);
  } finally {
    await server.close();
  }
});
