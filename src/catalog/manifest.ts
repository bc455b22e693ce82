import * as z from 'zod';
import { areWhole, wholeLane } from './lane-names.ts';
import { parseRecord } from './stored-record.ts';

/**
 * The newest version of the manifest's shape that this program reads. 2: there may be globals beside the dump. 3: there may
 * be several dumps, see {@link lanesOf}.
 */
export const schemaVersion = 3;

/** The oldest version that tells of such artifacts: a backup of a dump alone can be read by the first release, too. */
export function schemaVersionFor(artifacts: readonly Pick<Artifact, 'kind' | 'lane'>[]): 1 | 2 | 3 {
  if (artifacts.some((artifact) => isDump(artifact) && artifact.lane !== wholeLane)) return 3;
  return artifacts.every(isDump) ? 1 : 2;
}

const count = z.number().int().nonnegative();

const artifact = z.object({
  /** File name within the backup's folder. */
  key: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/),
  /** `globals`: roles, tablespaces and the database's settings, as SQL. */
  kind: z.enum(['dump', 'globals']),
  /** `all` for the dump of everything, `globals` for those; else see lane-names.ts. */
  lane: z.string(),
  bytes: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  format: z.enum(['custom', 'plain']),
  compression: z.enum(['zstd', 'gzip', 'none']),
  encryption: z.enum(['none', 'age', 'gpg', 'gpg-passphrase']),
  /**
   * What pg_dump had written of it when it was last looked at, a second before its end at most: before compression. Absent
   * where the system does not tell, or where it was over sooner.
   */
  dumpedBytes: count.optional(),
});

function isDump({ kind }: Pick<z.infer<typeof artifact>, 'kind'>): boolean {
  return kind === 'dump';
}

const manifest = z.object({
  schemaVersion: z.literal([1, 2, schemaVersion]),
  tool: z.object({ name: z.string(), version: z.string() }),
  id: z.string(),
  database: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  server: z.object({
    version: z.string(),
    major: count,
    encoding: z.string(),
    databaseBytes: count,
    /** Names of the operating system's locales; absent where the server sorts with ICU. */
    collate: z.string().optional(),
    ctype: z.string().optional(),
    /** There it is ICU's name of the locale, such as `de-DE`. */
    icuLocale: z.string().optional(),
  }),
  client: z.object({ version: z.string(), major: count }),
  artifacts: z
    .array(artifact)
    .refine((all) => all.some(isDump), 'there is no dump among the artifacts')
    .refine((all) => areWhole(all.filter(isDump)), 'the dumps are not the lanes of one backup'),
  /** Whether the roles among the globals have their passwords (hashes). Absent where there are no globals. */
  globals: z.object({ passwords: z.boolean() }).optional(),
  /** How the stored bytes were checked before this manifest was written. */
  verified: z.enum(['head', 'download', 'drill']),
  /** What it stands for in rules of the bucket: see src/retention/tier.ts. Older manifests have none. */
  tier: z.enum(['daily', 'weekly', 'monthly', 'yearly']).optional(),
  /** What zstd did to the dump, for a choice of the next level. Absent where nothing was measured; older manifests have none. */
  effort: z
    .object({
      level: count,
      /** From start to end; of lanes the sum. */
      seconds: z.number().nonnegative(),
      /** Of these, how long what was ready to be sent waited for the store. */
      waitedSeconds: z.number().nonnegative(),
      /** Processor time of zstd. */
      cpuSeconds: z.number().nonnegative(),
    })
    .optional(),
  /** Public parts only. */
  encryptionRecipients: z.array(z.string()),
  contents: z.object({
    filtered: z.boolean(),
    tables: z.array(z.object({ schema: z.string(), name: z.string(), rows: count.nullable(), exact: z.boolean() })),
    objects: z.record(z.string(), count).nullable(),
    extensions: z.array(z.object({ name: z.string(), version: z.string(), schema: z.string() })),
    /** Roles that objects belong to or are granted to. */
    roles: z.array(z.string()).default([]),
    sequences: z.array(z.object({ schema: z.string(), name: z.string(), value: z.string().nullable() })),
    /** What the dump of a part does not bring along: to be created before. Absent for a dump of everything. */
    needs: z
      .object({
        schemas: z.array(z.object({ name: z.string(), oid: count })),
        extensions: z.array(z.object({ name: z.string(), schema: z.string() })),
      })
      .optional(),
  }),
});

/** One data object of a backup. */
export type Artifact = z.infer<typeof artifact>;

/** Everything that is recorded about a complete backup. */
export type Manifest = z.infer<typeof manifest>;

/** The artifacts that together hold the database: one, or those of {@link lanesOf}. All of them have the same form. */
export function dumpsOf({ artifacts }: Pick<Manifest, 'artifacts'>): Artifact[] {
  return artifacts.filter(isDump);
}

/**
 * The artifact that holds the database. Of a backup in lanes it is the first of them, which is good for its form only
 * (format, compression, encryption): see {@link dumpsOf}.
 */
export function dumpOf(manifest: Pick<Manifest, 'artifacts'>): Artifact {
  const [dump] = dumpsOf(manifest);
  if (!dump) throw new Error('a manifest has a dump');
  return dump;
}

/** The artifact that holds roles, tablespaces and the database's settings, where there is one. */
export function globalsOf({ artifacts }: Pick<Manifest, 'artifacts'>): Artifact | undefined {
  return artifacts.find(({ kind }) => kind === 'globals');
}

/** The manifest as it is stored. */
export function serializeManifest(value: Manifest): string {
  return `${JSON.stringify(manifest.parse(value), null, 2)}\n`;
}

const kind = {
  schema: manifest,
  version: schemaVersion,
  elseUse: ', or RESTORE.md beside the manifest',
  damagedHint: 'It was edited or cut. RESTORE.md and SHA256SUMS beside it say how to restore without it.',
};

/**
 * Reads a stored manifest. Unknown fields are ignored.
 * @param where its address, for the message.
 * @throws {Failure} `verification` when it is not a manifest, or of a newer schema than this program knows.
 */
export function parseManifest(text: string, where: string): Manifest {
  return parseRecord(kind, text, where);
}
