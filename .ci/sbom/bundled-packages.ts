import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package of which something is in the bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** The SPDX expression of its package.json. */
  readonly licence: string;
  /** The texts of its licence and notice files, or the section of its README where it has no such file. */
  readonly texts: readonly string[];
}

interface Metafile {
  readonly outputs: Readonly<Record<string, { inputs: Readonly<Record<string, { bytesInOutput: number }>> }>>;
}

/** Licences that let anyone ship the package with its text beside it. Another one fails the build. */
export const permissive: readonly string[] = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
];

/**
 * Every package that gave the bundle a byte, by esbuild's metafile, sorted by name. `root` is the folder esbuild ran in.
 * @throws {Error} where a licence is none of {@link permissive}, or its text is not to be found.
 */
export function bundledPackages(metafile: string, root: string): BundledPackage[] {
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as Metafile;
  const folders = new Set<string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  if (folders.size === 0) throw new Error(`${metafile} names no package`);
  const found = [...folders].map((folder) => readPackage(join(root, folder)));
  return found.map((one) => checked(one, found)).sort((a, b) => (identity(a) < identity(b) ? -1 : 1));
}

/** `name@version`, as npm names a component. */
export function identity({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}@${version}`;
}

function readPackage(folder: string): BundledPackage {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: unknown;
  };
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice|copyright)/i.test(file));
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
  const readme = readdirSync(folder).find((file) => /^readme/i.test(file));
  const section = readme && /^#+ *licen[cs]e.*\n([^]*?)(?=^#|$(?![^]))/im.exec(read(readme))?.[1]?.trim();
  // A section that only says `MIT` is not the text.
  const told = section !== undefined && section.length > 500 ? [section] : [];
  const texts = files.length > 0 ? files.sort().map(read) : told;
  return { name, version, licence: typeof license === 'string' ? license : 'none', texts };
}

/** Apache's text is the same for everyone, so a package that leaves it out gets that of another. */
function checked(one: BundledPackage, all: readonly BundledPackage[]): BundledPackage {
  if (!permissive.includes(one.licence)) throw new Error(`${identity(one)} has the licence ${one.licence}`);
  if (one.texts.length > 0) return one;
  const standard = all.find(({ licence, texts }) => licence === 'Apache-2.0' && texts.length > 0);
  if (one.licence !== 'Apache-2.0' || standard === undefined) throw new Error(`${identity(one)} has no licence text`);
  return { ...one, texts: standard.texts.slice(0, 1) };
}
