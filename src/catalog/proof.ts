import * as z from 'zod';
import { parseRecord } from './stored-record.ts';

/** The version of the proof's shape that this program writes, and the newest that it reads. */
export const proofSchemaVersion = 1;

const count = z.number().int().nonnegative();

const left = z.object({ what: z.string(), reason: z.string() });

const proof = z.object({
  schemaVersion: z.literal(proofSchemaVersion),
  tool: z.object({ name: z.string(), version: z.string() }),
  /** Of the backup that was drilled. */
  id: z.string(),
  database: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  outcome: z.enum(['passed', 'failed', 'could not run']),
  /** Why it did not pass, in one sentence; absent where it passed. */
  reason: z.string().optional(),
  /** From the first byte read to the last object made: the measured recovery time. Null where it did not come so far. */
  restoreMs: count.nullable(),
  /** The scratch server's and that of the programs which restored; null where it did not come so far. */
  versions: z.object({ server: z.string().nullable(), client: z.string().nullable() }),
  /** Which bytes were restored. */
  artifacts: z.array(z.object({ key: z.string(), sha256: z.string() })),
  /** How many comparisons were made, those that differ included. Estimates are never among them. */
  compared: count,
  differences: z.array(z.object({ what: z.string(), expected: z.string(), found: z.string() })),
  notCompared: z.array(left),
  /** Objects of the dump that were not restored. */
  leftOut: z.array(left),
  checks: z.array(z.object({ name: z.string(), outcome: z.enum(['passed', 'failed', 'not run']), detail: z.string() })),
  missingExtensions: z.array(z.string()),
});

/** The recorded result of one drill. */
export type Proof = z.infer<typeof proof>;

/** The name of a proof that is written now, within the backup's folder. */
export function proofFileName(time: Date): string {
  return `proof-${time.toISOString().replace(/[-:]|\.\d+/g, '')}.json`;
}

/** The proof as it is stored. */
export function serializeProof(value: Proof): string {
  return `${JSON.stringify(proof.parse(value), null, 2)}\n`;
}

const kind = {
  schema: proof,
  version: proofSchemaVersion,
  elseUse: '',
  damagedHint: 'It was edited or cut. It proves nothing; the backup itself is not touched by that. Drill it again.',
};

/**
 * Reads a stored proof. Unknown fields are ignored.
 * @param where its address, for the message.
 * @throws {Failure} `verification` when it is not a proof, or of a newer schema than this program knows.
 */
export function parseProof(text: string, where: string): Proof {
  return parseRecord(kind, text, where);
}
