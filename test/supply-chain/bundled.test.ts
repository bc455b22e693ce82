import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { bundledPackages, permissive } from '../../.ci/sbom/bundled-packages.ts';
import { controlPackages, imageSbom } from '../../.ci/sbom/image-sbom.ts';
import { npmPart } from '../../.ci/sbom/npm-part.ts';
import { thirdParty } from '../../.ci/sbom/third-party.ts';
import { runCommand } from '../support/run-command.ts';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';

const root = join(import.meta.dirname, '../..');

describe('the packages in the bundle', () => {
  let work = '';
  let metafile = '';
  before(async () => {
    work = mkdtempSync(join(tmpdir(), 'pg-offsite-bundle-'));
    const options = { bundle: true, platform: 'node', format: 'esm', splitting: true, write: false } as const;
    const entryPoints = [join(root, 'src/main.ts')];
    const made = await build({ ...options, absWorkingDir: root, entryPoints, outdir: work, metafile: true });
    metafile = join(work, 'bundle.json');
    writeFileSync(metafile, JSON.stringify(made.metafile));
  });
  after(() => rmSync(work, { recursive: true }));

  test('all have a known permissive licence with its text', () => {
    const packages = bundledPackages(metafile, root);
    assert.ok(packages.length > 50);
    for (const { name, licence, texts } of packages) {
      assert.ok(permissive.includes(licence), name);
      assert.ok(texts.length > 0 && texts.every((text) => text.length > 200), name);
    }
    const page = thirdParty(packages);
    for (const { texts } of packages) for (const text of texts) assert.ok(page.includes(text));
  });

  test('are all known to npm’s own list, which becomes a valid CycloneDX document', async () => {
    const npm = join(work, 'npm.json');
    const list = await runCommand('npm', [
      'sbom',
      '--sbom-format=cyclonedx',
      '--package-lock-only',
      `--prefix=${root}`,
    ]);
    writeFileSync(npm, list);
    const components = npmPart(npm, metafile, root);
    assert.equal(components.length, bundledPackages(metafile, root).length);
    const debian = controlPackages('Package: zstd\nVersion: 1:1.5.7+dfsg-1\nArchitecture: amd64\n\n', 'debian-13');
    const document = JSON.stringify(imageSbom(components, '24.0.0', debian));
    assert.match(document, /"pkg:deb\/debian\/zstd@1%3A1\.5\.7%2Bdfsg-1\?arch=amd64&distro=debian-13"/);
    assert.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(document), null);
  });

  describe('when one is not as it should be', () => {
    const packageOf = (manifest: object, files: Record<string, string>): string => {
      const folder = join(work, 'node_modules/odd');
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'odd', version: '1.0.0', ...manifest }));
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
      const inputs = {
        'node_modules/odd/index.js': { bytesInOutput: 5 },
        'node_modules/gone/x.js': { bytesInOutput: 0 },
      };
      const odd = join(work, 'odd.json');
      writeFileSync(odd, JSON.stringify({ outputs: { 'out.js': { inputs } } }));
      return odd;
    };
    const text = 'Permission is hereby granted. '.repeat(20).trim();

    test('the build ends for a licence that is not permissive, or none', () => {
      for (const [manifest, words] of [
        [{ license: 'AGPL-3.0-only' }, /odd@1\.0\.0 has the licence AGPL-3\.0-only/],
        [{ license: '(MIT OR GPL-2.0)' }, /has the licence \(MIT OR GPL-2\.0\)/],
        [{}, /has the licence none/],
      ] as const) {
        assert.throws(() => bundledPackages(packageOf(manifest, { LICENSE: text }), work), words);
      }
    });

    test('the build ends for a licence without its text', () => {
      for (const readme of ['', '# Odd\n\n## License\n\nMIT\n']) {
        const metafile = packageOf({ license: 'MIT' }, { 'README.md': readme });
        assert.throws(() => bundledPackages(metafile, work), /odd@1\.0\.0 has no licence text/);
      }
    });

    test('the text may be a section of the README', () => {
      const metafile = packageOf(
        { license: 'MIT' },
        { 'README.md': `# Odd\n\n## License\n\n${text}\n\n## Thanks\n\nyou` },
      );
      assert.deepEqual(bundledPackages(metafile, work)[0]?.texts, [text]);
    });
  });
});
