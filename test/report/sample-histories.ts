import type { StoredBackup } from '../../src/retention/survey.ts';
import type { Drill, History, Run, TableRows } from '../../src/report/history.ts';
import type { RetentionPolicy } from '../../src/config/config.ts';
import type { ModelRequest } from '../../src/report/model.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Always the same numbers, between 0 and 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** How a sample history differs from one of so many good daily backups. */
export interface SampleChanges {
  readonly database?: string;
  readonly everyMs?: number;
  /** Indices, counted from the newest, that are left out. */
  readonly missing?: readonly number[];
  readonly damaged?: readonly number[];
  readonly drilledEvery?: number;
  readonly tables?: readonly string[];
}

/** When the sample page is made. */
export const sampleNow = new Date('2026-11-21T06:12:00Z');

/** So many backups, one a day at 03:00 UTC, the newest three hours old. */
export function sampleHistory(backups: number, changes: SampleChanges = {}): History {
  const { database = 'shop', everyMs = dayMs, missing = [], damaged = [], drilledEvery = 7 } = changes;
  const random = numbers(backups + database.length);
  const runs: Run[] = [];
  for (let age = backups - 1; age >= 0; age -= 1) {
    const chance = random();
    if (missing.includes(age)) continue;
    const startedAt = new Date(Date.parse('2026-11-21T03:00:02Z') - age * everyMs);
    const grown = 1.32e9 * Math.exp((-age * everyMs) / dayMs / 420) * (1 + 0.02 * chance);
    const isDrilled = drilledEvery > 0 && age % drilledEvery === 1;
    runs.push(sampleRun(startedAt, grown, chance, isDrilled, changes, damaged.includes(age)));
  }
  return { database, runs, unfinished: [], lastFailure: undefined };
}

function sampleRun(
  startedAt: Date,
  bytes: number,
  chance: number,
  isDrilled: boolean,
  changes: SampleChanges,
  isDamaged: boolean,
): Run {
  const id = `${startedAt.toISOString().replace(/[-:]|\.\d+/g, '')}-${Math.floor(chance * 36 ** 6)
    .toString(36)
    .padStart(6, '0')}`;
  const day = startedAt.getUTCDate();
  const finishedAt = new Date(startedAt.getTime() + 9 * hourMs);
  const drill: Drill = {
    id,
    outcome: 'passed',
    restoreMs: Math.round(bytes / 9000 + chance * 20_000),
    compared: 312,
    finishedAt,
  };
  const candidate = {
    id,
    startedAt,
    storedAt: startedAt,
    proved: isDrilled,
    bytes: Math.round(bytes),
  } as unknown as StoredBackup;
  return {
    id,
    startedAt,
    damage: isDamaged ? 'database.dump.zst.age is missing or not of the size that the manifest says' : undefined,
    candidate: isDamaged ? undefined : candidate,
    drills: isDrilled ? [drill] : [],
    facts: {
      bytes: Math.round(bytes),
      durationMs: Math.round(bytes / 7000 + chance * chance * 60_000),
      databaseBytes: Math.round(bytes * 4.1),
      rows: Math.round(bytes / 60),
      rowsExact: false,
      tableCount: 42,
      tier: day === 1 ? 'monthly' : startedAt.getUTCDay() === 1 ? 'weekly' : 'daily',
      verified: isDrilled ? 'drill' : 'download',
      serverVersion: '17.6',
      form: 'custom zstd age',
      tables: sampleTables(bytes, changes.tables),
    },
  };
}

const usualTables = [
  'orders',
  'order_items',
  'customers',
  'events',
  'invoices',
  'products',
  'sessions',
  'audit.changes',
  'payments',
  'stock',
];

function sampleTables(bytes: number, names: readonly string[] = usualTables): TableRows[] {
  return names.map((qualified, index) => {
    const [schema, name] = qualified.includes('.') ? (qualified.split('.') as [string, string]) : ['public', qualified];
    const rows = Math.round((bytes / 60) ** (1 - index * 0.045) * (index === 5 ? 0.001 : 1));
    return { schema, name, rows, exact: index !== 3 };
  });
}

/** A request for a page about these histories. */
export function sampleRequest(histories: readonly History[], changes: Partial<ModelRequest> = {}): ModelRequest {
  return {
    histories,
    schedule: { expression: '0 3 * * *', timezone: 'UTC' },
    policy: undefined,
    timeZone: 'UTC',
    now: sampleNow,
    location: 's3://offsite-backups/production',
    toolVersion: '0.1.0',
    ...changes,
  };
}

/** Rules that keep 30 days, some weeks and a year of months. */
export const samplePolicy: RetentionPolicy = {
  last: undefined,
  withinMs: 14 * dayMs,
  daily: 30,
  weekly: 8,
  monthly: 12,
  yearly: undefined,
  minimum: 3,
  timeZone: 'UTC',
};

/** Late, with gaps, a damaged backup, a folder that a killed run left, and a failure after all of it. */
export function sampleIll(database = 'ledger'): History {
  return {
    ...sampleHistory(60, { database, missing: [0, 1, 2, 20], damaged: [9] }),
    unfinished: [new Date('2026-11-20T03:00:02Z')],
    lastFailure: {
      at: new Date('2026-11-21T03:00:09Z'),
      exitCode: 65,
      message: 'the dump failed: permission denied for table invoices',
    },
  };
}

/** Several databases, not all of them well. */
export function sampleFleet(): History[] {
  return [
    sampleHistory(45, { database: 'crm' }),
    sampleIll(),
    sampleHistory(30),
    sampleHistory(12, { database: 'stock' }),
  ];
}

/** Names that PostgreSQL allows. */
export const hostileNames = [
  '<script>document.title="forged"</script>',
  '"><img src=x onerror=alert(1)>',
  "'; alert(1);//",
  '</style><h1>forged</h1>',
  'x'.repeat(63),
  '\u202Egnp.exe\u0007\n',
  '\uD800 alone',
  '日本語テーブル',
  '&amp;',
];
