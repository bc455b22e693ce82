import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '../..');

/** A change to the program's source, to see whether what it breaks is found. */
export interface Doctoring {
  /** Below `src/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** The program as the image holds it. */
export interface Program extends Disposable {
  /** The folder with `entrypoint.sh`. */
  readonly home: string;
  /** Where node is found, and keeps what it has compiled. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Bundles the sources as the image has them, which start in half the time. Throws where a doctoring fits nowhere. */
export async function bundleProgram(doctorings: readonly Doctoring[] = []): Promise<Program> {
  const home = mkdtempSync(join(tmpdir(), 'pg-offsite-chaos-'));
  await build({
    entryPoints: [join(root, 'src/main.ts')],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    splitting: true,
    outdir: home,
    entryNames: 'pg-offsite',
    outExtension: { '.js': '.mjs' },
    logLevel: 'error',
    plugins: [doctor(doctorings)],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
  });
  cpSync(join(root, 'entrypoint.sh'), join(home, 'entrypoint.sh'));
  cpSync(join(root, 'package.json'), join(home, 'package.json'));
  symlinkSync(process.execPath, join(home, 'node'));
  return {
    home,
    variables: { NODE_COMPILE_CACHE: join(home, 'compiled') },
    [Symbol.dispose]: () => {
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function doctor(doctorings: readonly Doctoring[]): Plugin {
  return {
    name: 'doctor',
    setup(bundler) {
      for (const { file, find, replace } of doctorings) {
        const path = join(root, 'src', file);
        const source = readFileSync(path, 'utf8');
        if (!source.includes(find)) throw new Error(`there is no "${find}" in ${file}`);
        const filter = new RegExp(`${path.replace(/[.\\/]/g, '\\$&')}$`);
        bundler.onLoad({ filter }, () => ({ contents: source.replace(find, () => replace), loader: 'ts' }));
      }
    },
  };
}
