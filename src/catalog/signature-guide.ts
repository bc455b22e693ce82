import { fileNames, signatureKey } from './keys.ts';
import type { Manifest } from './manifest.ts';
import { shellQuote } from './unpack-command.ts';

/** The variable that {@link signatureSection} needs, as a row of the page's table. */
export const signerRow =
  '| `MANIFEST_PUBLIC_KEY_FILE` | full path of the file (PEM) with the public key of who makes these backups. **Take it from your own safe place**, never from where the backups are |\n';

/**
 * The part of RESTORE.md that says who made the backup: the manifest's signature, that it is the manifest of this backup,
 * and that the artifacts are those of which it has the SHA-256. In a subshell that ends at the first that is not so.
 */
export function signatureSection(manifest: Manifest): string {
  const signature = signatureKey(fileNames.manifest);
  const checks = [
    ': "${MANIFEST_PUBLIC_KEY_FILE:?is not set}"',
    `openssl base64 -d -A -in ${signature} -out manifest.sig`,
    `openssl pkeyutl -verify -rawin -pubin -inkey "$MANIFEST_PUBLIC_KEY_FILE" -sigfile manifest.sig -in ${fileNames.manifest}`,
    `grep -F ${shellQuote(`"id": ${JSON.stringify(manifest.id)},`)} ${fileNames.manifest}`,
    ...manifest.artifacts.map(
      ({ key }) =>
        `grep -F "\\"sha256\\": \\"$(sha256sum < ${shellQuote(key)} | cut -c 1-64)\\"" ${fileNames.manifest}`,
    ),
    `echo '${good}'`,
  ];
  return `### Who made it

Whoever can write to the store could have put a backup there, or have changed this page. The signature tells. It takes
OpenSSL 3.

\`\`\`sh
(
${checks.map((check) => `  ${check}`).join(' &&\n')}
) || { echo 'DO NOT RESTORE THIS: it is not what was signed.' >&2; mv ${fileNames.sums} ${fileNames.sums}.refused; }
\`\`\`

If it does not say \`${good}\`, the next step stops. Take another backup, and find out
who wrote this one. Who has no public key and trusts the store does \`mv ${fileNames.sums}.refused ${fileNames.sums}\`.

`;
}

const good = 'This is the backup that was signed.';
