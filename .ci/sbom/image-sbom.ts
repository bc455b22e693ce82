import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** A Debian package as `dpkg-query` or its control file tells it. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** The release it was made for, as `debian-13`. */
  readonly distro: string;
}

/**
 * The list of everything in the image that comes from others, as CycloneDX 1.5: npm's components as they are, node, and
 * Debian packages. Without a moment or a random name in it, so that equal images have equal lists.
 */
export function imageSbom(npm: readonly unknown[], node: string, debian: readonly DebianPackage[]): object {
  const purl = `pkg:generic/node@${node}`;
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: { type: 'container', 'bom-ref': 'pg-offsite', name: 'pg-offsite' },
    },
    components: [
      ...npm,
      { type: 'application', 'bom-ref': purl, name: 'node', version: node, purl },
      ...debian.map(({ name, version, architecture, distro }) => {
        const where = `arch=${architecture}&distro=${distro}`;
        const ref = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?${where}`;
        return { type: 'library', 'bom-ref': ref, name, version, purl: ref };
      }),
    ],
  };
}

/** The packages of control files, in paragraphs as `dpkg-query` and /var/lib/dpkg/status.d have them. */
export function controlPackages(text: string, distro: string): DebianPackage[] {
  return text.split(/\n{2,}/).flatMap((paragraph) => {
    const field = (name: string): string => new RegExp(`^${name}: *(.*)$`, 'm').exec(paragraph)?.[1] ?? '';
    const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')];
    return name === '' ? [] : [{ name, version, architecture, distro }];
  });
}

function debianPackages(): DebianPackage[] {
  const release = /^VERSION_ID="?(\d+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
  const format = 'Package: ${Package}\nVersion: ${Version}\nArchitecture: ${Architecture}\n\n';
  const known = execFileSync('dpkg-query', ['--show', `--showformat=${format}`], { encoding: 'utf8' });
  const folder = '/var/lib/dpkg/status.d';
  const others = existsSync(folder) ? readdirSync(folder).map((file) => readFileSync(`${folder}/${file}`, 'utf8')) : [];
  return [known, ...others]
    .flatMap((text) => controlPackages(text, `debian-${release}`))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/* usage: node image-sbom.ts NPM-COMPONENTS > sbom.json, in the image */
if (import.meta.main) {
  const npm = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as unknown[];
  process.stdout.write(`${JSON.stringify(imageSbom(npm, process.versions.node, debianPackages()), null, 1)}\n`);
}
