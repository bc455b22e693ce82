import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../run-command.ts';

const podman = join(import.meta.dirname, 'podman.sh');

/** How a hardened platform runs us: nothing can be written but /dev/shm, no rights, nobody's user. */
export const hardened = [
  '--read-only',
  '--read-only-tmpfs=false',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
  '--user=54321:54321',
];

/** What a container is given besides its image. */
export interface ContainerOptions {
  /** The command of the program, or of `--entrypoint`. */
  readonly args?: readonly string[];
  /** The container's variables; they reach it without being in any argv. */
  readonly env?: Readonly<Record<string, string>>;
  /** Further flags of `podman run`. */
  readonly flags?: readonly string[];
}

/** How a container ended. */
export interface ContainerResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A container that runs. It is removed when it ends; dispose of it to be sure that it does. */
export interface Container {
  readonly name: string;
  /** Resolves when it has ended, whatever its exit code. */
  readonly ended: Promise<ContainerResult>;
  /** Sends a signal to its process 1. */
  signal(name: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Builds the project's image with these client majors (all when left out) and resolves to its name; quick when nothing
 * has changed. `flags` are further ones of `podman build`. Rejects with the build's output when it fails.
 */
export async function buildImage(majors: readonly number[] = [], flags: readonly string[] = []): Promise<string> {
  const variant = createHash('sha256').update(flags.join('\n')).digest('hex').slice(0, 8);
  const tag = `localhost/pg-offsite-test:${majors.join('-') || 'all'}${flags.length > 0 ? `-${variant}` : ''}`;
  await runCommand(join(import.meta.dirname, 'build.sh'), [tag, majors.join(' '), ...flags]);
  return tag;
}

/** Starts a container on the host's network. */
export function startContainer(image: string, options: ContainerOptions = {}): Container {
  const name = `pg-offsite-test-${randomBytes(6).toString('hex')}`;
  const env = options.env ?? {};
  const names = Object.keys(env).flatMap((variable) => ['--env', variable]);
  const args = ['run', '--rm', '--name', name, ...names, ...(options.flags ?? []), image, ...(options.args ?? [])];
  const child = spawn(podman, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const ended = result(child);
  return {
    name,
    ended,
    signal: async (signal) => {
      await runCommand(podman, ['kill', '--signal', signal, name]);
    },
    [Symbol.asyncDispose]: async () => {
      const over = ended.then(() => true);
      // More than once: podman may not have created it yet.
      while (!(await Promise.race([over, sleep(200, false)]))) {
        await runCommand(podman, ['rm', '--force', '--ignore', '--time=0', name]);
      }
    },
  };
}

/** Runs a container to its end. */
export async function runContainer(image: string, options: ContainerOptions = {}): Promise<ContainerResult> {
  await using container = startContainer(image, options);
  return await container.ended;
}

/** What `podman inspect` says about an image. */
export async function inspectImage(image: string): Promise<Record<string, unknown>> {
  const [found] = JSON.parse(await runCommand(podman, ['image', 'inspect', image])) as Record<string, unknown>[];
  if (found === undefined) throw new Error(`no image ${image}`);
  return found;
}

/** The client majors in an image, ascending. */
export async function clientMajors(image: string): Promise<number[]> {
  const { stdout } = await runContainer(image, { args: ['/usr/lib/postgresql'], flags: ['--entrypoint=ls'] });
  return stdout
    .trim()
    .split('\n')
    .map(Number)
    .sort((a, b) => a - b);
}

async function result(child: ChildProcess): Promise<ContainerResult> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('a container needs pipes');
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [exitCode, out, err] = await Promise.all([closed, text(stdout), text(stderr)]);
  return { exitCode, stdout: out, stderr: err };
}
