import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { safeMinors } from '../../src/postgres/safe-clients.ts';

const script = join(import.meta.dirname, '../../.ci/check-programs.sh');

describe('the check of the image’s programs', () => {
  let work = '';
  before(() => {
    work = mkdtempSync(join(tmpdir(), 'pg-offsite-programs-'));
    for (const name of ['node', 'age', 'zstd', 'gpg', 'gpg-agent', 'gzip', 'tini'])
      program(`path/${name}`, `${name} 1.0`);
  });
  after(() => rmSync(work, { recursive: true }));

  const program = (path: string, says: string): void => {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), `#!/bin/sh\n${says === '' ? 'exit 127' : `echo '${says}'`}\n`, { mode: 0o755 });
  };
  /** Runs the check over these programs of PostgreSQL, each with what it says of itself. */
  const check = (programs: Readonly<Record<string, string>>): { status: number | null; stderr: string } => {
    rmSync(join(work, 'postgresql'), { recursive: true, force: true });
    for (const [path, says] of Object.entries(programs)) program(`postgresql/${path}`, says);
    const env = { PATH: `${join(work, 'path')}:/usr/bin:/bin`, PG_SAFE_MINORS: safeMinors.join(' ') };
    const { status, stderr } = spawnSync(script, [join(work, 'postgresql')], { env, encoding: 'utf8' });
    return { status, stderr };
  };

  test('passes programs of the safe minors and later ones', () => {
    const found = check({
      '14/bin/pg_dump': 'pg_dump (PostgreSQL) 14.24 (Debian 14.24-1.pgdg13+1)',
      '17/bin/pg_restore': 'pg_restore (PostgreSQL) 17.100',
      '18/bin/psql': 'psql (PostgreSQL) 18.6 (Debian 18.6-1.pgdg13+1)',
    });
    assert.deepEqual(found, { status: 0, stderr: '' });
  });

  for (const name of ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql', 'postgres']) {
    test(`refuses a ${name} that is one minor too old, beside others that are not`, () => {
      const { status, stderr } = check({
        '16/bin/pg_dump': 'pg_dump (PostgreSQL) 16.15',
        [`17/bin/${name}`]: `${name} (PostgreSQL) 17.10 (Debian 17.10-1.pgdg13+1)`,
      });
      assert.equal(status, 1);
      assert.match(stderr, new RegExp(`17/bin/${name} is 17\\.10; the oldest safe minor is 17\\.11`));
    });
  }

  test('refuses a major without a known safe minor, a beta, and a program that does not start', () => {
    for (const [says, words] of [
      ['psql (PostgreSQL) 13.23', /no safe minor is known for .*psql, which says: psql \(PostgreSQL\) 13\.23/],
      ['psql (PostgreSQL) 19beta2', /no safe minor is known for .*19beta2/],
      ['', /psql does not tell its version/],
    ] as const) {
      const { status, stderr } = check({ '13/bin/psql': says });
      assert.equal(status, 1, says);
      assert.match(stderr, words);
    }
  });

  test('refuses an image without any program of PostgreSQL', () => {
    assert.notEqual(check({}).status, 0);
  });
});
