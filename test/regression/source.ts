import { globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runCommand } from '../support/run-command.ts';

/** PostgreSQL's own regression tests, ready to be loaded. */
export interface RegressionTests {
  /** Of the sources they are from, as Debian calls it. */
  readonly version: string;
  /** The folder `src/test/regress` of the sources. */
  readonly folder: string;
  /** Where the server finds their library and those of the modules that they use. */
  readonly libDir: string;
}

/**
 * Fetches the sources of a major through apt, with lists of its own in a folder, and builds the library of their tests with the
 * headers of Debian's package. Nothing is installed. Takes a C compiler.
 */
export async function fetchRegressionTests(folder: string, major: number): Promise<RegressionTests> {
  const apt = await ownApt(folder);
  const version = await downloadSource(apt, folder, `postgresql-${String(major)}`);
  const source = join(folder, 'source');
  mkdirSync(source);
  const [archive = ''] = globSync(join(folder, '*.orig.tar.*')).filter((path) => !path.endsWith('.asc'));
  const regressOnly = ['--strip-components=1', '--wildcards', '*/src/test/regress'];
  await runCommand('tar', ['-xf', archive, '-C', source, ...regressOnly]);
  await apt('apt-get', ['download', `postgresql-server-dev-${String(major)}`]);
  const [headers = ''] = globSync(join(folder, 'postgresql-server-dev-*.deb'));
  await runCommand('dpkg', ['-x', headers, join(folder, 'headers')]);

  const regress = join(source, 'src/test/regress');
  const libDir = join(folder, 'lib');
  mkdirSync(libDir);
  const include = join(folder, `headers/usr/include/postgresql/${String(major)}/server`);
  const flags = ['-shared', '-fPIC', '-O1', '-w', `-I${include}`, `-I${regress}`];
  await runCommand('cc', [...flags, join(regress, 'regress.c'), '-o', join(libDir, 'regress.so')]);
  for (const library of globSync(`/usr/lib/postgresql/${String(major)}/lib/*.so`)) {
    symlinkSync(library, join(libDir, basename(library)));
  }
  return { version, folder: regress, libDir };
}

type Apt = (program: 'apt-get' | 'apt-cache', args: readonly string[]) => Promise<string>;

/** apt with the machine's mirror, but sources and lists of its own. Downloads come into the folder. */
async function ownApt(folder: string): Promise<Apt> {
  const mirror = (await runCommand('sh', [join(import.meta.dirname, '../support/image/debian-mirror.sh')])).trim();
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
  const archives = [`${mirror} ${codename} main`, `${mirror}-security ${codename}-security main`];
  const lines = ['deb', 'deb-src'].flatMap((kind) => archives.map((archive) => `${kind} ${archive}\n`));
  writeFileSync(join(folder, 'sources.list'), lines.join(''));
  mkdirSync(join(folder, 'lists/partial'), { recursive: true });
  const settings = {
    'Dir::Etc::sourcelist': join(folder, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    'APT::Sandbox::User': 'root',
    'Acquire::Retries': '3',
  };
  const options = Object.entries(settings).map(([name, value]) => `--option=${name}=${value}`);
  const apt: Apt = (program, args) => runCommand(program, [...options, ...args], { cwd: folder });
  await apt('apt-get', ['update', '-qq']);
  return apt;
}

/** The newest sources that the mirror really has: those of security updates may be missing. */
async function downloadSource(apt: Apt, folder: string, name: string): Promise<string> {
  const table = await apt('apt-cache', ['madison', name]);
  const versions = [...table.matchAll(/^\S.*\| +(\S+) +\|.* Sources$/gm)].map(([, version = '']) => version);
  const refusals: unknown[] = [];
  for (const version of versions.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))) {
    try {
      await apt('apt-get', ['source', '--download-only', '-qq', `${name}=${version}`]);
      return version;
    } catch (error) {
      refusals.push(error);
    }
  }
  throw new AggregateError(refusals, `no sources of ${name} can be had; looked at ${folder}`);
}
