import assert from 'node:assert/strict';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newBackupId } from '../../src/catalog/ids.ts';
import { backupFolder } from '../../src/catalog/keys.ts';
import { Secret } from '../../src/config/secret.ts';
import type { FleetMember } from '../../src/fleet/file.ts';
import { type Share, takeShare } from '../../src/fleet/share.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { keptLog } from '../store/scripted.ts';

/** When the processes begin. */
export const now = new Date('2026-11-21T03:00:00Z');
export const yesterday = new Date('2026-11-20T03:00:00Z');
/** The members. */
export const names = Array.from({ length: 30 }, (_, index) => `db-${String(index).padStart(2, '0')}`);

function membersOf(some: readonly string[]): FleetMember[] {
  return some.map((name) => ({ name, source: { kind: 'url', url: new Secret('postgresql://a@b/c') }, set: {} }));
}

/** Puts a complete backup of so many MB into a member's folder. */
export function keep(place: string, member: string, megabytes: number, begun = yesterday, database = member): void {
  const folder = join(place, member, backupFolder(database, newBackupId(begun)));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'database.dump.zst'), '');
  truncateSync(join(folder, 'database.dump.zst'), megabytes * 1_000_000);
  writeFileSync(join(folder, 'manifest.json'), '{}');
}

interface Changes {
  readonly store?: Store;
  readonly run?: string | undefined;
  readonly shards?: number;
  readonly members?: readonly string[];
  readonly now?: Date;
}

/** The share of one process on a directory. */
export function take(place: string, index: number, changes: Changes = {}): Promise<Share> {
  const { log } = keptLog();
  const { store = openStore({ kind: 'directory', path: place }, log), shards = 3, members = names } = changes;
  return takeShare({
    fleet: { members: membersOf(members), index, shards, run: 'run' in changes ? changes.run : 'nightly' },
    store,
    runId: `process-${index}`,
    now: changes.now ?? now,
    log,
    signal: new AbortController().signal,
  });
}

export const namesOf = (share: Share): string[] => share.members.map(({ name }) => name);

export function assertWhole(shares: readonly Share[], members: readonly string[] = names): void {
  assert.deepEqual(shares.flatMap(namesOf).sort(), [...members].sort(), 'every member exactly once');
}

/** A store that does something of its own. */
export function changed(store: Store, changes: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const own = changes[name as keyof Store] ?? (Reflect.get(target, name) as unknown);
      return typeof own === 'function' ? (own as (...args: unknown[]) => unknown).bind(target) : own;
    },
  });
}
