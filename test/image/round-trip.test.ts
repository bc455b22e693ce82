import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { lanesOf } from '../../src/catalog/lanes.ts';
import { parseManifest } from '../../src/catalog/manifest.ts';
import { differences, lineDifferences, sortedLines } from '../support/compare.ts';
import { buildImage, clientMajors, hardened, runContainer } from '../support/image/container.ts';
import { startServerContainer, type ServerContainer } from '../support/image/server-container.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { guideBlocks } from '../support/restore-by-guide.ts';
import { useS3 } from '../support/s3.ts';

/** What the test needs of either server. */
type Server = Pick<TestPostgres & ServerContainer, 'major' | 'psql' | 'createDatabase'>;

/** A plain dump sorted by lines does not tell which contents belong to which large object. */
const largeObjects = `SELECT oid, lomowner::regrole, lomacl, obj_description(oid, 'pg_largeobject'), md5(lo_get(oid))
  FROM pg_largeobject_metadata ORDER BY oid`;

const s3 = await useS3();

describe('a database that the image backs up and restores', () => {
  let image = '';
  let majors: number[] = [];
  let keys = '';
  let folder = '';
  let server: TestPostgres;
  let newer: ServerContainer;
  let source = '';
  before(async () => {
    [image, server] = await Promise.all([buildImage(), startPostgres()]);
    majors = await clientMajors(image);
    newer = await startServerContainer();
    source = await server.createDatabase('rich', join(import.meta.dirname, 'rich.sql'));
    keys = (await runContainer(image, { flags: ['--entrypoint=age-keygen'] })).stdout;
    folder = await mkdtemp(join(tmpdir(), 'pg-offsite-image-lanes-'));
    await chmod(folder, 0o755);
    await writeFile(join(folder, 'identity'), keys, { mode: 0o644 });
  });
  after(async () => {
    await newer[Symbol.asyncDispose]();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Backs up, hardened. */
  const backUp = async (env: Record<string, string>, flags: readonly string[] = []): Promise<string> => {
    const made = await runContainer(image, {
      env: { AGE_RECIPIENTS: /age1\w+/.exec(keys)?.[0] ?? '', ...env },
      flags: [...hardened, ...flags],
    });
    assert.equal(made.exitCode, 0, made.stderr);
    return (JSON.parse(made.stdout) as { location: string }).location;
  };

  /** Restores, hardened. */
  const restore = async (env: Record<string, string>, more: readonly string[] = [], flags: readonly string[] = []) => {
    const restored = await runContainer(image, {
      args: ['restore', 'latest', ...more],
      env: { AGE_IDENTITY: /AGE-SECRET-KEY-\w+/.exec(keys)?.[0] ?? '', ...env },
      flags: [...hardened, ...flags],
    });
    assert.equal(restored.exitCode, 0, restored.stdout + restored.stderr);
  };

  /** Runs the commands of a RESTORE.md with the newest client programs, as it says to for owners and grants. */
  const runGuide = async (guide: string, target: string, volume: string): Promise<void> => {
    const { hostname, port, username, pathname } = new URL(target);
    const commands = guideBlocks(guide).join('\n').replace('--no-owner --no-privileges ', '');
    const { exitCode, stdout, stderr } = await runContainer(image, {
      args: ['-e', '-c', commands],
      env: {
        PATH: `/usr/lib/postgresql/${String(majors.at(-1))}/bin:/usr/bin:/bin`,
        PGHOST: hostname,
        PGPORT: port,
        PGUSER: username,
        PGDATABASE: pathname.slice(1),
        AGE_IDENTITY_FILE: '/backups/identity',
      },
      flags: [...hardened, '--entrypoint=bash', `${volume}:ro`, '--tmpfs=/tmp:mode=1777', '--workdir=/tmp'],
    });
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /^same \S/m);
    assert.doesNotMatch(stdout, /^DIFFERENT|FAILED/m);
  };

  /** What the newer server's pg_dump says of a database. */
  const lines = async (url: string, less: readonly string[] = []): Promise<string[]> => {
    const dump = await newer.dump(url, less);
    return sortedLines(dump.replace(/^-- Dumped from .*$/m, ''));
  };

  for (const format of ['custom', 'plain']) {
    test(`is the same on a newer major (${format})`, async () => {
      const target = await newer.createDatabase(`from_${format}`);
      const store = s3.env(await s3.createBucket());
      await backUp({ ...store, DATABASE_URL: source, BACKUP_FORMAT: format });
      await restore({ ...store, TARGET_DATABASE_URL: target });
      const less = ['--no-owner', '--no-privileges'];
      const [before, after] = await Promise.all([lines(source, less), lines(target, less)]);
      assert.ok(before.length > 8000, 'the rows are in it');
      assert.deepEqual(lineDifferences(before, after), { lost: [], added: [] });
    });
  }

  test('is the same on its own major', async () => {
    const store = s3.env(await s3.createBucket());
    await backUp({ ...store, DATABASE_URL: source });
    await restore({ ...store, TARGET_DATABASE_URL: await server.createDatabase('restored') });
    assert.deepEqual(await differences(server, 'rich', 'restored', 'without owners'), { lost: [], added: [] });
  });

  /*
   * In lanes. Up to 16, clients put the making of large objects with the definitions; since 17, with the contents.
   */
  const owned = new Map<Server, string>();
  before(async () => {
    for (const there of [server, newer]) {
      owned.set(there, await there.createDatabase('owned'));
      await there.psql('CREATE ROLE keeper; CREATE ROLE reader');
      for (const file of ['rich.sql', 'owned.sql']) {
        await there.psql(await readFile(join(import.meta.dirname, file), 'utf8'), 'owned');
      }
    }
  });
  for (const [client, what] of [
    [15, 'the lane of definitions makes large objects'],
    [17, 'the last lane makes large objects'],
    [18, 'pg_dump is newer than the server'],
  ] as const) {
    test(`is the same from lanes, with owners and grants: ${what}`, async () => {
      const from: Server = client === 17 ? newer : server;
      const url = owned.get(from)!;
      const place = join(folder, `by-${String(client)}`);
      await mkdir(place);
      await chmod(place, 0o777);
      const store = { BACKUP_DESTINATION: `file:///backups/${basename(place)}` };
      const volume = `--volume=${folder}:/backups`;
      const hidden = majors.filter((major) => major !== client);
      const location = await backUp({ ...store, DATABASE_URL: url, JOBS: '2' }, [
        volume,
        ...hidden.map((major) => `--tmpfs=/usr/lib/postgresql/${String(major)}/bin:notmpcopyup`),
      ]);
      const stored = location.replace(/^file:\/\/\/backups/, folder);
      const manifest = parseManifest(await readFile(join(stored, 'manifest.json'), 'utf8'), location);
      assert.deepEqual([manifest.server.major, manifest.client.major], [from.major, client]);
      assert.deepEqual(
        lanesOf(manifest)?.data.map(({ lane }) => lane),
        ['data-01', 'rest'],
      );

      const [definitions, objects] = await Promise.all([lines(url), from.psql(largeObjects, 'owned')]);
      assert.equal(objects.split('\n').length, 1205);
      const isSame = async (there: Server, name: string, target: string): Promise<void> => {
        assert.deepEqual(lineDifferences(definitions, await lines(target)), { lost: [], added: [] });
        assert.equal(await there.psql(largeObjects, name), objects);
      };
      const byImage = async (there: Server): Promise<void> => {
        const name = `lanes_${String(client)}`;
        const target = await there.createDatabase(name);
        const env = { ...store, TARGET_DATABASE_URL: target };
        await restore(env, ['--with-owners'], [volume]);
        // In the place of the same once more: what the last lane makes is then there already.
        if (client === 17) await restore(env, ['--with-owners', '--clean', '--confirm', name], [volume]);
        await isSame(there, name, target);
      };
      const byGuide = async (): Promise<void> => {
        const name = `guide_${String(client)}`;
        const target = await newer.createDatabase(name);
        await runGuide(await readFile(join(stored, 'RESTORE.md'), 'utf8'), target, volume);
        await isSame(newer, name, target);
      };
      // A pg_restore of 17 or newer has settings for its sessions that older servers do not know.
      const targets = new Set([client < 17 ? from : newer, newer]);
      await Promise.all([...[...targets].map(byImage), byGuide()]);
    });
  }
});
