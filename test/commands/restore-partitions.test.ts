import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { restoreGuide } from '../../src/catalog/restore-guide.ts';
import { restoreInto } from '../roundtrip/round-trip.ts';
import { dumpLines } from '../support/compare.ts';
import { type Backup, useStored } from './stored.ts';

const labels = Array.from({ length: 64 }, (_, index) => `'state ${String(index)}'`).join(', ');
const parts = Array.from({ length: 8 }, (_, index) => index);

const stored = useStored(
  async (postgres) => {
    await postgres.createDatabase('hashed');
    await postgres.psql(
      `CREATE TYPE state AS ENUM (${labels});
       CREATE TABLE things (state state) PARTITION BY HASH (state);
       ${parts.map((part) => `CREATE TABLE things_${part} PARTITION OF things FOR VALUES WITH (MODULUS 8, REMAINDER ${part});`).join('\n')}
       INSERT INTO things SELECT unnest(enum_range(NULL::state));
       CREATE TABLE other AS SELECT generate_series(1, 3)`,
      'hashed',
    );
    await postgres.createDatabase('nested');
    await postgres.psql(
      `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
       CREATE TABLE m (a int, b int) PARTITION BY LIST (a); CREATE TABLE m1 PARTITION OF m DEFAULT PARTITION BY LIST (b);
       ${parts.map((part) => `CREATE TABLE m1_${part} PARTITION OF m1 FOR VALUES IN (${part});`).join('\n')}
       CREATE TRIGGER t AFTER INSERT ON m FOR EACH ROW EXECUTE FUNCTION f();
       COMMENT ON TRIGGER t ON m IS 'does nothing';
       ${parts.map((part) => `ALTER TABLE m1_${part} DISABLE TRIGGER t;`).join('\n')}
       CREATE TABLE made (tag text);
       CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.made VALUES (tg_tag); END';
       CREATE EVENT TRIGGER noted ON ddl_command_end EXECUTE FUNCTION note()`,
      'nested',
    );
  },
  [{ database: 'hashed' }, { database: 'nested' }],
);
const [hashed, nested] = [0, 1].map((index) => () => stored.backups[index]!) as [() => Backup, () => Backup];

test('rows that the hash of an enum puts into other partitions of a restored table are counted together', async () => {
  const target = await stored.target();
  const run = await stored.run(['restore', hashed().id, '--database', 'hashed'], target.variables);
  assert.equal(run.exitCode, 0, run.stdout + run.stderr);
  assert.match(run.stdout, /^table public\.things with its partitions +64 +64 +same$/m);
  assert.match(run.stdout, /^table public\.things_\d .*not compared: the hash puts other rows into it here/m);
});

test('RESTORE.md counts them together, too, and tells one that is lost', async () => {
  const { folder, manifest } = hashed();
  const guide = restoreGuide(manifest, { kind: 'directory', location: folder, copyCommand: `cp -R ${folder}/. .` });
  const good = await restoreInto(stored.postgres, 'by_guide', guide, { variables: {} });
  assert.equal(good.exitCode, 0, good.stderr);
  assert.match(good.stdout, /^same public\.other 3$/m);
  assert.match(good.stdout, /^same public\.things_0 and 7 more partitions 64$/m);
  assert.equal(good.stdout.match(/^(same|DIFFERENT)/gm)?.length, 2);
  const edit = (commands: string): string =>
    commands.replace(/^psql -X -q/m, "psql -q -c 'DELETE FROM things WHERE ctid = (SELECT min(ctid) FROM things)'; $&");
  const lost = await restoreInto(stored.postgres, 'by_guide_2', guide, { variables: {}, edit });
  assert.match(lost.stdout, /^DIFFERENT, not 64: public\.things_0 and 7 more partitions [56]\d$/m);
  assert.match(lost.stdout, /^same public\.other 3$/m);
});

test('one that is lost among them is told', async () => {
  const { folder, manifest } = hashed();
  const tables = manifest.contents.tables.map((table) => ({ ...table, rows: (table.rows ?? 0) + 1 }));
  const changed = { ...manifest, contents: { ...manifest.contents, tables } };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(changed));
  const target = await stored.target();
  const run = await stored.run(['restore', hashed().id, '--database', 'hashed'], target.variables);
  assert.equal(run.exitCode, 76, run.stdout + run.stderr);
  assert.match(run.stdout, /^table public\.things_\d .*DIFFERENT$/m);
});

test('with several sessions triggers come in their order, and event triggers last', async () => {
  const target = await stored.target();
  const run = await stored.run(['restore', nested().id, '--database', 'nested', '--jobs', '4'], target.variables);
  assert.equal(run.exitCode, 0, run.stdout + run.stderr);
  const [restored, source] = await Promise.all(
    [target.name, 'nested'].map((name) => dumpLines(stored.postgres, name, 'without owners')),
  );
  assert.deepEqual(restored, source);
});
