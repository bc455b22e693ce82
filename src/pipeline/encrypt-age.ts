import type { Encryption } from './encryption.ts';
import { findProgram } from './programs.ts';
import type { Stage } from './stage.ts';
import { tryStage } from './try-stage.ts';

/**
 * Encryption to age and SSH public keys. Public keys are no secret, so they may stand in argv.
 * @throws {Failure} `config` naming the first recipient that age cannot use.
 */
export async function prepareAge(
  recipients: readonly string[],
  searchPath: string,
  signal: AbortSignal,
): Promise<Encryption> {
  const program = await findProgram('age', searchPath);
  const stageFor = (keys: readonly string[]): Stage => ({
    name: 'age',
    program,
    args: ['--encrypt', ...keys.flatMap((key) => ['--recipient', key])],
    env: { PATH: searchPath },
  });
  const unusable = ({ stderr }: { stderr: readonly string[] }, key: string): { message: string; hint: string } => ({
    message: `AGE_RECIPIENTS: age cannot encrypt to ${shorten(key)}: ${stderr[0]?.replace(/^age: (error: )?/, '') ?? 'no reason given'}`,
    hint: 'Check that the public key was copied whole: it starts with age1, ssh-ed25519 or ssh-rsa.',
  });
  for (const key of recipients) await tryStage(stageFor([key]), signal, (exit) => unusable(exit, key));
  // Keys that work alone may not work together (age refuses to mix post-quantum recipients with others).
  await tryStage(stageFor(recipients), signal, (exit) => unusable(exit, 'all recipients together'));
  return {
    kind: 'age',
    recipients,
    stage: stageFor(recipients),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function shorten(key: string): string {
  return key.length > 40 ? `${key.slice(0, 24)}…${key.slice(-8)}` : key;
}
