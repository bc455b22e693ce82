import { Failure } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { fileNames, isProofFile, parseKey, signatureKey } from './keys.ts';
import { parseProof, proofFileName } from './proof.ts';
import { isSignedBy, maxSignatureBytes } from './signature.ts';
import { readBytes, readText } from './stored-record.ts';

/** The most that is read of what must be signed. */
const maxBytes = 64 * 1024 * 1024;

/**
 * The same store, whose manifests and proofs can be read only if one of the keys has signed them: so none of those who read
 * them can forget to ask. Without keys it is the store itself. Everything else in a backup is bound by its manifest.
 *
 * Reading one that is not signed, or lies where it was not written, throws a Failure of kind `verification`.
 */
export function believeOnly(store: Store, publicKeys: readonly string[]): Store {
  if (publicKeys.length === 0) return store;
  return {
    location: store.location,
    describe: (key) => store.describe(key),
    checkWritable: (key, signal, tags) => store.checkWritable(key, signal, tags),
    putStream: (key, body, options) => store.putStream(key, body, options),
    putSmall: (key, content, options) => store.putSmall(key, content, options),
    head: (key, signal) => store.head(key, signal),
    get: (key, signal) => (mustBeSigned(key) ? believed(store, key, publicKeys, signal) : store.get(key, signal)),
    list: (prefix, signal, after) => store.list(prefix, signal, after),
    folders: (signal) => store.folders(signal),
    remove: (key, signal) => store.remove(key, signal),
    sweepUnfinished: (prefix, before, signal) => store.sweepUnfinished(prefix, before, signal),
    close: () => {
      store.close();
    },
  };
}

/** Whether a failure says that something is not signed as it must be. */
export function isUnbelieved(failure: unknown): boolean {
  return failure instanceof Failure && failure.kind === 'verification' && failure.message.includes(' is not signed');
}

function mustBeSigned(key: string): boolean {
  const file = parseKey(key)?.file;
  return file !== undefined && (file === fileNames.manifest || isProofFile(file));
}

async function* believed(
  store: Store,
  key: string,
  publicKeys: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const where = store.describe(key);
  const content = await readBytes(store, key, maxBytes, signal);
  if (!content) {
    throw new Failure('verification', `${where} is larger than any that is signed`, {
      hint: 'No run has written it. Find out who put it there; another backup may be good: see list.',
      retryable: false,
    });
  }
  const beside = signatureKey(key);
  if (!(await isThere(store, beside, signal))) {
    throw new Failure('verification', `${where} is not signed`, {
      hint: `MANIFEST_PUBLIC_KEY is set, and ${store.describe(beside)} is missing, or this key may not read it: it is of a run without MANIFEST_SIGNING_KEY, or of somebody else. Whoever trusts it all the same takes MANIFEST_PUBLIC_KEY away.`,
      retryable: false,
    });
  }
  const signature = (await readText(store, beside, maxSignatureBytes, signal)) ?? '';
  if (!isSignedBy(content, signature, publicKeys)) {
    throw new Failure('verification', `${where} is not signed by any key of MANIFEST_PUBLIC_KEY`, {
      hint: 'It was changed, was put there by somebody else, or was signed with a key that is not listed. Do not restore it before you know which; another backup may be good: see list.',
      retryable: false,
    });
  }
  refuseMoved(key, content, where);
  yield content;
}

/** To a key that may not list, what is missing looks forbidden: one unsigned backup must not keep it from all others. */
async function isThere(store: Store, key: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await store.head(key, signal)) !== undefined;
  } catch (error) {
    if (error instanceof Failure && error.kind === 'denied') return false;
    throw error;
  }
}

/** A good signature does not make an old proof a newer one. Of a manifest those who read it compare the folder. */
function refuseMoved(key: string, content: Uint8Array, where: string): void {
  const file = parseKey(key)?.file ?? '';
  if (!isProofFile(file)) return;
  const { finishedAt } = parseProof(Buffer.from(content).toString('utf8'), where);
  if (proofFileName(new Date(finishedAt)) === file) return;
  throw new Failure('verification', `${where} is the proof of another moment, ${finishedAt}`, {
    hint: 'Somebody has renamed it. It proves nothing.',
    retryable: false,
  });
}
