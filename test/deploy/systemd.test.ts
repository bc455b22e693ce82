import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../support/fake-programs.ts';
import { acceptedByBackup, deploy, deployed, envFile } from './environments.ts';

const folder = join(deploy, 'systemd');
const common = readdirSync(folder).filter((name) => /\.(service|timer)$/.test(name));

/** A root file system with systemd's own units, ours of one kind, and the programs that they start. */
function root(kind: string): string {
  const place = temporaryFolder();
  const units = join(place, 'etc/systemd/system');
  mkdirSync(join(place, 'usr/lib/systemd'), { recursive: true });
  cpSync('/usr/lib/systemd/system', join(place, 'usr/lib/systemd/system'), { recursive: true });
  mkdirSync(units, { recursive: true });
  for (const name of common) cpSync(join(folder, name), join(units, name));
  for (const name of readdirSync(join(folder, kind))) cpSync(join(folder, kind, name), join(units, name));
  writeFileSync(join(units, 'docker.service'), '[Service]\nExecStart=/usr/bin/docker\n');
  for (const program of [
    '/usr/bin/docker',
    '/opt/pg-offsite/entrypoint.sh',
    '/usr/local/lib/pg-offsite/tell-failure',
  ]) {
    mkdirSync(join(place, dirname(program)), { recursive: true });
    writeFileSync(join(place, program), '');
    chmodSync(join(place, program), 0o755);
  }
  return place;
}

const ours = [
  'pg-offsite-backup.service',
  'pg-offsite-backup.timer',
  'pg-offsite-drill.service',
  'pg-offsite-drill.timer',
  'pg-offsite-failed@pg-offsite-backup.service.service',
];

/** What systemd itself says against our units; lines of its own units are left out. */
function problems(place: string): string[] {
  const args = ['verify', '--man=no', '--recursive-errors=no', `--root=${place}`, ...ours];
  const { stderr, error } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  assert.equal(error, undefined);
  return stderr.split('\n').filter((line) => /pg-offsite|age_identity/.test(line));
}

/** A property of a unit, the last where there are several. */
function property(unit: string, name: string): string {
  return [...deployed(`systemd/${unit}`).matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].at(-1)?.[1] ?? '';
}

/** A time span in systemd's words, in ms, as systemd understands it. */
function span(words: string): number {
  const { stdout } = spawnSync('systemd-analyze', ['timespan', words], { encoding: 'utf8' });
  return Number(/μs: (\d+)/.exec(stdout)?.[1]) / 1000;
}

for (const kind of ['image', 'checkout']) {
  test(`systemd has nothing against the units that run from the ${kind}`, () => {
    assert.deepEqual(problems(root(kind)), []);
  });

  for (const [unit, right, wrong] of [
    ['pg-offsite-backup.service', 'TimeoutStartSec=', 'TimeoutStartSecs='],
    ['pg-offsite-backup.service', 'OnFailure=', 'OnFailed='],
    ['pg-offsite-backup.service', 'TimeoutStopSec=30s', 'TimeoutStopSec=30 apples'],
    ['pg-offsite-backup.timer', 'Persistent=true', 'Persistant=true'],
    ['pg-offsite-backup.timer', '02:00:00', '25:00:00'],
    ['pg-offsite-failed@.service', 'tell-failure', 'tell-faliure'],
  ] as const) {
    test(`it does have something against ${wrong} (${kind})`, () => {
      const place = root(kind);
      const path = join(place, 'etc/systemd/system', unit);
      const text = readFileSync(path, 'utf8');
      assert.ok(text.includes(right));
      writeFileSync(path, text.replace(right, wrong));
      assert.notDeepEqual(problems(place), []);
    });
  }

  test(`systemd waits longer than the run from the ${kind} takes at most`, () => {
    const { run } = acceptedByBackup(envFile(deployed('backup.env')));
    assert.ok(span(property(`${kind}/pg-offsite-backup.service`, 'TimeoutStartSec')) >= run.timeoutMs + 300_000);
    for (const unit of ['backup', 'drill']) {
      assert.equal(span(property(`${kind}/pg-offsite-${unit}.service`, 'TimeoutStopSec')), 30_000);
    }
  });
}

for (const unit of ['backup', 'drill']) {
  test(`the ${unit} from the checkout is exposed to little, in systemd's own count`, () => {
    const args = [
      'security',
      '--offline=true',
      '--no-pager',
      '--threshold=20',
      join(folder, `checkout/pg-offsite-${unit}.service`),
    ];
    const { status, stdout } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
  });
}

test('the timer elapses at the times of BACKUP_SCHEDULE', () => {
  const { BACKUP_SCHEDULE: schedule, BACKUP_TIMEZONE: zone } = envFile(deployed('backup.env'));
  assert.deepEqual([schedule, zone], ['0 2 * * *', 'UTC']);
  const args = ['calendar', '--iterations=2', property('pg-offsite-backup.timer', 'OnCalendar')];
  const { stdout, status } = spawnSync('systemd-analyze', args, {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
  });
  assert.equal(status, 0);
  assert.match(stdout, /Normalized form: \*-\*-\* 02:00:00 UTC/);
});

/** Runs tell-failure on a host that has these programs besides the usual ones; resolves to what each was given. */
function tellFailure(programs: readonly string[]): {
  status: number | null;
  stderr: string;
  told: Record<string, string>;
} {
  const place = temporaryFolder();
  for (const name of ['cat', 'uname', 'sh']) symlinkSync(`/bin/${name}`, join(place, name));
  for (const name of programs) {
    writeFileSync(
      join(place, name),
      `#!/bin/sh\n{ echo "$*"; cat; } >${join(place, `${name}.told`)}\necho "of ${name}"; exit 3\n`,
    );
    chmodSync(join(place, name), 0o755);
  }
  const { status, stderr } = spawnSync('/bin/sh', [join(folder, 'tell-failure'), 'pg-offsite-backup.service'], {
    encoding: 'utf8',
    env: { PATH: place },
    input: '',
  });
  const told = programs.filter((name) => existsSync(join(place, `${name}.told`)));
  return {
    status,
    stderr,
    told: Object.fromEntries(told.map((name) => [name, readFileSync(join(place, `${name}.told`), 'utf8')])),
  };
}

test('a unit that failed is told to root by mail, with its last lines, and to the journal', () => {
  const { told } = tellFailure(['systemctl', 'systemd-cat', 'sendmail']);
  assert.match(
    told['sendmail'] ?? '',
    /^-t\nTo: root\nSubject: pg-offsite-backup\.service failed on \S+\n\nof systemctl\n$/,
  );
  assert.match(told['systemd-cat'] ?? '', /priority=crit\npg-offsite-backup\.service has failed/);
});

test('a host that cannot send mail says so', () => {
  const { status, stderr } = tellFailure(['systemctl', 'systemd-cat']);
  assert.equal(status, 69);
  assert.match(stderr, /no sendmail on this host/);
});
