import type { EncryptionConfig } from '../config/config.ts';
import type { Stage } from './stage.ts';

/** An encryption that has been tried out and can be used for any number of artifacts until it is disposed of. */
export interface Encryption extends AsyncDisposable {
  readonly kind: EncryptionConfig['kind'];
  /** Public parts only, for the manifest: age and SSH recipients as given, fingerprints of gpg keys. */
  readonly recipients: readonly string[];
  /** The stage that encrypts standard input to standard output; undefined for `none`. */
  readonly stage: Stage | undefined;
}
