import { readFileSync } from 'node:fs';
import { bundledPackages, identity } from './bundled-packages.ts';

/** The part of a CycloneDX component that is looked at; the rest passes through as npm wrote it. */
interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
}

/**
 * The components of `npm sbom` that gave the bundle a byte.
 * @throws {Error} where npm knows nothing of a package in the bundle.
 */
export function npmPart(npm: string, metafile: string, root: string): Component[] {
  const { components } = JSON.parse(readFileSync(npm, 'utf8')) as { components: Component[] };
  return bundledPackages(metafile, root).map((one) => {
    // Of the whole list: with --omit=dev npm leaves out a package that a tool for development needs too (11.19).
    const found = components.find((component) => identity(component) === identity(one));
    if (found === undefined) throw new Error(`npm sbom lists no ${identity(one)}`);
    return { ...found, scope: 'required' };
  });
}

/* usage: node npm-part.ts NPM-SBOM METAFILE > components.json, in the folder where esbuild ran */
if (import.meta.main) {
  const [npm = '', metafile = ''] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(npmPart(npm, metafile, process.cwd())));
}
