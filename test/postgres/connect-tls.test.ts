import assert from 'node:assert/strict';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ConnectionConfig } from '../../src/config/config.ts';
import { connect } from '../../src/postgres/connect.ts';
import { type Authority, makeAuthority, reconfigure, replaceCertificate } from '../support/authority.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { never } from '../support/shell-stage.ts';
import { connectionTo } from './settings.ts';

type Mode = ConnectionConfig['sslMode'];
const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

let folder: string;
let server: TestPostgres;
let ours: Authority;
let theirs: Authority;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pg-offsite-test-'));
  [ours, theirs] = await Promise.all([makeAuthority(folder, 'ours'), makeAuthority(folder, 'theirs')]);
  server = await startPostgres({
    tls: true,
    hba: ['hostssl all plain_only all reject', 'hostnossl all tls_only all reject'],
  });
  await server.psql('create role plain_only login; create role tls_only login');
});
after(async () => {
  await server.stop('immediate');
  await rm(folder, { recursive: true });
});

/** Connects and tells whether the server sees TLS, or what the refusal says. */
async function outcome(sslMode: Mode, changes: Partial<ConnectionConfig> = {}): Promise<string> {
  try {
    const client = await connect(connectionTo(server, { sslMode, ...changes }), never);
    const { rows } = await client.query<{ ssl: boolean }>('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
    await client.end();
    return rows[0]?.ssl === true ? 'TLS' : 'plain';
  } catch (error) {
    return `${(error as { kind: string }).kind}: ${(error as Error).message}`;
  }
}

async function outcomes(changes: (mode: Mode) => Partial<ConnectionConfig>): Promise<Record<Mode, string>> {
  const all: Partial<Record<Mode, string>> = {};
  for (const mode of modes) all[mode] = (await outcome(mode, changes(mode))).replace(/127\.0\.0\.1:\d+/, 'HOST');
  return all as Record<Mode, string>;
}

/** The modes that check a certificate get this root; the others are left without one. */
const checking = (sslRootCert: () => string) => (mode: Mode) =>
  mode.startsWith('verify') ? { sslRootCert: sslRootCert() } : {};

const noCertificate = 'TLS to HOST failed: ';

describe('a server whose certificate is right', () => {
  before(async () => replaceCertificate(server, await ours.issue('right', ['IP:127.0.0.1', 'DNS:localhost'])));

  test('is reached in every mode, with TLS where the mode says so', async () => {
    assert.deepEqual(await outcomes(checking(() => ours.caFile)), {
      disable: 'plain',
      allow: 'plain',
      prefer: 'TLS',
      require: 'TLS',
      'verify-ca': 'TLS',
      'verify-full': 'TLS',
    });
  });

  test('is reached by its name too', async () => {
    assert.equal(await outcome('verify-full', { host: 'localhost', sslRootCert: ours.caFile }), 'TLS');
  });

  test('is refused by whoever trusts another authority; require with a root certificate checks as verify-ca does', async () => {
    const found = await outcomes((mode) =>
      mode === 'require' ? { sslRootCert: theirs.caFile } : checking(() => theirs.caFile)(mode),
    );
    assert.equal(found.prefer, 'TLS');
    for (const mode of ['require', 'verify-ca', 'verify-full'] as const) {
      assert.match(found[mode], new RegExp(`^database: ${noCertificate}.*certificate`));
    }
  });

  test('is refused by whoever trusts only the public authorities of the system', async () => {
    for (const mode of ['verify-ca', 'verify-full'] as const) {
      assert.match(await outcome(mode, { sslRootCert: 'system' }), /^database: TLS to .* failed: .*certificate/);
    }
  });

  test('is reached without TLS where only that is allowed, by the modes that allow it', async () => {
    const found = await outcomes((mode) => ({ user: 'plain_only', ...checking(() => ours.caFile)(mode) }));
    assert.deepEqual([found.disable, found.allow, found.prefer], ['plain', 'plain', 'plain']);
    for (const mode of ['require', 'verify-ca', 'verify-full'] as const)
      assert.match(found[mode], /^database: login refused/);
  });

  test('is reached with TLS where only that is allowed, by the modes that allow it', async () => {
    const found = await outcomes((mode) => ({ user: 'tls_only', ...checking(() => ours.caFile)(mode) }));
    assert.match(found.disable, /^database: login refused for user tls_only at HOST/);
    for (const mode of modes.slice(1)) assert.equal(found[mode], 'TLS', mode);
  });
});

describe('a server whose certificate bears other names', () => {
  before(async () => replaceCertificate(server, await ours.issue('wrong', ['DNS:db.example.com'])));

  test('is refused by verify-full alone', async () => {
    const found = await outcomes(checking(() => ours.caFile));
    assert.deepEqual(
      { ...found, 'verify-full': '' },
      {
        disable: 'plain',
        allow: 'plain',
        prefer: 'TLS',
        require: 'TLS',
        'verify-ca': 'TLS',
        'verify-full': '',
      },
    );
    assert.match(found['verify-full'], /^database: TLS to HOST failed: .*altnames/);
  });

  test('is refused by verify-full when we ask by an address and it bears localhost', async () => {
    await replaceCertificate(server, await ours.issue('named', ['DNS:localhost']));
    assert.match(await outcome('verify-full', { sslRootCert: ours.caFile }), /^database: TLS to .*altnames/);
    assert.equal(await outcome('verify-full', { sslRootCert: ours.caFile, host: 'localhost' }), 'TLS');
  });

  test('is refused by verify-full when we ask by a name and it bears the address', async () => {
    await replaceCertificate(server, await ours.issue('numbered', ['IP:127.0.0.1']));
    assert.match(await outcome('verify-full', { sslRootCert: ours.caFile, host: 'localhost' }), /^database: TLS to /);
    assert.equal(await outcome('verify-full', { sslRootCert: ours.caFile }), 'TLS');
  });
});

describe('files', () => {
  test('a mode that checks needs a root certificate, and says which setting gives it', async () => {
    for (const mode of ['verify-ca', 'verify-full'] as const) {
      assert.equal(await outcome(mode), `config: sslmode=${mode} needs a root certificate`);
    }
  });

  test('a file that cannot be read is named with its setting', async () => {
    const path = join(folder, 'missing.pem');
    for (const setting of ['sslRootCert', 'sslCert', 'sslKey'] as const) {
      const changes = { sslRootCert: ours.caFile, [setting]: path };
      const expected = `config: ${setting.toLowerCase()}: the file ${path} cannot be read`;
      assert.equal(await outcome('verify-full', changes), expected);
    }
  });

  test('a file that holds no certificate is told as trouble with TLS', async () => {
    const path = join(folder, 'garbage.pem');
    await writeFile(path, 'garbage');
    assert.match(await outcome('verify-full', { sslRootCert: path }), /^(database|config): /);
  });

  test('a client certificate reaches the server', async () => {
    const [sslCert, sslKey] = await ours.issue('client', ['DNS:client']);
    const connection = connectionTo(server, { sslMode: 'require', sslCert, sslKey });
    const client = await connect(connection, never);
    const query = 'SELECT client_dn AS dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    const before = (await client.query<{ dn: string | null }>(query)).rows;
    await client.end();
    assert.deepEqual(before, [{ dn: null }], 'this server does not ask for one yet');
    await reconfigure(server, `ssl_ca_file = '${await caFor(server)}'`);
    const again = await connect(connection, never);
    assert.deepEqual((await again.query(query)).rows, [{ dn: '/CN=client' }]);
    await again.end();
  });
});

/** The authority's certificate where the server may read it. */
async function caFor({ dataDir }: TestPostgres): Promise<string> {
  const path = join(dataDir, 'root.crt');
  await copyFile(ours.caFile, path);
  await chmod(path, 0o644);
  return path;
}

describe('a server that offers no TLS', () => {
  before(() => reconfigure(server, 'ssl = off'));

  test('is reached by the modes that fall back, and refused by those that require TLS', async () => {
    const found = await outcomes(checking(() => ours.caFile));
    assert.deepEqual([found.disable, found.allow, found.prefer], ['plain', 'plain', 'plain']);
    for (const mode of ['require', 'verify-ca', 'verify-full'] as const) {
      assert.match(found[mode], /^database: TLS to HOST failed: .*does not support SSL/);
    }
  });

  test('is reached through its socket in every mode, as libpq does', async () => {
    for (const mode of modes) assert.equal(await outcome(mode, { host: server.socketDir }), 'plain');
  });
});
