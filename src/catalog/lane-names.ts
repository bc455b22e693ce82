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

/** What a manifest tells of a lane's artifact. */
export interface LaneArtifact {
  readonly key: string;
  readonly lane: string;
  readonly format: string;
  readonly compression: string;
  readonly encryption: string;
}

/** Whether dumps are all that a backup has: one of everything, or the lanes of one, none of them missing or of another form. */
export function areWhole(dumps: readonly LaneArtifact[]): boolean {
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
