import type { Manifest } from '../catalog/manifest.ts';
import type { ConnectionConfig, DrillConfig } from '../config/config.ts';
import type { Failure } from '../errors.ts';
import type { Log } from '../log.ts';

/** Where a drill restores to. Disposing removes every trace and never throws. */
export interface ScratchDatabase extends AsyncDisposable {
  /** The way in for the restore: an empty database of its own. */
  readonly target: ConnectionConfig;
  /** The role of the restore on a server of our own is a superuser: the dump's code is trusted with all that it may do. */
  readonly trusted: boolean;
  /** The superuser's way into the same database; undefined on a server that is not ours. */
  readonly admin: ConnectionConfig | undefined;
  /** Such as `17.6`. */
  readonly serverVersion: string;
  readonly serverMajor: number;
  /** The server is one that we started for this. */
  readonly own: boolean;
  /** The better explanation for any error: set once our server has ended by itself. */
  died(): Failure | undefined;
}

/** What a drill's database is made for. */
export interface ScratchRequest {
  readonly drill: DrillConfig;
  /** The folder that holds `<major>/bin`. */
  readonly clientsDir: string;
  readonly manifest: Manifest;
  /** The database that is backed up, where it is known: to tell when the drill is held on its server. */
  readonly source?: ConnectionConfig | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
}
