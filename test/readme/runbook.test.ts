import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { before, test } from 'node:test';
import { type StoredBackup, backUp, temporaryFolder } from '../roundtrip/round-trip.ts';
import { dumpLines, lineDifferences } from '../support/compare.ts';
import { startPostgres } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';
import { useS3 } from '../support/s3.ts';
import { backupVariables, phrase, rowsUnder, swap } from './text.ts';
import { runbook, steps, type Step } from './runbook.ts';

/*
 * The page "It is 3 am and the database is gone", followed to the letter: every command as it is printed, in its order, in
 * one bash, on a new server, after the old one is gone for good.
 */
const s3 = await useS3();
const fixture = join(import.meta.dirname, '../fixtures/shop.sql');
const entrypoint = join(import.meta.dirname, '../../entrypoint.sh');
let bucket = '';
let keys = '';
let backup: StoredBackup;
let lost: string[];
before(async () => {
  [bucket, keys] = [await s3.createBucket(), await runCommand('age-keygen', [])];
  await using old = await startPostgres();
  const { S3_BUCKET: _, ...store } = s3.env(bucket);
  backup = await backUp(
    {
      ...store,
      DATABASE_URL: await old.createDatabase('shop', fixture),
      BACKUP_DESTINATION: `s3://${bucket}/production`,
      AGE_RECIPIENTS: /age1\w+/.exec(keys)?.[0] ?? '',
      COMPRESSION: 'zstd',
      ROW_COUNTS: 'exact',
    },
    s3,
  );
  lost = await dumpLines(old, 'shop', 'without owners');
});

/** The page with its examples in the place of which a reader puts what is his. */
async function filledIn(port: number): Promise<string> {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = await backupVariables();
  return swap(runbook, {
    's3://acme-backups': `s3://${bucket}`,
    'new-db.example.com:5432': `127.0.0.1:${port}`,
    'PGHOST=new-db.example.com PGPORT=5432': `PGHOST=127.0.0.1 PGPORT=${port}`,
    '\nS3_REGION=eu-central-1': `\nS3_ENDPOINT=${s3.endpoint}`,
    'AWS_DEFAULT_REGION=eu-central-1': `AWS_DEFAULT_REGION=${s3.region}`,
    'aws s3': `aws --endpoint-url ${s3.endpoint} s3`,
    [AWS_ACCESS_KEY_ID]: s3.accessKeyId,
    [AWS_SECRET_ACCESS_KEY]: s3.secretAccessKey,
    'AGE-SECRET-KEY-1...': /AGE-SECRET-KEY-1\w+/.exec(keys)?.[0] ?? '',
    '20261120T020000Z-k3f9q2': backup.manifest.id,
  });
}

/** In the place of docker: the program with the variables of the file, and nothing else. */
const docker = `docker() {
  [ "$1 $2 $3 $5" = 'run --rm --env-file pg-offsite' ] || return 64
  local variables; mapfile -t variables < "$4"; shift 5
  env -i PATH="$PATH" "\${variables[@]}" '${entrypoint}' "$@"
}`;

/** Runs commands in one bash, as somebody would type them, and resolves to what each has shown, with its exit code. */
async function type(commands: readonly string[], folder: string): Promise<{ shown: string; exitCode: number }[]> {
  const mark = '@@ ended with';
  const script = [docker, ...commands.map((command) => `${command}\nprintf '\\n${mark} %s\\n' "$?"`)].join('\n');
  await writeFile(join(folder, '.typed'), script);
  const child = spawn('bash', ['-c', '. ./.typed 2>&1'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [shown] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const parts = shown.split(new RegExp(`^${mark} (\\d+)\n`, 'm'));
  return commands.map((_, index) => ({
    shown: parts[2 * index] ?? '',
    exitCode: Number(parts[2 * index + 1] ?? Number.NaN),
  }));
}

const routes = ['With the tool', 'With stock tools only'];
const otherwise = 'When a step says otherwise';

/** The steps of one way: what comes before the two, one of them, and what comes after. */
function way(page: string, route: string): Step[] {
  return steps(page).filter(({ heading }) => heading === route || ![...routes, otherwise].includes(heading));
}

for (const route of routes) {
  void test(`${route.toLowerCase()} the database comes back, and every step shows what the page says`, async () => {
    await using server = await startPostgres({ password: 'secret' });
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'key.txt'), keys);
    const followed = way(await filledIn(server.port), route);
    const results = await type(
      followed.map(({ command }) => command),
      folder.path,
    );
    for (const [index, { command, shows }] of followed.entries()) {
      const { shown, exitCode } = results[index]!;
      assert.equal(exitCode, 0, `${command}\n${shown}`);
      for (const words of shows) assert.ok(shown.includes(words), `${words} is not shown by\n${command}\n${shown}`);
      assert.doesNotMatch(shown, /DIFFERENT/);
    }
    const tables = backup.manifest.contents.tables.length;
    const same = results.flatMap(({ shown }) => shown.match(/^same \S|^table .* same$/gm) ?? []);
    const more = results.flatMap(({ shown }) => [...shown.matchAll(/^same \S+ and (\d+) more partitions/gm)]);
    const compared = more.reduce((sum, [, count]) => sum + Number(count), same.length);
    assert.equal(compared, tables, 'every table was compared');
    assert.deepEqual(lineDifferences(lost, await dumpLines(server, 'shop', 'without owners')), { lost: [], added: [] });
    const owner = `SELECT DISTINCT relowner::regrole FROM pg_class WHERE relnamespace = 'public'::regnamespace`;
    assert.equal(await server.psql(owner, 'shop'), 'shop');
  });
}

void test('a file that was damaged on its way is found, and nothing of it restored', async () => {
  await using server = await startPostgres({ password: 'secret' });
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'key.txt'), keys);
  const followed = way(await filledIn(server.port), 'With stock tools only').map(({ command }) => command);
  const restore = followed.findIndex((command) => command.includes('sha256sum'));
  const damage = 'printf x >> database.dump.zst.age';
  const results = await type([...followed.slice(0, restore), damage, followed[restore] ?? ''], folder.path);
  assert.match(results.at(-1)?.shown ?? '', /database\.dump\.zst\.age: FAILED/);
  assert.equal(results.at(-1)?.exitCode, 1);
  assert.equal(await server.psql(`SELECT count(*) FROM pg_class WHERE relname = 'orders'`, 'shop_restored'), '0');
});

void test('a second try with the tool goes as the table of exit codes says', async () => {
  await using server = await startPostgres({ password: 'secret' });
  await using folder = await temporaryFolder();
  await server.createDatabase('shop_restored');
  const followed = way(await filledIn(server.port), 'With the tool').map(({ command }) => command);
  const [login = '', variables = ''] = followed;
  const restore = followed.find((command) => command.includes(' restore ')) ?? '';
  const [key, wrongId, again, without, filled] = (
    await type(
      [
        login,
        variables,
        swap(restore, { 'restore.env': `<(grep -v AGE_IDENTITY restore.env)`, ' --create': '' }),
        swap(restore, { latest: '2020-01-01' }),
        restore,
        swap(swap(restore, { ' --create': '' }), {
          'restore.env': '<(sed s/shop:secret/postgres:secret/ restore.env)',
        }),
        swap(swap(restore, { ' --create': '' }), {
          'restore.env': '<(sed s/shop:secret/postgres:secret/ restore.env)',
        }),
      ],
      folder.path,
    )
  )
    .slice(2)
    .map(({ exitCode }) => exitCode);
  assert.deepEqual([key, wrongId, again, without, filled], [78, 64, 73, 0, 73]);
  const codes = rowsUnder('exit code', 'at 3 am it means', 'do').map(([cell = '']) => cell);
  assert.deepEqual(codes, ['64', '65', '69', '73', '74, 77', '76', '78']);
});

void test('a login without CREATEDB, an old database and a connection stop nobody who does as the page says', async () => {
  await using server = await startPostgres({ password: 'secret' });
  await using folder = await temporaryFolder();
  await server.psql(`CREATE ROLE shop LOGIN PASSWORD 'secret'`);
  await server.createDatabase('shop');
  const page = await filledIn(server.port);
  const [login = '', variables = '', , restore = '', rename = ''] = way(page, routes[0]!).map(({ command }) => command);
  const [aside = ''] = steps(page).flatMap(({ heading, command }) => (heading === otherwise ? [command] : []));
  const administrator = `psql 'postgresql://postgres:secret@127.0.0.1:${server.port}/postgres' -AXt`;
  const connected = `SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop_restored'`;
  const stayConnected = [
    `psql 'postgresql://shop:secret@127.0.0.1:${server.port}/shop_restored' -c 'SELECT pg_sleep(600)' >/dev/null 2>&1 &`,
    `until [ "$(${administrator} -c "${connected}")" = 1 ]; do sleep 0.1; done`,
  ].join('\n');
  const results = await type(
    [
      login,
      `${administrator} -c '${phrase(/run `(ALTER ROLE shop CREATEDB)`/)}'`,
      variables,
      restore,
      rename,
      stayConnected,
      aside,
      rename,
    ],
    folder.path,
  );
  const told = results.map(({ shown, exitCode }) => `${exitCode} ${shown}`);
  assert.match(told[0] ?? '', /^1 .*already exists/s);
  assert.match(told[3] ?? '', /^0 .*no difference/s);
  assert.match(told[4] ?? '', /^1 .*already exists/s);
  assert.match(told[6] ?? '', /^0 .*ALTER DATABASE/s);
  assert.match(told[7] ?? '', /^0 .*ALTER DATABASE/s);
  assert.deepEqual(lineDifferences(lost, await dumpLines(server, 'shop', 'without owners')), { lost: [], added: [] });
});
