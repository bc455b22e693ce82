import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { differences, lineDifferences, sortedLines } from '../support/compare.ts';
import { buildImage, hardened, runContainer } from '../support/image/container.ts';
import { startServerContainer, type ServerContainer } from '../support/image/server-container.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { useS3 } from '../support/s3.ts';

const s3 = await useS3();

describe('a database that the image backs up and restores', () => {
  let image = '';
  let keys = '';
  let server: TestPostgres;
  let newer: ServerContainer;
  let source = '';
  before(async () => {
    [image, server] = await Promise.all([buildImage(), startPostgres()]);
    newer = await startServerContainer();
    source = await server.createDatabase('rich', join(import.meta.dirname, 'rich.sql'));
    keys = (await runContainer(image, { flags: ['--entrypoint=age-keygen'] })).stdout;
  });
  after(async () => {
    await newer[Symbol.asyncDispose]();
    await server.stop();
  });

  /** Backs up and restores, both hardened. */
  const roundTrip = async (form: Record<string, string>, target: string): Promise<void> => {
    const store = s3.env(await s3.createBucket());
    const backup = { ...store, DATABASE_URL: source, AGE_RECIPIENTS: /age1\w+/.exec(keys)?.[0] ?? '', ...form };
    const made = await runContainer(image, { env: backup, flags: hardened });
    assert.equal(made.exitCode, 0, made.stderr);
    const restore = {
      ...store,
      TARGET_DATABASE_URL: target,
      AGE_IDENTITY: /AGE-SECRET-KEY-\w+/.exec(keys)?.[0] ?? '',
    };
    const restored = await runContainer(image, { args: ['restore', 'latest'], env: restore, flags: hardened });
    assert.equal(restored.exitCode, 0, restored.stdout + restored.stderr);
  };

  for (const format of ['custom', 'plain']) {
    test(`is the same on a newer major (${format})`, async () => {
      const target = await newer.createDatabase(`from_${format}`);
      await roundTrip({ BACKUP_FORMAT: format }, target);
      const lines = async (url: string): Promise<string[]> => {
        const dump = await newer.dump(url, ['--no-owner', '--no-privileges']);
        return sortedLines(dump.replace(/^-- Dumped from .*$/m, ''));
      };
      const [before, after] = await Promise.all([lines(source), lines(target)]);
      assert.ok(before.length > 8000, 'the rows are in it');
      assert.deepEqual(lineDifferences(before, after), { lost: [], added: [] });
    });
  }

  test('is the same on its own major', async () => {
    await roundTrip({}, await server.createDatabase('restored'));
    assert.deepEqual(await differences(server, 'rich', 'restored', 'without owners'), { lost: [], added: [] });
  });
});
