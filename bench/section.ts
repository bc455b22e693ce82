import type { TestPostgres } from '../test/support/postgres.ts';
import type { TestS3 } from '../test/support/s3.ts';
import type { BenchDatabase } from './database.ts';
import type { Place } from './place.ts';

/** One part of what `npm run bench` measures. */
export interface Section {
  /** The argument that asks for it, and the name of its markers in bench/RESULTS.md: `<!-- name -->`, `<!-- /name -->`. */
  readonly name: string;
  /** One line of `--help`. */
  readonly summary: string;
  /** Measures, and ends everything that it has started. */
  readonly run: (bench: Bench) => Promise<SectionReport>;
}

/** What a section has found. */
export interface SectionReport {
  /** Markdown for its place in bench/RESULTS.md. */
  readonly text: string;
  /** Markdown for the README, between `<!-- bench-name -->` and `<!-- /bench-name -->`; those markers must be there. */
  readonly readme?: string;
  /** The bare figures: JSON, kept in bench/figures.json for the table of goals and the plot. */
  readonly figures?: unknown;
}

/** What sections share. Servers start, and the database is made, when a section first asks; all end with the run. */
export interface Bench {
  /** Of the database, as a multiple of what the README tells (1.16 GB). 1 unless `--size` says otherwise. */
  readonly size: number;
  /** How often each way is measured. */
  readonly rounds: number;
  /** Whether the time of `--minutes` is over: no further round begins. */
  readonly isLate: () => boolean;
  /** For temporary files; removed at the end. */
  readonly folder: string;
  /** Tells on stderr how far it is. */
  readonly say: (text: string) => void;
  /** The PostgreSQL server that holds what is dumped. */
  readonly server: () => Promise<TestPostgres>;
  /** The database that is dumped, with its indexes. */
  readonly database: () => Promise<BenchDatabase>;
  /** An S3 store on this machine. */
  readonly s3: () => Promise<TestS3>;
  /** Both of them, with a bucket, a folder and keys; what `backup` has stored there is what `restore` reads. */
  readonly place: () => Promise<Place>;
  /** A sentence with processor, memory and versions. */
  readonly machine: () => Promise<string>;
}
