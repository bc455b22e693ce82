/*
 * A model of how runs and prunes use the store, small enough to be explored exhaustively: see explore.ts. It describes
 * run.ts, written.ts and lane.ts of this room, put-stream.ts of the store, and apply.ts of retention; when the order of
 * their writes and removals changes, this has to change too, and a test compares both with what real runs ask of a store.
 */

/** A data object; `cut`: the store keeps less than it was sent. */
export type Data = 'none' | 'whole' | 'cut';

/** One backup's folder in the store, with the uploads under its name. */
export interface Folder {
  /** Unfinished uploads of its data. */
  readonly uploads: number;
  /** Its data objects, in the order in which they are stored; the last one is the dump. */
  readonly data: readonly Data[];
  readonly sums: boolean;
  readonly guide: boolean;
  readonly manifest: boolean;
  /** The store has taken the manifest, and has neither kept it yet nor answered. */
  readonly late: boolean;
  /** All of it is older than any run may be: see interrupted.ts. */
  readonly old: boolean;
}

/** What a run does next. The second row is what a run that fails does. */
export type Step =
  | ('try' | 'end try' | 'begin' | 'part' | 'complete' | 'verify' | 'sums' | 'guide' | 'manifest' | 'keep' | 'prune')
  | ('abort' | 'undo manifest' | 'undo guide' | 'undo sums' | 'undo data' | 'undo late manifest')
  | 'ended';

/** A run, which makes the folder of the same index. */
export interface Run {
  readonly step: Step;
  /** Index of the data object that it is at. */
  readonly object: number;
  readonly partsLeft: number;
  /** It has asked for the manifest to be written and does not know what came of it. */
  readonly doubtful: boolean;
  /** The store has refused to remove something of it. */
  readonly refused: boolean;
  /** What its exit code says; undefined while it goes on. A killed run says nothing. */
  readonly outcome: 'success' | 'failure' | 'killed' | undefined;
}

/** A prune: that of a run after its backup, or a command of its own. */
export interface Prune {
  readonly step: 'list' | 'manifest' | 'rest' | 'sums' | 'ended';
  /** The folders as it has listed them, one after the other: what it has not come to is missing. */
  readonly listed: readonly Listed[];
  /** Indexes of the folders that it still has to remove; the first is the one it is at. */
  readonly todo: readonly number[];
  /** What it still has to remove of that one's rest, in any order: data by index, and the guide. */
  readonly rest: readonly (number | 'guide')[];
  /** Something of the rest could not be removed, so that the sums stay for the next prune. */
  readonly refused: boolean;
}

/** What a listing says of a folder. */
export type Listed = 'nothing' | 'backup' | 'damaged' | 'hollow' | 'left by a prune' | 'left by a run' | 'unfinished';

/** Everything at one moment. */
export interface World {
  /** By age: first those that are there from the start, then one a run. */
  readonly folders: readonly Folder[];
  /** Undefined for a folder that is there from the start. */
  readonly runs: readonly (Run | undefined)[];
  /** The prune of the run with the same index, if it has come to it; after them those that are commands of their own. */
  readonly prunes: readonly (Prune | undefined)[];
  /** How many things may still go wrong, and how many processes may still be killed. */
  readonly faultsLeft: number;
  readonly killsLeft: number;
  /** What a prune keeps: the newest so many. */
  readonly minimum: number;
  /** Parts of each upload. */
  readonly parts: number;
}

/** What may happen next, in words, and the world after it. */
export interface Move {
  readonly what: string;
  readonly world: World;
}

/** A folder with nothing in it, for so many data objects. */
export function emptyFolder(objects: number): Folder {
  const data = Array<Data>(objects).fill('none');
  return { uploads: 0, data, sums: false, guide: false, manifest: false, late: false, old: false };
}

/** A prune that has not begun. */
export const newPrune: Prune = { step: 'list', listed: [], todo: [], rest: [], refused: false };

/** What to begin with. */
export interface Start {
  /** Complete backups that are there. */
  readonly older: number;
  readonly runs: number;
  /** Data objects of each backup. */
  readonly objects: number;
  /** Parts of each of them. */
  readonly parts: number;
  /** Prunes that are commands of their own. */
  readonly prunes: number;
  readonly minimum: number;
  readonly faults: number;
  readonly kills: number;
}

/** The world at the start. */
export function startWorld({ older, runs, objects, parts, prunes, minimum, faults, kills }: Start): World {
  const run: Run = { step: 'try', object: 0, partsLeft: parts, doubtful: false, refused: false, outcome: undefined };
  const empty = emptyFolder(objects);
  const whole = { ...empty, data: empty.data.map(() => 'whole' as const), sums: true, guide: true, manifest: true };
  return {
    folders: [...Array<Folder>(older).fill(whole), ...Array<Folder>(runs).fill(empty)],
    runs: [...Array<undefined>(older).fill(undefined), ...Array<Run>(runs).fill(run)],
    prunes: [...Array<undefined>(older + runs).fill(undefined), ...Array<Prune>(prunes).fill(newPrune)],
    faultsLeft: faults,
    killsLeft: kills,
    minimum,
    parts,
  };
}

/** The list with one of its entries replaced. */
export function replaced<T>(list: readonly T[], index: number, entry: T): readonly T[] {
  return list.map((old, at) => (at === index ? entry : old));
}

/** How a fresh process that lists the store takes a folder: see `listCatalog` and `surveyStore`. */
export function classify({ data, sums, guide, manifest, old }: Folder): Listed {
  if (manifest && data.at(-1) === 'none') return 'hollow';
  if (manifest) return data.every((object) => object === 'whole') ? 'backup' : 'damaged';
  if (sums && (old || data.includes('none'))) return 'left by a prune';
  if (data.every((object) => object === 'none') && !guide) return 'nothing';
  return old ? 'left by a run' : 'unfinished';
}
