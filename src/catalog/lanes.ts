import { restLane, schemaLane } from './lane-names.ts';
import type { Artifact, Manifest } from './manifest.ts';

/** A backup whose dump was made by several `pg_dump` side by side, in one snapshot. */
export interface Lanes {
  /** Definitions: `pre-data` and `post-data` of an archive. */
  readonly schema: Artifact;
  /**
   * Contents, an archive each with nothing but its section `data`: those of named tables, then {@link rest}. They hold no
   * table twice and can be restored side by side.
   */
  readonly data: readonly Artifact[];
  readonly rest: Artifact;
}

/** The lanes of a backup; undefined for one whose dump is one artifact. */
export function lanesOf({ artifacts }: Pick<Manifest, 'artifacts'>): Lanes | undefined {
  const dumps = artifacts.filter(({ kind }) => kind === 'dump');
  const schema = dumps.find(({ lane }) => lane === schemaLane);
  const rest = dumps.find(({ lane }) => lane === restLane);
  if (!schema || !rest) return undefined;
  const named = dumps.filter((dump) => dump !== schema && dump !== rest);
  return { schema, data: [...named, rest], rest };
}
