import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundledPackages, identity, type BundledPackage } from './bundled-packages.ts';

/** The page of all licences: which package has which, then every text once, with the packages it stands beside. */
export function thirdParty(packages: readonly BundledPackage[]): string {
  const holders = new Map<string, string[]>();
  for (const one of packages) {
    for (const text of one.texts) holders.set(text, [...(holders.get(text) ?? []), identity(one)]);
  }
  const list = packages.map((one) => `${identity(one)}: ${one.licence}`);
  const texts = [...holders].map(([text, names]) => `${'='.repeat(78)}\n${names.join(', ')}\n\n${text}\n`);
  return `npm packages in this program, each with its licence; the texts follow.\n\n${list.join('\n')}\n\n${texts.join('\n')}`;
}

/*
 * usage: node third-party.ts METAFILE [NODE-LICENCE] > THIRD-PARTY.txt, in the folder where esbuild ran. The licence of
 * node stands beside it in the public image; another build of node may lack it.
 */
if (import.meta.main) {
  const root = process.cwd();
  const [metafile = '', node = ''] = process.argv.slice(2);
  process.stdout.write(thirdParty(bundledPackages(join(root, metafile), root)));
  if (existsSync(node)) process.stdout.write(`\n${'='.repeat(78)}\nnode\n\n${readFileSync(node, 'utf8')}`);
}
