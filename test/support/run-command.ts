import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** What a command of a test may get besides its arguments. */
export interface RunCommandOptions {
  /** The whole environment; the test's own when left out. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Written to stdin, which is then closed. */
  readonly input?: string;
}

/** Runs a program to its end and resolves to its stdout; rejects with its stderr in the message when it fails. */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: RunCommandOptions = {},
): Promise<string> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: options.env, cwd: options.cwd });
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve(signal ?? String(code));
    });
  });
  child.stdin.on('error', () => undefined); // the program may end before it has read everything
  child.stdin.end(options.input ?? '');
  const [stdout, stderr, outcome] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (outcome !== '0') throw new Error(`${program} ${args.join(' ')} ended with ${outcome}\n${stderr}`);
  return stdout;
}
