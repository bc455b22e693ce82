import prettyBytes from 'pretty-bytes';
import { type Described, describeEntries, type Entry, listCatalog } from '../catalog/entries.ts';
import { fileNames } from '../catalog/keys.ts';
import { selectBackup, selectorWords } from '../catalog/select.ts';
import { sha256Sums } from '../catalog/sums.ts';
import { Failure, throwIfAborted, toFailure } from '../errors.ts';
import { decodedLimit } from '../restore/decoded-limit.ts';
import { verifyArtifact } from '../restore/verify-backup.ts';
import { readArguments } from './arguments.ts';
import type { Command, Edge } from './command.ts';
import { openReader, type Reader } from './reader.ts';

const usage = 'verify [latest|ID|TIME | --all | --sample 10%] [--database NAME]';

/**
 * `verify`: reads backups back and compares them with their manifests. Exits with 76 when one is damaged; the others are
 * looked at all the same.
 */
export const verify: Command = {
  summary: 'read backups back: sizes, SHA-256, decryption, decompression',
  async run(edge) {
    const { values, positionals } = readArguments(
      edge.args,
      { all: { type: 'boolean' }, sample: { type: 'string' }, database: { type: 'string' } },
      usage,
      1,
    );
    if (positionals.length > 0 && (values.all === true || values.sample !== undefined)) {
      throw new Failure('usage', 'verify takes one backup, or --all, or --sample', { hint: `Usage: ${usage}` });
    }
    using reader = openReader(edge);
    const { entries } = await listCatalog(reader.store, values.database, edge.signal);
    const chosen =
      values.all === true || values.sample !== undefined
        ? sampled(
            entries.filter(({ complete, hollow }) => complete || hollow),
            values.sample,
          )
        : [selectBackup(entries, positionals[0] ?? 'latest', reader.store.location)];
    if (chosen.length === 0) {
      throw new Failure('usage', `${reader.store.location} holds no complete backup`, {
        hint: `Write ${selectorWords}.`,
      });
    }
    const failures: Failure[] = [];
    for (const backup of await describeEntries(reader.store, chosen, edge.signal)) {
      try {
        reader.print(`ok    ${backup.database} ${backup.id}  ${await verifyOne(reader, backup, edge)}\n`);
      } catch (error) {
        throwIfAborted(edge.signal);
        const failure = toFailure(error);
        failures.push(failure);
        const hint = failure.hint === undefined ? '' : `      ${failure.hint}\n`;
        reader.print(`FAIL  ${backup.database} ${backup.id}  ${failure.message}\n${hint}`);
      }
    }
    // Damage weighs more than a key that is missing or a store that did not answer.
    return (failures.find(({ kind }) => kind === 'verification') ?? failures[0])?.exitCode ?? 0;
  },
};

async function verifyOne({ store, config }: Reader, backup: Described, edge: Edge): Promise<string> {
  if ('failure' in backup) throw backup.failure;
  const { manifest, folder } = backup;
  const sumsKey = folder + fileNames.sums;
  if ((await store.head(sumsKey, edge.signal)) === undefined) {
    throw new Failure('verification', `${store.describe(sumsKey)} is missing`, {
      hint: 'The backup can be restored without it, but somebody has removed it: look for what else is gone.',
    });
  }
  const sums = await readText(store.get(sumsKey, edge.signal));
  if (sums !== sha256Sums(manifest.artifacts)) {
    throw new Failure('verification', `${store.describe(sumsKey)} does not say what the manifest says`, {
      hint: 'One of them was edited or cut; the artifacts decide: check them with sha256sum.',
    });
  }
  const found: string[] = [];
  for (const artifact of manifest.artifacts) {
    const { bytes, dumpBytes } = await verifyArtifact(store, folder + artifact.key, artifact, {
      keys: config.keys,
      limit: decodedLimit(config.restoreMaxSize, manifest, store.describe(folder + artifact.key)),
      searchPath: edge.env.PATH ?? '',
      signal: edge.signal,
    });
    const inside = dumpBytes === undefined ? 'not decrypted: no key' : `${prettyBytes(dumpBytes)} decoded`;
    found.push(`${artifact.key} ${prettyBytes(bytes)}, SHA-256 as recorded, ${inside}`);
  }
  return found.join('; ');
}

async function readText(source: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** All of them, or a random part, at least one. */
function sampled(entries: readonly Entry[], sample: string | undefined): Entry[] {
  if (sample === undefined) return [...entries];
  const percent = Number(/^(\d{1,3}(?:\.\d+)?)%$/.exec(sample)?.[1]);
  if (!(percent > 0 && percent <= 100)) {
    throw new Failure('usage', `--sample ${sample} is no part of a whole`, { hint: 'Write it like --sample 10%.' });
  }
  const most = Math.max(1, Math.ceil((entries.length * percent) / 100));
  return entries
    .map((entry) => ({ entry, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, most)
    .map(({ entry }) => entry);
}
