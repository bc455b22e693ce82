import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { useAudience } from '../backup/audience.ts';
import { assertHidden, assertNoCanary, canaries, useScene } from '../backup/scene.ts';
import { fakePgDump, temporaryFolder } from '../support/fake-programs.ts';
import { watchProcesses } from '../support/watch-processes.ts';

const scene = useScene();
const audience = useAudience();
const signing = generateKeyPairSync('ed25519').privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64');

/** One of each kind of secret that a run can have besides those of the scene. */
const secrets = {
  sessionToken: 'canary-session/+=token\'"%41',
  signing,
  slack: 'canary-slack-AbCdEfGhIjKl',
  discord: 'canary-discord-AbCdEfGhIjKl',
  teams: 'canary-teams-AbCdEfGhIjKl',
  telegram: '123456789:canary-AAEhBOweik9ai2o01i1lvjEsd3KKUq',
  webhook: 'canary-hmac "secret" of/the+webhook',
  proxy: 'canary-proxy@:/%#+',
};

function everything(): Record<string, string> {
  const { url } = audience.sink;
  return {
    ...audience.channels(),
    S3_SESSION_TOKEN: secrets.sessionToken,
    GPG_PASSPHRASE: canaries.passphrase,
    MANIFEST_SIGNING_KEY: signing,
    SLACK_WEBHOOK_URL: `${url}/services/${secrets.slack}`,
    DISCORD_WEBHOOK_URL: `${url}/api/webhooks/1/${secrets.discord}`,
    TELEGRAM_API_URL: url,
    TELEGRAM_BOT_TOKEN: secrets.telegram,
    TELEGRAM_CHAT_ID: '-100',
    WEBHOOK_SECRET: secrets.webhook,
    NOTIFY_ON: 'always',
    REPORT: 'on',
    LOG_LEVEL: 'debug',
    COMPRESSION: 'zstd',
    GLOBALS: 'on',
  };
}

/** Through a proxy that nobody is at, which is told. */
function throughProxy(): Record<string, string> {
  return {
    TEAMS_WEBHOOK_URL: `https://teams.example/${secrets.teams}`,
    HTTPS_PROXY: `http://backup:${encodeURIComponent(secrets.proxy)}@127.0.0.1:1`,
  };
}

/** Puts scripts in the place of programs that keep their arguments in the file, however short they live. */
function loggingArguments(file: string): Record<string, string> {
  const [folder, real] = [temporaryFolder(), '/usr/lib/postgresql/15/bin'];
  const [clients, path] = [join(folder, 'clients/15/bin'), join(folder, 'bin')];
  for (const made of [clients, path]) mkdirSync(made, { recursive: true });
  const wrap = (at: string, name: string, program: string): void => {
    writeFileSync(join(at, name), `#!/bin/sh\nprintf '%s\\n' ${name} "$@" >>${file}\nexec ${program} "$@"\n`);
    chmodSync(join(at, name), 0o755);
  };
  const wrapped = ['pg_dump', 'pg_dumpall', 'pg_restore', 'psql'];
  for (const name of wrapped) wrap(clients, name, join(real, name));
  for (const name of readdirSync(real)) if (!wrapped.includes(name)) symlinkSync(join(real, name), join(clients, name));
  for (const name of ['zstd', 'gpg', 'setpriv', 'unshare']) wrap(path, name, join('/usr/bin', name));
  return { PG_CLIENTS_DIR: join(folder, 'clients'), PATH: [path, process.env['PATH']].join(delimiter) };
}

for (const [title, args, changes, exitCode] of [
  ['a backup', [], () => ({}), 0],
  [
    'a backup whose dump tells its environment',
    [],
    () => ({ ...fakePgDump('env >&2; exit 1'), ...throughProxy() }),
    65,
  ],
  [
    'a restore',
    ['restore', 'latest'],
    () => ({ TARGET_DATABASE_URL: scene.postgres.url('target'), LOG_FORMAT: 'json' }),
    0,
  ],
  ['a drill', ['drill'], () => ({}), 0],
] as const) {
  test(`fault 58: ${title} with everything set shows no secret to anybody, and dumps no core`, async () => {
    const file = join(temporaryFolder(), 'arguments');
    // The scratch server's programs find each other by where they are.
    const variables = { ...everything(), ...(args[0] === 'drill' ? {} : loggingArguments(file)) };
    if (args.length > 0) {
      assert.equal((await scene.start({ ...variables, REPORT: 'off' }).ended).exitCode, 0);
      if (args[0] === 'restore') await scene.postgres.psql('CREATE DATABASE target TEMPLATE template0');
    }
    const run = scene.start({ ...variables, ...changes() }, { args });
    const { argv, environments, coreLimits } = await watchProcesses(run.ended, run.pid);
    const { stdout, stderr, ...ended } = await run.ended;
    assert.equal(ended.exitCode, exitCode, stderr);
    const stored = [...scene.server.objects()].filter(([key]) => !/\.(gpg|zst)$/.test(key));
    if (args.length === 0 && exitCode === 0) assert.ok(stored.some(([key]) => key.endsWith('report.html')));
    const told = [
      ...[stdout, stderr, existsSync(file) ? readFileSync(file, 'utf8') : '', ...argv],
      ...stored.map(([key, { data, headers }]) => `${key}${String(data)}${JSON.stringify(headers)}`),
    ];
    for (const text of told) {
      assertNoCanary(text);
      assertHidden(text, secrets);
    }
    audience.assertNothingLeaked(stdout + stderr);
    const messages = audience.sink.requests.map(({ body, query }) => `${body}${String(query)}`).join('\n');
    assertHidden(messages, secrets);
    if (args.length === 0) assert.match(messages, /shop/);
    // A program gets the password of the database where it connects, and nothing else.
    for (const [program, environment] of environments) {
      if (!/\/(pg_\w+|psql|zstd|gpg|gpg-agent|postgres|initdb)$/.test(program)) continue;
      assertHidden(environment, { ...secrets, ...canaries, databasePassword: secrets.proxy });
      if (!/\/(pg_\w+|psql)$/.test(program)) assertNoCanary(environment);
    }
    assert.ok(coreLimits.size > 0);
    for (const limit of coreLimits) assert.match(limit, /: (?:0 +0)?$/, 'core dumps are not off');
  });
}

test('what a message is signed with is not told where a setting beside it is wrong', async () => {
  const { stdout, stderr, exitCode } = await scene.start({
    ...everything(),
    MANIFEST_SIGNING_KEY: `${signing.slice(0, -6)}######`,
    S3_PART_SIZE: secrets.sessionToken,
    TELEGRAM_CHAT_ID: secrets.telegram,
  }).ended;
  assert.equal(exitCode, 78, stderr);
  assertHidden(stdout + stderr, { ...secrets, signing: signing.slice(0, -6) });
});
