import { signatureKey } from '../catalog/keys.ts';
import { signatureOf } from '../catalog/signature.ts';
import type { SigningConfig } from '../config/config.ts';
import type { WrittenObjects } from './written.ts';

/** Writes what readers act on, each with its signature before it where a key signs. */
export class SignedObjects {
  readonly #written: WrittenObjects;
  readonly #signing: SigningConfig;

  constructor(written: WrittenObjects, signing: SigningConfig) {
    this.#written = written;
    this.#signing = signing;
  }

  /** See {@link WrittenObjects.put}. */
  async put(key: string, content: string, contentType: string, signal: AbortSignal): Promise<void> {
    const signature = signatureOf(content, this.#signing);
    if (signature !== undefined) {
      await this.#written.put(signatureKey(key), signature, 'text/plain; charset=utf-8', signal);
    }
    await this.#written.put(key, content, contentType, signal);
  }
}
