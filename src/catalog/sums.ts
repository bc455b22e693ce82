import type { Artifact } from './manifest.ts';

/** The content of `SHA256SUMS`, in the form that `sha256sum -c` reads. */
export function sha256Sums(artifacts: readonly Artifact[]): string {
  return artifacts.map(({ sha256, key }) => `${sha256}  ${key}\n`).join('');
}
