import prettyBytes from 'pretty-bytes';
import { chooseAmong } from '../catalog/choose.ts';
import { type Entry, listCatalog } from '../catalog/entries.ts';
import { Failure, throwIfAborted, toFailure } from '../errors.ts';
import { oneLine } from '../visible.ts';
import { type VerifiedArtifact, verifyBackup } from '../restore/verify-backup.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { type Chosen, chooseLatest } from './latest.ts';
import { openReader } from './reader.ts';
import { worstExit } from './worst.ts';

const usage = 'verify [latest|ID|TIME | --all | --sample 10%] [--json] [--database NAME]';

/**
 * `verify`: reads backups back and compares them with their manifests. Says of each what was found as soon as it is known
 * (with `--json` one object a line), and of all at the end. Exits with 76 when one is damaged; the others are looked at
 * all the same. Without a name or `--database` it is about the latest of each database that `DATABASES` is about.
 */
export const verify: Command = {
  summary: 'read backups back: sizes, SHA-256, decryption, decompression',
  usage,
  async run(edge) {
    const { values, positionals } = readArguments(
      edge.args,
      {
        all: { type: 'boolean' },
        sample: { type: 'string' },
        json: { type: 'boolean' },
        database: { type: 'string' },
      },
      usage,
      1,
    );
    if (positionals.length > 0 && (values.all === true || values.sample !== undefined)) {
      throw new Failure('usage', 'verify takes one backup, or --all, or --sample', {
        hint: `Usage: pg-offsite ${usage}`,
      });
    }
    using reader = openReader(edge);
    const { config, store, log, progress, print } = reader;
    const { database } = values;
    const wanted = {
      selector: positionals[0],
      database,
      all: false,
      databases: config.databases,
      location: store.location,
    };
    const named = { store, database, selector: wanted.selector ?? 'latest', signal: edge.signal };
    const chosen: Chosen[] =
      values.all === true || values.sample !== undefined
        ? sampled(
            (await listCatalog(store, database, edge.signal)).entries.filter((one) => one.complete || one.hollow),
            values.sample,
          ).map((entry) => ({ entry }))
        : await chooseAmong(named, (entries) => chooseLatest(entries, wanted));
    if (chosen.length === 0) {
      throw new Failure('usage', `${store.location} holds no complete backup`, {
        hint: 'See list --all for what is there.',
      });
    }
    const words = values.json === true ? asJson : asText;
    const tally: Tally = { backups: chosen.length, ok: 0, notDecrypted: 0, failures: [] };
    const request = { config, searchPath: edge.env.PATH ?? '', progress, signal: edge.signal };
    for (const one of chosen) {
      if (one.entry === undefined) {
        tally.failures.push(one.failure);
        print(words.bad({ database: one.database, id: undefined }, one.failure));
        continue;
      }
      const backup = one.entry;
      try {
        const { database, id } = backup;
        const artifacts = await verifyBackup(store, backup, { ...request, log: log.child({ database, id }) });
        if (artifacts.some(({ dumpBytes }) => dumpBytes === undefined)) tally.notDecrypted += 1;
        else tally.ok += 1;
        print(words.good(backup, artifacts));
      } catch (error) {
        throwIfAborted(edge.signal);
        const failure = toFailure(error);
        tally.failures.push(failure);
        print(words.bad(backup, failure));
      }
    }
    print(words.summary(tally));
    // Damage weighs more than a key that is missing or a store that did not answer.
    return worstExit([0, ...tally.failures.map(({ exitCode }) => exitCode)]);
  },
};

/** A backup that was looked at, or a database that has none. */
interface Looked {
  readonly database: string;
  readonly id: string | undefined;
}

interface Tally {
  readonly backups: number;
  ok: number;
  /** Stored as recorded; what is inside was not looked at. */
  notDecrypted: number;
  readonly failures: Failure[];
}

const asText = {
  good: ({ database, id }: Entry, artifacts: readonly VerifiedArtifact[]): string => {
    const found = artifacts.map(({ key, bytes, dumpBytes }) => {
      const variable = key.endsWith('.age') ? 'AGE_IDENTITY' : 'GPG_PRIVATE_KEY or GPG_PASSPHRASE';
      const inside = dumpBytes === undefined ? `not decrypted (set ${variable})` : `${prettyBytes(dumpBytes)} decoded`;
      return `${key} ${prettyBytes(bytes)}, SHA-256 as recorded, ${inside}`;
    });
    const isWhole = artifacts.every(({ dumpBytes }) => dumpBytes !== undefined);
    return `${isWhole ? 'ok  ' : 'part'}  ${oneLine(database)} ${id}  ${found.join('; ')}\n`;
  },
  bad: ({ database, id }: Looked, { message, hint }: Failure): string =>
    `FAIL  ${oneLine(database)} ${id ?? 'latest'}  ${oneLine(message)}\n${hint === undefined ? '' : `      ${hint}\n`}`,
  summary: ({ ok, failures, notDecrypted }: Tally): string => {
    const without = `${String(notDecrypted)} stored as recorded, but not decrypted: no key`;
    return `${String(ok)} ok, ${String(failures.length)} failed${notDecrypted === 0 ? '' : `, ${without}`}\n`;
  },
};

const line = (value: object): string => `${JSON.stringify(value)}\n`;

const asJson = {
  good: ({ database, id }: Entry, artifacts: readonly VerifiedArtifact[]): string =>
    line({
      database,
      id,
      ok: true,
      decrypted: artifacts.every(({ dumpBytes }) => dumpBytes !== undefined),
      artifacts: artifacts.map(({ dumpBytes = null, ...artifact }) => ({ ...artifact, dumpBytes })),
    }),
  bad: (
    { database, id = null }: Looked | { database: string; id: null },
    { message, hint, exitCode }: Failure,
  ): string => line({ database, id, ok: false, error: message, hint: hint ?? null, exitCode }),
  summary: ({ backups, ok, failures, notDecrypted }: Tally): string =>
    line({ summary: { backups, ok, failed: failures.length, notDecrypted } }),
};

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
