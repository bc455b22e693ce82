import type { EncryptionConfig, FormConfig } from './config.ts';
import type { ReadValues } from './environment.ts';
import type { Findings } from './findings.ts';
import { readGpgKeys } from './gpg-keys.ts';
import { readRecipients } from './recipients.ts';

/** On all kinds of data but prose it makes no more of them than 3 does, in two thirds of the time or less. */
export const defaultZstdLevel = 2;

/** Levels for each compression: the default ones are the fastest that still compress well; bench/RESULTS.md has figures. */
const levels = {
  zstd: { max: 19, usual: defaultZstdLevel },
  gzip: { max: 9, usual: 6 },
  none: { max: Number.POSITIVE_INFINITY, usual: 0 },
} as const;

/** What the stored bytes will look like. */
export function readForm(read: ReadValues, findings: Findings): FormConfig {
  const { BACKUP_FORMAT: format, COMPRESSION: compression, COMPRESSION_LEVEL: asked } = read.values;
  const { max, usual } = levels[compression];
  if (asked === 'auto' && compression === 'gzip')
    findings.problem('COMPRESSION_LEVEL=auto is for zstd; set a level from 1 to 9 for gzip');
  if (asked !== undefined && asked !== 'auto' && asked > max) {
    findings.problem(`COMPRESSION_LEVEL=${asked} is too high for ${compression}, which ends at ${max}`);
  }
  if (asked !== undefined && compression === 'none')
    findings.warn('COMPRESSION_LEVEL has no effect with COMPRESSION=none');
  const compressionLevel = compression === 'none' ? 0 : (asked ?? usual);
  const { JOBS: jobs } = read.values;
  return { format, compression, compressionLevel, jobs, encryption: readEncryption(read, findings) };
}

/** The first kind that is set; that there is only one is checked elsewhere. */
function readEncryption({ values, nameOf }: ReadValues, findings: Findings): EncryptionConfig {
  const { AGE_RECIPIENTS: recipients, GPG_PUBLIC_KEYS: keys, GPG_PASSPHRASE: passphrase } = values;
  if (recipients !== undefined) {
    return { kind: 'age', recipients: readRecipients(recipients, nameOf('AGE_RECIPIENTS'), findings) };
  }
  if (keys !== undefined) return { kind: 'gpg', publicKeys: readGpgKeys(keys, nameOf('GPG_PUBLIC_KEYS'), findings) };
  if (passphrase === undefined) return { kind: 'none' };
  if (/[\r\n]/.test(passphrase.reveal())) {
    // gpg reads the passphrase up to the first line break and would silently encrypt with that.
    findings.problem(`${nameOf('GPG_PASSPHRASE')} holds a line break; a passphrase is one line`);
  }
  return { kind: 'gpg-passphrase', passphrase };
}
