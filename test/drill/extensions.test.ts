import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareExtensions, type PrepareOptions } from '../../src/drill/extensions.ts';
import { ask, noLog, noSignal, openScratch, smallManifest } from './scene.ts';

const options: PrepareOptions = { allowMissing: () => false, log: noLog, signal: noSignal };

test('extensions come into their schemas, needed ones first, and the role may use what they bring', async () => {
  const manifest = smallManifest({
    roles: ['app', 'odd "role', 'pg_no_such'],
    extensions: [
      { name: 'plpgsql', version: '1.0', schema: 'pg_catalog' },
      { name: 'earthdistance', version: '1.1', schema: 'Geo graphy' },
      { name: 'cube', version: '1.5', schema: 'public' },
      { name: 'postgres_fdw', version: '1.1', schema: 'far' },
      { name: 'adminpack', version: '2.1', schema: 'pg_catalog' },
    ],
  });
  await using scratch = await openScratch({ manifest });
  const { target } = scratch;
  assert.deepEqual(await prepareExtensions(scratch, manifest, options), {
    missing: [],
    schemas: ['Geo graphy', 'far'],
  });
  assert.deepEqual(await ask(target, 'SELECT extname, extnamespace::regnamespace::text FROM pg_extension ORDER BY 1'), [
    ['adminpack', 'pg_catalog'],
    ['cube', 'public'],
    ['earthdistance', '"Geo graphy"'],
    ['plpgsql', 'pg_catalog'],
    ['postgres_fdw', 'far'],
  ]);
  await ask(
    target,
    `CREATE TABLE "Geo graphy".places (at "Geo graphy".earth);
     CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw; CREATE USER MAPPING FOR app SERVER s;
     CREATE TABLE t (id int); CREATE POLICY p ON t TO "odd ""role" USING (true)`,
  );
});

test('a table of an extension that a dump fills can be filled, its others only read', async () => {
  await using scratch = await openScratch();
  const { target, admin } = scratch;
  assert(admin);
  // As an extension's script does it.
  await ask(
    admin,
    `CREATE TABLE public.settings (a int); CREATE TABLE public.inner_one (a int);
     CREATE SEQUENCE public.settings_id;
     ALTER EXTENSION plpgsql ADD TABLE public.settings; ALTER EXTENSION plpgsql ADD TABLE public.inner_one;
     ALTER EXTENSION plpgsql ADD SEQUENCE public.settings_id;
     UPDATE pg_extension SET extconfig = ARRAY['public.settings'::regclass, 'public.settings_id'::regclass],
       extcondition = ARRAY['', '']`,
  );
  await prepareExtensions(scratch, smallManifest(), options);
  await ask(target, `INSERT INTO settings VALUES (1); DELETE FROM settings; SELECT setval('settings_id', 7)`);
  assert.deepEqual(await ask(target, 'SELECT count(*)::int FROM inner_one'), [[0]]);
  await assert.rejects(ask(target, 'INSERT INTO inner_one VALUES (1)'), /permission denied/);
});

test('all that are missing are named at once, with what to do', async () => {
  const manifest = smallManifest({
    extensions: [
      { name: 'timewarp', version: '2.1', schema: 'public' },
      { name: 'hstore', version: '1.8', schema: 'public' },
      { name: 'odd "name', version: '1', schema: 'x' },
      { name: 'cube', version: '1', schema: 'pg_temp' },
    ],
  });
  await using scratch = await openScratch({ manifest });
  await assert.rejects(prepareExtensions(scratch, manifest, options), {
    kind: 'dump',
    message:
      /^could not run: the scratch server lacks extensions of the backup: timewarp \(not installed\), odd "name \(not installed\), cube \(cannot be created: .*\)$/,
    hint: /--allow-missing-extension/,
  });
  const allowed = { ...options, allowMissing: (name: string) => name !== 'hstore' };
  const { missing } = await prepareExtensions(scratch, manifest, allowed);
  assert.deepEqual(missing, ['timewarp', 'odd "name', 'cube']);
});
