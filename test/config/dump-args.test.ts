import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { splitWords } from '../../src/config/dump-args.ts';
import type { Environment } from '../../src/config/environment.ts';
import { partVariables } from '../../src/config/dump-filters.ts';
import { assertProblem, problemsWith, read } from './reading.ts';

describe('PG_DUMP_ARGS', () => {
  const words: [string, string[] | undefined][] = [
    ['', []],
    ['  --no-owner   -x ', ['--no-owner', '-x']],
    [`--table='odd name' -t "it's"`, ['--table=odd name', '-t', "it's"]],
    [`a\\ b "c\\"d" 'e\\f' "g\\h"`, ['a b', 'c"d', 'e\\f', 'g\\h']],
    [`'' ""x`, ['', 'x']],
    ['$HOME *.sql `id` #no', ['$HOME', '*.sql', '`id`', '#no']],
    [`--table='open`, undefined],
  ];
  for (const [text, expected] of words) {
    test(`${JSON.stringify(text)} is split as a shell would, without expanding anything`, () => {
      assert.deepEqual(splitWords(text), expected);
    });
  }

  for (const accepted of [
    '--no-owner -x --if-exists --clean',
    '-n public -N audit --schema sales',
    '-Tsessions -Oxb',
    '-n f -t Z --exclude-table-data=d',
    '--filter=/etc/filter.txt --statistics --no-comments --no-sync',
  ]) {
    test(`accepts ${accepted}`, () => {
      assert.deepEqual(read({ PG_DUMP_ARGS: accepted }).source.dumpArgs, accepted.split(' '));
    });
  }

  const refused: [string, RegExp][] = [
    ['-f out.dump', /has -f, which is refused: backups go to BACKUP_DESTINATION/],
    ['--format=plain', /has --format, .* set BACKUP_FORMAT/],
    ['-Fp', /has -F, .* set BACKUP_FORMAT/],
    ['-OxFp', /has -F, /],
    ['--compress 9', /has --compress, .* set COMPRESSION/],
    ['--comp=9', /has --compress/],
    ['--fo=plain', /has --format/],
    ['--da', /has --data-only, .* cannot restore the database/],
    ['--j=2', /has --jobs/],
    ['--enable-row-security', /without the rows that it hides is incomplete/],
    ['--enable', /has --enable-row-security/],
    ['--create', /has --create, .* RESTORE\.md/],
    ['-OC', /has -C, /],
    ['-j4', /has -j/],
    ['--dbname=postgresql://u:hidden@h/d', /has --dbname, .* set DATABASE_URL/],
    ['-h db', /has -h, .* DATABASE_URL/],
    ['--schema-only', /cannot restore the database/],
    ['-s', /has -s, .* cannot restore the database/],
    ['--section=data', /cannot restore the database/],
    ['-a', /has -a/],
    ['--snapshot=x', /has --snapshot/],
    ['shop', /has a word that is no option of pg_dump/],
    [`--table='open`, /has a quote that is never closed/],
  ];
  for (const [text, expected] of refused) {
    test(`refuses ${text.replace('hidden', '...')}`, () => {
      assertProblem({ PG_DUMP_ARGS: text }, expected);
      assert.doesNotMatch(problemsWith({ PG_DUMP_ARGS: text }).join(), /hidden/);
    });
  }

  test('refuses --clean alone in a plain dump, which an empty database could not take', () => {
    const plain = { BACKUP_FORMAT: 'plain', COMPRESSION: 'zstd' };
    assertProblem({ ...plain, PG_DUMP_ARGS: '--no-owner --clean' }, /^PG_DUMP_ARGS has --clean .* add --if-exists$/);
    assert.equal(read({ ...plain, PG_DUMP_ARGS: '--clean --if-exists' }).source.dumpArgs.length, 2);
    assert.deepEqual(read({ PG_DUMP_ARGS: '--clean' }).source.dumpArgs, ['--clean']);
  });

  test('refuses a plain dump of named schemas or tables, which an empty database could not take', () => {
    const plain = { BACKUP_FORMAT: 'plain', COMPRESSION: 'zstd' };
    const selecting = [
      '-n public',
      '-Oxtorders',
      '--schema=a',
      '--table-and-children=t',
      '--filter=/f',
      '--exte=citext',
    ];
    for (const args of selecting) assertProblem({ ...plain, PG_DUMP_ARGS: args }, /set BACKUP_FORMAT=custom$/);
    assertProblem({ ...plain, SCHEMAS: 'public' }, /^BACKUP_FORMAT=plain with SCHEMAS, .* set BACKUP_FORMAT=custom$/);
    assertProblem({ ...plain, TABLES: 'orders' }, /set BACKUP_FORMAT=custom$/);
    for (const args of ['-Ox', '-N audit -T log', '--exclude-schema=audit', '--extra-float-digits=1', '-Sten']) {
      assert.ok(read({ ...plain, PG_DUMP_ARGS: args }).source.dumpArgs.length > 0, args);
    }
    assert.deepEqual(read({ PG_DUMP_ARGS: '--schema=a' }).source.dumpArgs, ['--schema=a']);
  });

  test('names the variable that the user wrote', () => {
    assertProblem({ BACKUP_OPTIONS: '-Fd' }, /^BACKUP_OPTIONS has -F/);
  });
});

test('a part of the database is told from one with every object in it', () => {
  const names = (changes: Environment): string[] => partVariables(read(changes).source);
  assert.deepEqual(names({ PG_DUMP_ARGS: '--no-owner -x --no-comments', EXCLUDE_TABLE_DATA: 'a' }), []);
  assert.deepEqual(names({ PG_DUMP_ARGS: '-T a' }), ['PG_DUMP_ARGS']);
  assert.deepEqual(names({ PG_DUMP_ARGS: '--exclude-schema a' }), ['PG_DUMP_ARGS']);
  assert.deepEqual(names({ PG_DUMP_ARGS: '-n a', SCHEMAS: 'b', TABLES: 'c', EXCLUDE_TABLES: 'd' }), [
    'SCHEMAS',
    'TABLES',
    'EXCLUDE_TABLES',
    'PG_DUMP_ARGS',
  ]);
});
