import type { Encryption } from '../pipeline/encryption.ts';
import type { Stage } from '../pipeline/stage.ts';
import type { PostgresClient } from '../postgres/clients.ts';
import type { Session } from '../postgres/session.ts';
import type { Store } from '../store/store.ts';

/** Everything a dump needs, tried out and open. Disposing closes it all: the lock and the snapshot go with it. */
export interface Ready extends AsyncDisposable {
  readonly store: Store;
  readonly session: Session;
  readonly client: PostgresClient;
  readonly encryption: Encryption;
  readonly compression: Stage | undefined;
  /** See `LaneRequest.emptyBytes`. */
  readonly emptyBytes: number;
  /** The run's signal, also aborted when the session that holds lock and snapshot is lost. */
  readonly signal: AbortSignal;
}
