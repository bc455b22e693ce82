import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { newBackupId } from '../src/catalog/ids.ts';
import { backupFolder } from '../src/catalog/keys.ts';
import { readFleet } from '../src/fleet/fleet.ts';
import { takeShare } from '../src/fleet/share.ts';
import type { Store, StoredObject } from '../src/store/store.ts';
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * `node bench/fleet.ts`: how long it takes to plan a fleet, and how much memory. 10,000 databases with 7 backups each, in a
 * store in memory that lists pages of 1,000 as a bucket does: 280,000 names. FLEET_BENCH=1000x30 is another fleet.
 */
const [databases = 10_000, backups = 7] = (process.env['FLEET_BENCH'] ?? '10000x7').split('x').map(Number);
const shards = 64;
const nameOf = (index: number): string => `customer-${String(index).padStart(5, '0')}`;
const files = ['RESTORE.md', 'SHA256SUMS', 'database.dump.zst.age', 'manifest.json'];
const ids = Array.from({ length: backups }, (_, day) => newBackupId(new Date(Date.UTC(2026, 10, 1 + day, 3))));
const held = new Map<string, string>();

/** Nothing of it is kept: the memory is that of the program. */
async function* listing(): AsyncGenerator<StoredObject> {
  let count = 0;
  for (let index = 0; index < databases; index += 1) {
    for (const id of ids) {
      for (const file of files) {
        if (count++ % 1000 === 0) await turn();
        const bytes = file.startsWith('database') ? ((index * 7919) % 1000) ** 3 : 2000;
        yield { key: `${nameOf(index)}/${backupFolder('app', id)}${file}`, bytes, lastModified: new Date(0) };
      }
    }
  }
}

const store: Pick<Store, 'location' | 'describe' | 'list' | 'head' | 'get' | 'putSmall'> = {
  location: 's3://bench/fleet',
  describe: (key) => `s3://bench/fleet/${key}`,
  list: listing,
  head: (key) => {
    const content = held.get(key);
    return Promise.resolve(
      content === undefined ? undefined : { key, bytes: content.length, lastModified: new Date() },
    );
  },
  async *get(key) {
    await turn();
    yield Buffer.from(held.get(key) ?? '');
  },
  putSmall: (key, content) => {
    held.set(key, content);
    return Promise.resolve();
  },
};

const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'fleet.yaml');
const members = Array.from(
  { length: databases },
  (_, index) =>
    `  - name: ${nameOf(index)}\n    urlFile: /run/secrets/fleet/${nameOf(index)}\n    set: { KEEP_DAILY: ${1 + (index % 9)} }\n`,
);
writeFileSync(file, `defaults: { KEEP_WEEKLY: 5 }\nmembers:\n${members.join('')}`);
members.length = 0;

const before = process.cpuUsage();
const started = performance.now();
const env = {
  FLEET_FILE: file,
  FLEET_SHARDS: String(shards),
  FLEET_INDEX: '0',
  FLEET_RUN: 'bench',
  BACKUP_DESTINATION: 's3://bench/fleet',
};
const fleet = readFleet(env);
const read = performance.now();
const request = { store: store as Store, runId: 'bench', now: new Date(), signal: new AbortController().signal };
const share = await takeShare({ ...request, fleet, log: pino({ enabled: false }) });
const planned = performance.now();
const cpu = process.cpuUsage(before);
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(
  `${databases.toLocaleString('en-US')} databases, ${(databases * backups * files.length).toLocaleString('en-US')} objects, ${shards} shares`,
);
console.log(`file read and checked   ${((read - started) / 1000).toFixed(2)} s`);
console.log(
  `catalog read, planned   ${((planned - read) / 1000).toFixed(2)} s (by ${share.by}; ${share.members.length} members in share 0)`,
);
console.log(`in all                  ${((planned - started) / 1000).toFixed(2)} s`);
console.log(`processor time          ${((cpu.user + cpu.system) / 1e6).toFixed(2)} s`);
console.log(`peak memory             ${peakMb.toFixed(0)} MiB`);

const seen = new Set<string>();
let twice = 0;
for (let index = 0; index < shards; index += 1) {
  const other = await takeShare({ ...request, fleet: { ...fleet, index }, log: pino({ enabled: false }) });
  for (const { name } of other.members) {
    if (seen.has(name)) twice += 1;
    seen.add(name);
  }
}
if (twice > 0 || seen.size !== databases) throw new Error(`${seen.size} members, ${twice} of them twice`);
console.log(`every member in exactly one of ${shards} shares`);
