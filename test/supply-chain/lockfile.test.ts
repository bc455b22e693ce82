import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}
const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
const locked = Object.entries(packages).filter(([path]) => path !== '');
const manifest = JSON.parse(read('package.json')) as {
  readonly dependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly scripts: Record<string, string>;
  readonly allowScripts: Record<string, boolean>;
};

describe('the lockfile', () => {
  test('holds a strong hash of every package, and none from elsewhere than a registry', () => {
    assert.ok(locked.length > 100);
    for (const [path, { version, integrity, resolved, link }] of locked) {
      assert.match(integrity ?? '', /^sha512-[A-Za-z0-9+/]{86}==$/, path);
      assert.match(version ?? '', /^\d+\.\d+\.\d+/, path);
      assert.equal(link, undefined, path);
      assert.doesNotMatch(resolved ?? '', /^(git|file|http:)/, path);
    }
  });

  test('is asked for exact versions', () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      assert.match(version, /^\d+\.\d+\.\d+$/, name);
    }
  });
});

describe('scripts of packages', () => {
  test('do not run in the image’s build', () => {
    const installs = read('Dockerfile').match(/^.*\bnpm (ci|i|install|rebuild)\b.*$/gm) ?? [];
    assert.deepEqual(
      installs.filter((line) => !line.includes('npm ci --ignore-scripts ')),
      [],
    );
    assert.equal(installs.length, 1);
  });

  test('run in a checkout only for those that are allowed to by name', () => {
    const withScripts = locked.filter(([, { hasInstallScript }]) => hasInstallScript);
    const names = withScripts.map(([path]) => path.replace(/^.*node_modules\//, ''));
    assert.deepEqual(names.sort(), Object.keys(manifest.allowScripts).sort());
    assert.ok(names.includes('node'), 'the Dockerfile looks for what this one would have left');
  });

  test('of the project itself do not run by being installed', () => {
    const hooks = Object.keys(manifest.scripts).filter((name) => /^(pre|post)|^(install|prepare)$/.test(name));
    assert.deepEqual(hooks, []);
  });
});
