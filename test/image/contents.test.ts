import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { serveForeignArchive } from '../support/image/foreign-archive.ts';
import { buildImage, hardened, inspectImage, runContainer } from '../support/image/container.ts';

interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly Entrypoint: readonly string[];
}

/** The oldest minors without a known hole, as in the Dockerfile; written down twice so that none is lowered unseen. */
const safeMinors = new Map([
  [14, 24],
  [15, 19],
  [16, 15],
  [17, 11],
  [18, 6],
  [19, 0],
]);

describe('the image', () => {
  let image = '';
  before(async () => {
    image = await buildImage();
  });

  /** Runs a shell script in the image as any hardened platform would, and returns its output's lines. */
  const lines = async (script: string): Promise<string[]> => {
    const run = await runContainer(image, { args: ['-c', script], flags: [...hardened, '--entrypoint=sh'] });
    assert.equal(run.exitCode, 0, run.stderr);
    return run.stdout.trim().split('\n');
  };

  test('runs as a user of its own who is not root, behind an init', async () => {
    const config = (await inspectImage(image))['Config'] as ImageConfig;
    assert.equal(config.User, '10001:10001');
    assert.deepEqual(config.Entrypoint, ['/usr/bin/tini', '--', '/app/entrypoint.sh']);
  });

  test('says what it is in labels, and how healthy it is by doctor', async () => {
    const found = await inspectImage(image);
    const { Labels: labels } = found['Config'] as ImageConfig;
    for (const name of ['title', 'description', 'licenses', 'version', 'revision']) {
      assert.ok(labels[`org.opencontainers.image.${name}`], name);
    }
    const { Test: check } = found['Healthcheck'] as { Test: readonly string[] };
    assert.deepEqual(check, ['CMD', '/app/entrypoint.sh', 'doctor']);
  });

  test('holds no variable but the few it needs, and no trace of the machine that built it', async () => {
    const found = await inspectImage(image);
    const names = (found['Config'] as ImageConfig).Env.map((entry) => entry.split('=')[0]);
    assert.deepEqual(names.sort(), ['LANG', 'NODE_COMPILE_CACHE', 'NODE_ENV', 'PATH']);
    assert.doesNotMatch(JSON.stringify(found), /EXTRA_CA_CERTS|SECRET|PASSWORD|TOKEN/i);
    const writable = await lines(
      'find / -xdev -writable -not -type l -not -path "/proc/*" 2>/dev/null | grep -v ^/dev || true',
    );
    assert.deepEqual(
      writable.filter((path) => !['', '/tmp', '/var/tmp', '/run/lock'].includes(path)),
      [],
    );
  });

  test('holds the program as a few files, and nothing that only a build needs', async () => {
    // Beside the program what it loads only when it is needed, under names that change with their contents.
    const files = (await lines('ls /app')).filter((name) => !/^[a-z-]+-[A-Z0-9]{8}\.mjs$/.test(name));
    assert.deepEqual(files, ['THIRD-PARTY.txt', 'compiled', 'entrypoint.sh', 'pg-offsite.mjs', 'sbom.json']);
    const unwanted = '-name node_modules -o -name npm -o -name "*.deb" -o -name pg_wrapper -o -name archive.asc';
    const found = await lines(`find / -xdev \\( ${unwanted} \\) -not -path "/proc/*" 2>/dev/null || true`);
    assert.deepEqual(found, ['']);
    const perl = await lines(`dpkg-query -W -f '\${Package}\\n' | grep perl`);
    assert.deepEqual(perl, ['perl-base'], 'only what the base image has');
    assert.deepEqual(
      await lines('ls /var/lib/apt/lists /etc/apt/sources.list.d | grep -i -e pgdg -e postgres || true'),
      [''],
    );
  });

  test('starts from code compiled at build time, as its own user', async () => {
    const flags = ['--read-only', '--read-only-tmpfs=false'];
    const env = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
    const run = await runContainer(image, { args: ['--version'], env, flags });
    assert.equal(run.exitCode, 0, run.stderr);
    assert.match(run.stderr, /code cache for ESM file:\/\/\/app\/pg-offsite\.mjs was accepted/);
  });

  test('has clients of every major at a minor without known holes', async () => {
    const versions = await lines('for dump in /usr/lib/postgresql/*/bin/pg_dump; do "$dump" --version; done');
    assert.ok(versions.length >= 3, versions.join());
    for (const version of versions) {
      const [, major, minor] = /\(PostgreSQL\) (\d+)\.(\d+)/.exec(version) ?? [];
      const safe = safeMinors.get(Number(major));
      assert.ok(safe !== undefined && Number(minor) >= safe, version);
    }
    const programs = await lines('cd /usr/lib/postgresql && ls -d */bin/* | sed "s#.*/##" | sort | uniq -c');
    const each = versions.length;
    assert.deepEqual(
      programs.map((line) => line.trim()),
      ['1 initdb', `${each} pg_dump`, `${each} pg_dumpall`, `${each} pg_restore`, '1 postgres', `${each} psql`],
    );
  });

  test('tells scanners about the programs that dpkg does not know', async () => {
    const known = await lines('cd /var/lib/dpkg/status.d && grep -h ^Package: *');
    const majors = await lines('ls /usr/lib/postgresql');
    const [server] = await lines('ls /usr/share/postgresql');
    const packages = [
      ...majors.map((major) => `postgresql-client-${major}`),
      `postgresql-${server}`,
      `postgresql-${server}-pgvector`,
    ];
    assert.deepEqual(known.sort(), packages.map((name) => `Package: ${name}`).sort());
  });

  test('trusts public certificate authorities', async () => {
    const [count] = await lines('grep -c BEGIN /etc/ssl/certs/ca-certificates.crt');
    assert.ok(Number(count) > 100, count);
  });

  test('encrypts with gpg, by key-less passphrase too, when nothing but /dev/shm can be written', async () => {
    const script = `
      export GNUPGHOME=$(mktemp -d -p /dev/shm)
      echo secret > $GNUPGHOME/p
      echo hello | gpg --batch --quiet --pinentry-mode loopback --passphrase-file $GNUPGHOME/p -c > $GNUPGHOME/x
      gpg --batch --quiet --pinentry-mode loopback --passphrase-file $GNUPGHOME/p -d $GNUPGHOME/x`;
    assert.deepEqual(await lines(script), ['hello']);
  });
});

describe('building the image', () => {
  test('is refused when a client is older than its safe minor', async () => {
    const build = buildImage([17], ['--build-arg', 'PG_SAFE_MINORS=17.99']);
    await assert.rejects(build, /postgresql-client-17 is 17\..*; the oldest safe minor is 17\.99/);
  });

  test('is refused when no safe minor of a major is known', async () => {
    const build = buildImage([17], ['--build-arg', 'PG_SAFE_MINORS=16.15 18.6']);
    await assert.rejects(build, /PG_SAFE_MINORS names no safe minor for 17/);
  });

  test('is refused when a wanted major is not in the archive', async () => {
    await assert.rejects(buildImage([12345]), /the archive has no postgresql-client-12345/);
  });

  test('is refused when the archive is not signed by the PostgreSQL project', async () => {
    await using archive = await serveForeignArchive();
    const build = buildImage([17], ['--build-arg', `PG_ARCHIVE=${archive.url}`, '--build-arg', 'PG_ARCHIVE_KEY=']);
    await assert.rejects(build, /InRelease.*(is not signed|NO_PUBKEY|Missing key)/s);
  });

  test('is refused when the archive has no server of the newest major', async () => {
    const build = buildImage([15], ['--build-arg', 'PG_SERVER_MAJOR=12345']);
    await assert.rejects(build, /the archive has no postgresql-12345/);
  });

  test('takes a next major as soon as the archive has it, its server, further extensions and locales', async () => {
    const args = [
      'PG_MAJORS_NEXT=17 12345',
      'PG_SERVER_MAJOR=',
      'PG_EXTRA_PACKAGES=postgresql-17-ip4r',
      'PG_LOCALES=de_DE.UTF-8',
    ];
    const image = await buildImage(
      [15],
      args.flatMap((arg) => ['--build-arg', arg]),
    );
    const script = `
      cd /usr/lib/postgresql; ls; ls -d */bin/postgres
      ls 17/lib | grep -x -e ip4r.so -e llvmjit.so -e bitcode; locale -a | grep _; ls /var/lib/dpkg/status.d | grep ip4r`;
    const run = await runContainer(image, { args: ['-c', script], flags: ['--entrypoint=sh'] });
    const expected = ['15', '17', '17/bin/postgres', 'ip4r.so', 'de_DE.utf8', 'postgresql-17-ip4r'];
    assert.deepEqual(run.stdout.trim().split('\n'), expected);
  });

  test('goes without a server where none is wanted', async () => {
    const image = await buildImage([15], ['--build-arg', 'PG_SERVER_MAJOR=none']);
    const script = 'cd /usr/lib/postgresql; ls -d */bin/*; ls /usr/share/postgresql; ls /var/lib/dpkg/status.d';
    const run = await runContainer(image, { args: ['-c', script], flags: ['--entrypoint=sh'] });
    const programs = ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql'].map((name) => `15/bin/${name}`);
    assert.deepEqual(run.stdout.trim().split('\n'), [...programs, 'postgresql-client-15']);
  });
});
