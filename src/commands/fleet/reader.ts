import { believeOnly } from '../../catalog/believe.ts';
import { Failure } from '../../errors.ts';
import { type Fleet, readFleet } from '../../fleet/fleet.ts';
import { isFleet } from '../../fleet/is-fleet.ts';
import { MemberStore } from '../../fleet/member-store.ts';
import type { Log } from '../../log.ts';
import { harmless } from '../../visible.ts';
import { createRedactor } from '../../redact.ts';
import { createReporting } from '../../report/reporting.ts';
import { openStore } from '../../store/open.ts';
import type { Store, StoredObject } from '../../store/store.ts';
import type { Edge } from '../command.ts';

/** What every command that looks at a whole fleet begins with. Disposing closes the store. */
export interface FleetReader extends Disposable {
  readonly fleet: Fleet;
  readonly log: Log;
  /** The root, in which every member has a folder. */
  readonly store: Store;
  /** A member's part of it, which believes only what is signed where keys say so. */
  readonly storeOf: (member: string, listed: readonly StoredObject[]) => Store;
  /** Writes to standard output, without secrets and without what would move a terminal's cursor. */
  readonly print: (text: string) => void;
}

/**
 * Reads the fleet and opens log and store.
 * @throws {Failure} `config` listing every problem.
 */
export function openFleetReader(edge: Edge): FleetReader {
  if (!isFleet(edge.env)) {
    throw new Failure('config', '--fleet needs FLEET_FILE, which is not set', {
      hint: 'Set it to the file that the fleet is backed up by, for example FLEET_FILE=/etc/pg-offsite/fleet.yaml.',
    });
  }
  // A look is about all of the fleet, whichever share is somebody's.
  const fleet = readFleet({
    ...edge.env,
    FLEET_INDEX: undefined,
    JOB_COMPLETION_INDEX: undefined,
    FLEET_SHARDS: undefined,
  });
  const { config } = fleet;
  const redact = createRedactor(config.secrets);
  const { log } = createReporting(edge, config.log, redact);
  for (const warning of config.warnings) log.warn(warning);
  const store = openStore(config.store, log);
  return {
    fleet,
    log,
    store,
    storeOf: (member, listed) => believeOnly(new MemberStore(store, member, listed), config.signing.publicKeys),
    print: (text) => {
      edge.stdout.write(harmless(redact(text)));
    },
    [Symbol.dispose]: () => {
      store.close();
    },
  };
}

/** How a database of a member is called: by the member alone where it has the same name. */
export function labelOf(member: string, database: string): string {
  return member === database ? member : `${member}/${database}`;
}
