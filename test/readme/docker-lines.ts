import { runCommand } from '../support/run-command.ts';

/** One `docker run … pg-offsite …` of a block. */
export interface DockerLine {
  /** The command of the image and its arguments; none for a backup. */
  readonly args: readonly string[];
  /** What `-e` sets. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What docker would be given by a block of shell commands. What they would write goes nowhere, also where it is sent to a file. */
export async function dockerLines(block: string): Promise<DockerLine[]> {
  const commands = block.replaceAll(/ > \S+$/gm, ' > /dev/null');
  const script = `exec 3>&1; docker() { printf '%s\\0' "$@" >&3; printf '\\n' >&3; }\n${commands}`;
  const calls = (await runCommand('sh', ['-euc', script])).trim().split('\n');
  return calls.map((call) => {
    const words = call.split('\0').slice(0, -1);
    const pairs = words.filter((_, index) => words[index - 1] === '-e').map((pair) => pair.split(/=(.*)/s, 2));
    return {
      args: words.slice(words.indexOf('pg-offsite') + 1),
      variables: Object.fromEntries(pairs) as Record<string, string>,
    };
  });
}
