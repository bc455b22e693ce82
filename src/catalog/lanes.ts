import type { Artifact, Manifest } from './manifest.ts';

/** The lane of a dump that holds everything: that of a backup which is not in lanes. */
export const wholeLane = 'all';
/** Definitions: `pg_dump --section=pre-data --section=post-data`. */
export const schemaLane = 'schema';
/** The contents of whatever no other lane names, large objects and values of sequences: `pg_dump --section=data`. */
export const restLane = 'rest';

/** A backup has at most so many lanes of named tables. */
export const mostDataLanes = 63;

/** The lane of a group of tables that it names, counted from 1; the largest come first. */
export function dataLane(number: number): string {
  return `data-${String(number).padStart(2, '0')}`;
}

/** The beginning of the file name of a lane's artifact, before the suffixes of its form. */
export function laneFile(lane: string): string {
  if (lane === wholeLane) return 'database';
  return lane === restLane ? 'database-data-rest' : `database-${lane}`;
}

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

/** Whether dumps are all that a backup has: one of everything, or the lanes of one, none of them missing or of another form. */
export function areWhole(dumps: readonly Artifact[]): boolean {
  const [first] = dumps;
  if (dumps.length <= 1) return first?.lane === wholeLane;
  const lanes = dumps.map(({ lane }) => lane);
  const named = lanes.filter((lane) => lane !== schemaLane && lane !== restLane).sort();
  return (
    lanes.length === named.length + 2 &&
    new Set(lanes).size === lanes.length &&
    new Set(dumps.map(({ key }) => key)).size === dumps.length &&
    named.every((lane, index) => lane === dataLane(index + 1)) &&
    named.length <= mostDataLanes &&
    dumps.every(
      ({ format, compression, encryption }) =>
        format === 'custom' && compression === first?.compression && encryption === first.encryption,
    )
  );
}
