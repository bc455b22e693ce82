import type { Artifact } from './manifest.ts';

/** A value as one word of a POSIX shell. */
export function shellQuote(value: string): string {
  return /^[A-Za-z0-9_/.:=@%+-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Commands after a check of the sums and of what decrypting the artifact needs. In a subshell, so that the first failure ends
 * them without closing the terminal that they were pasted into.
 */
export function checked(artifact: Artifact, sums: string, commands: readonly string[]): string {
  const required = ['PGDATABASE', ...requiredVariables[artifact.encryption]];
  const lines = [
    'set -e -o pipefail',
    `: ${required.map((name) => `"\${${name}:?is not set}"`).join(' ')}`,
    `sha256sum -c ${sums}`,
    ...commands,
  ];
  return ['(', ...lines.map(indent), ')'].join('\n');
}

/** The variables that decrypting needs, by kind of encryption. */
const requiredVariables = {
  none: [],
  age: ['AGE_IDENTITY_FILE'],
  gpg: [],
  'gpg-passphrase': ['GPG_PASSPHRASE_FILE'],
} as const;

/** The programs that turn an artifact's file, a word of the shell, into what pg_dump wrote; the first of them names it. */
export function readStages(artifact: Artifact, file = shellQuote(artifact.key)): string[] {
  const decrypt = {
    none: undefined,
    age: `age --decrypt --identity "$AGE_IDENTITY_FILE" ${file}`,
    gpg: `gpg --quiet --batch --decrypt ${file}`,
    'gpg-passphrase': `gpg --quiet --batch --pinentry-mode loopback --passphrase-file "$GPG_PASSPHRASE_FILE" --decrypt ${file}`,
  }[artifact.encryption];
  const from = decrypt === undefined ? ` < ${file}` : '';
  const decompress = { zstd: `zstd -d -c${from}`, gzip: `gzip -d -c${from}`, none: undefined }[artifact.compression];
  return [decrypt, decompress].filter((stage) => stage !== undefined);
}

/** Programs of a pipe, each on a line. */
export function pipe(stages: readonly string[]): string[] {
  return stages.map(
    (stage, index) => `${index === 0 ? stage : indent(stage)}${index === stages.length - 1 ? '' : ' |'}`,
  );
}

/** The same lines, two columns to the right. */
export function indent(lines: string): string {
  return lines.replaceAll(/^/gm, '  ');
}
