import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  backupFolder,
  databaseFolder,
  decodeDatabaseName,
  encodeDatabaseName,
  fileNames,
  parseKey,
} from '../../src/catalog/keys.ts';

/** Any name that PostgreSQL allows: 1 to 63 bytes of UTF-8 without NUL. */
const databaseNames = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 63 })
  .filter((name) => !name.includes('\0') && Buffer.byteLength(name) <= 63);
const id = '20261120T020000Z-k3f9q2';

describe('any name of a database', () => {
  const examples: [string][] = [
    ['.'],
    ['..'],
    ['...'],
    ['a/b'],
    ['../x'],
    ['%2E'],
    ['%'],
    ['~'],
    ["!'()*"],
    ['ü🐘'],
    ['a\nb'],
  ];

  test('comes back from the key', () => {
    fc.assert(
      fc.property(databaseNames, (database) => {
        assert.equal(decodeDatabaseName(encodeDatabaseName(database)), database);
        const key = `${backupFolder(database, id)}${fileNames.manifest}`;
        assert.deepEqual(parseKey(key), { database, id, file: 'manifest.json' });
      }),
      { examples },
    );
  });

  test('is one component that cannot climb out of its folder, suits every store, and fits a file system', () => {
    fc.assert(
      fc.property(databaseNames, (database) => {
        const component = encodeDatabaseName(database);
        assert.match(component, /^[A-Za-z0-9._%-]+$/);
        assert.doesNotMatch(component, /^\.+$/);
        assert.ok(component.length <= 255);
        assert.equal(databaseFolder(database).split('/').length, 2);
      }),
      { examples },
    );
  });

  test('has a key of its own', () => {
    fc.assert(
      fc.property(databaseNames, databaseNames, (a, b) => {
        assert.equal(encodeDatabaseName(a) === encodeDatabaseName(b), a === b);
      }),
    );
  });
});

test('ordinary names stay as they are', () => {
  for (const name of ['shop', 'shop_prod-2', 'Shop.v1']) assert.equal(encodeDatabaseName(name), name);
});

test('a component that no name makes is no database', () => {
  for (const component of ['%', '%zz', '%C3', '%2e%2e', 'a%20b%2', '%41', 'a b', '..', '~']) {
    assert.equal(decodeDatabaseName(component), undefined, component);
  }
});

describe('a key that is none of ours is ignored', () => {
  const keys = [
    '',
    'shop',
    `shop/${id}`,
    `shop/${id}/`,
    `/${id}/manifest.json`,
    `shop//manifest.json`,
    `shop/${id}/deeper/manifest.json`,
    `prefix/shop/${id}/manifest.json`,
    `shop/latest/manifest.json`,
    `../${id}/manifest.json`,
    `%zz/${id}/manifest.json`,
  ];
  for (const key of keys) {
    test(JSON.stringify(key), () => {
      assert.equal(parseKey(key), undefined);
    });
  }
});
