import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { buildImage, hardened, runContainer } from '../support/image/container.ts';

/** The largest that the server may make the image, over one without it: measured 63 MB, of which ICU is 37. */
const roomForServer = 80e6; // bytes

describe('the server that the image holds for drills', () => {
  let image = '';
  before(async () => {
    image = await buildImage();
  });

  /** Runs a script in the hardened image, where only /scratch can be written, and returns its output's lines. */
  const lines = async (script: string, flags: readonly string[] = []): Promise<string[]> => {
    const scratch = ['--tmpfs=/scratch:mode=1777', '--env=TMPDIR=/scratch', '--entrypoint=sh'];
    const run = await runContainer(image, {
      args: ['-euc', `root=$(echo /usr/lib/postgresql/*/bin/initdb); root=\${root%/bin/initdb}\n${script}`],
      flags: [...hardened, ...scratch, ...flags],
    });
    assert.equal(run.exitCode, 0, run.stderr);
    return run.stdout.trim().split('\n');
  };
  const statement = '"$root/bin/postgres" --single -c exit_on_error=on -D /scratch/data postgres';

  test('has clients of its own major beside it', async () => {
    const [server, ...clients] = await lines('basename "$root"; ls /usr/lib/postgresql');
    assert.ok(clients.includes(server ?? ''), `${server} of ${clients.join()}`);
  });

  test('makes a cluster in the one writable folder, with contrib, pgvector, ICU and old time zones', async () => {
    const output = await lines(`
      "$root/bin/initdb" --no-sync --username=drill --auth=trust --pgdata=/scratch/data >/dev/null
      ${statement} <<'SQL'
CREATE EXTENSION vector
CREATE EXTENSION amcheck
CREATE EXTENSION hstore
CREATE EXTENSION "uuid-ossp"
CREATE EXTENSION xml2
SELECT '[1,2]'::vector <-> '[1,4]' AS distance
SELECT timestamptz '2026-01-01 00:00Z' AT TIME ZONE 'US/Eastern' AS eastern
SELECT 'a' < 'B' COLLATE "en-x-icu" AS icu
SELECT 'a' < 'B' COLLATE "en_US" AS libc
SQL`);
    const values = output.map((line) => /= "(.*?)"/.exec(line)?.[1]).filter((value) => value !== undefined);
    assert.deepEqual(values, ['2', '2025-12-31 19:00:00', 't', 't']);
  });

  test('has what a user without a name needs, whom initdb refuses', async () => {
    const nameless = ['--passwd=false'];
    const initdb = '"$root/bin/initdb" --no-sync --username=drill --auth=trust --pgdata=/scratch/data';
    const [refusal] = await lines(`${initdb} 2>&1 >/dev/null || true`, nameless);
    assert.match(refusal ?? '', /could not look up effective user ID 54321/);
    const [version] = await lines(
      `echo "drill:x:$(id -u):$(id -g)::/:/bin/false" >/scratch/passwd; : >/scratch/group
      export NSS_WRAPPER_PASSWD=/scratch/passwd NSS_WRAPPER_GROUP=/scratch/group
      LD_PRELOAD=$(echo /usr/lib/*/libnss_wrapper.so) ${initdb} >/dev/null
      cat /scratch/data/PG_VERSION`,
      nameless,
    );
    assert.match(version ?? '', /^\d+$/);
  });

  test('has no LLVM, no bitcode, no manual and no translations', async () => {
    const found = await lines(
      'find / -xdev \\( -iname "*llvm*" -o -name bitcode -o -name "postgres-*.mo" -o -name "*.1.gz" -path "*postgresql*" \\) -not -path "/proc/*" 2>/dev/null || true',
    );
    assert.deepEqual(found, ['']);
  });

  test('is small', async () => {
    const [total] = await lines(
      'du -ck --apparent-size "$root" /usr/share/postgresql /usr/lib/locale /usr/lib/*/libicu* /usr/lib/*/libx[ms]l* | tail -n 1',
    );
    const bytes = Number(total?.split('\t')[0]) * 1024;
    assert.ok(bytes > 20e6 && bytes < roomForServer, `${bytes} bytes`);
  });
});
