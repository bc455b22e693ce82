import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { buildImage, hardened, runContainer } from '../support/image/container.ts';

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { alg: string }[];
  readonly licenses?: readonly unknown[];
}

describe('what the image tells of its parts', () => {
  let image = '';
  let text = '';
  let components: Component[] = [];
  const read = async (program: string, ...args: string[]): Promise<string> => {
    const run = await runContainer(image, { args, flags: [...hardened, `--entrypoint=${program}`] });
    assert.equal(run.exitCode, 0, run.stderr);
    return run.stdout;
  };
  before(async () => {
    image = await buildImage();
    text = await read('cat', '/app/sbom.json');
    ({ components } = JSON.parse(text) as { components: Component[] });
  });
  const ofKind = (kind: string): Component[] => components.filter(({ purl }) => purl.startsWith(`pkg:${kind}/`));

  test('is a CycloneDX document by its own schema', async () => {
    assert.equal(await new Validation.JsonStrictValidator(Spec.Version.v1dot5).validate(text), null);
  });

  test('lists every Debian package with its version, those too that dpkg does not know', async () => {
    const installed = await read('dpkg-query', '-W', '-f', '${Package} ${Version}\\n');
    const others = await read('sh', '-c', 'cd /var/lib/dpkg/status.d && grep -h -E "^(Package|Version):" *');
    const pairs = [...others.matchAll(/^Package: (.*)\nVersion: (.*)$/gm)].map(
      ([, name, version]) => `${name} ${version}`,
    );
    assert.ok(
      pairs.some((pair) => pair.startsWith('postgresql-client-17 17.')),
      others,
    );
    assert.deepEqual(
      ofKind('deb')
        .map(({ name, version }) => `${name} ${version}`)
        .sort(),
      [...installed.trim().split('\n'), ...pairs].sort(),
    );
  });

  test('lists the npm packages of the bundle with hashes and licences, and no tool of the build', () => {
    const packages = ofKind('npm');
    const names = packages.map(({ name }) => name);
    for (const name of ['@aws-sdk/client-s3', 'pg', 'zod', 'nodemailer']) assert.ok(names.includes(name), name);
    for (const name of ['esbuild', 'typescript', 'smtp-server', 'node']) assert.ok(!names.includes(name), name);
    for (const { name, hashes, licenses } of packages) {
      assert.equal(hashes?.[0]?.alg, 'SHA-512', name);
      assert.equal(licenses?.length, 1, name);
    }
  });

  test('names the node that runs', async () => {
    const [node] = ofKind('generic');
    assert.equal(`v${node?.version ?? ''}`, (await read('node', '--version')).trim());
  });

  test('has the licence of each npm package, and of PostgreSQL’s programs', async () => {
    const licences = await read('cat', '/app/THIRD-PARTY.txt');
    for (const { name, version } of ofKind('npm')) assert.ok(licences.includes(`\n${name}@${version}: `), name);
    const [majors, copyrights] = [
      await read('sh', '-c', 'ls /usr/lib/postgresql'),
      await read(
        'sh',
        '-c',
        'cd /usr/share/doc && grep -l "PostgreSQL Global Development Group" postgresql-*/copyright',
      ),
    ];
    for (const major of majors.trim().split('\n')) {
      assert.match(copyrights, new RegExp(`^postgresql-client-${major}/copyright$`, 'm'));
    }
  });
});
