import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { Failure } from '../errors.ts';

/**
 * The absolute path of a program, searched in the folders of a `PATH` value.
 * @throws {Failure} `config` when it is in none of them.
 */
export async function findProgram(name: string, searchPath: string): Promise<string> {
  for (const folder of searchPath.split(delimiter)) {
    if (folder === '') continue;
    const candidate = join(folder, name);
    if (await isExecutable(candidate)) return candidate;
  }
  throw new Failure('config', `the program ${name} is not installed`, {
    hint: `Install ${name} (the image holds it), or choose a setting that does without it.`,
  });
}

/** True where the path is a file that we may execute. */
export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
