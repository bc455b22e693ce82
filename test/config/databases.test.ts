import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { DatabasesConfig } from '../../src/config/config.ts';
import { connectionTo, namedDatabases } from '../../src/config/databases.ts';
import { salvageConfig } from '../../src/config/salvage.ts';
import { assertProblem, leastEnv, read } from './reading.ts';

const databases = (DATABASES: string): DatabasesConfig['names'] | undefined => read({ DATABASES }).databases?.names;

describe('DATABASES', () => {
  test('is not set for the one database of the connection', () => {
    assert.equal(read().databases, undefined);
    assert.equal(read({ DATABASES: '  ' }).databases, undefined);
  });

  const good: [string, DatabasesConfig['names']][] = [
    ['shop', ['shop']],
    [' shop , crm,', ['shop', 'crm']],
    ['shop,crm,shop', ['shop', 'crm']],
    ['*', 'all'],
    ['"*"', ['*']],
    ['"a, b", " c "', ['a, b', ' c ']],
    ['"say ""hi""",it\'s', ['say "hi"', "it's"]],
    ['"two\nlines",;$(x),%41,-x,.x', ['two\nlines', ';$(x)', '%41', '-x', '.x']],
  ];
  for (const [text, names] of good) {
    test(`${JSON.stringify(text)} names ${JSON.stringify(names)}`, () => assert.deepEqual(databases(text), names));
  }

  test('can name whatever a database can be named', () => {
    const name = fc.string({ unit: fc.constantFrom(...Array.from('ab",*? \n\té🐘;$%')), minLength: 1 });
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1 }), (names) => {
        const text = names.map((each) => `"${each.replaceAll('"', '""')}"`).join(',');
        assert.deepEqual(databases(text), names);
      }),
    );
  });

  test('takes no pattern for a name, and not all beside some', () => {
    assertProblem(
      { DATABASES: 'tenant_*' },
      /^DATABASES has the pattern "tenant_\*", but takes names; set DATABASES=\*/,
    );
    assertProblem({ DATABASES: 'shop,*' }, /^DATABASES has \* beside names/);
    assertProblem({ DATABASES: 'a"b' }, /has a double quote in a wrong place/);
    assertProblem({ DATABASES: '"a' }, /has a double quote in a wrong place/);
    assertProblem({ DATABASES: ',' }, /has no name/);
    assertProblem({ DATABASES: '""' }, /has an empty name/);
  });

  test('is asked for where only the others are set', () => {
    assertProblem({ EXCLUDE_DATABASES: 'postgres' }, /^EXCLUDE_DATABASES is set, but DATABASES is not/);
    assert.match(read({ DATABASE_CONCURRENCY: '2' }).warnings.join(), /no effect without DATABASES/);
  });

  test('leaves out, and says how many at once', () => {
    assert.deepEqual(read({ DATABASES: '*', EXCLUDE_DATABASES: 'test_*,"*"', DATABASE_CONCURRENCY: '3' }).databases, {
      names: 'all',
      exclude: [
        { text: 'test_*', quoted: false },
        { text: '*', quoted: true },
      ],
      concurrency: 3,
    } satisfies DatabasesConfig);
  });

  test('leaves nobody told of one database, and every one expected', () => {
    assert.equal(salvageConfig({ ...leastEnv, DATABASES: 'crm' }).database, undefined);
    assert.equal(salvageConfig(leastEnv).database, 'shop');
    const expected = (DATABASES: string): readonly string[] => {
      const { source, databases: several } = read({ DATABASES });
      return namedDatabases({ source: source.connection, databases: several });
    };
    assert.deepEqual([expected(''), expected('crm,hr'), expected('*')], [['shop'], ['crm', 'hr'], []]);
  });
});

describe('the connection to another database', () => {
  test('differs in its name only', () => {
    const { connection } = read().source;
    assert.deepEqual(connectionTo(connection, 'crm'), { ...connection, database: 'crm', named: 'DATABASES' });
  });

  test('has the password that a password file has for it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-passfile-'));
    try {
      const PGPASSFILE = join(folder, 'pgpass');
      const lines = [
        'db.example.com:5432:shop:backup:one',
        '*:*:crm:backup:two',
        '*:*:*:backup:rest',
        '*:*:hr:backup:x',
      ];
      writeFileSync(PGPASSFILE, `${lines.join('\n')}\n`, { mode: 0o600 });
      const config = read({ DATABASE_URL: 'postgresql://backup@db.example.com/shop', PGPASSFILE, DATABASES: '*' });
      const passwords = ['shop', 'crm', 'hr'].map((name) =>
        connectionTo(config.source.connection, name).password?.reveal(),
      );
      assert.deepEqual(passwords, ['one', 'two', 'rest']);
      const secrets = config.secrets.map((secret) => secret.reveal());
      assert(['one', 'two', 'rest'].every((word) => secrets.includes(word)));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
