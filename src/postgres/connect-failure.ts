import type { ConnectionConfig } from '../config/config.ts';
import { Failure } from '../errors.ts';

/** The words of a failed connection: server, login or database, and what to do. Never holds the password. */
export function connectFailure(connection: ConnectionConfig, error: unknown): Failure {
  const where = connection.host.startsWith('/')
    ? `the socket in ${connection.host}`
    : `${connection.host}:${String(connection.port)}`;
  const { code, message } = describe(error);
  const source = connection.variable === 'PGHOST' ? "libpq's variables" : (connection.variable ?? 'DATABASE_URL');
  const failure = (text: string, hint: string, retryable: boolean): Failure =>
    new Failure('database', text, { hint, retryable, cause: error });
  // The words of `pg`, which has no code for them.
  if (/password must be a( non-empty)? string/i.test(message)) {
    return failure(`${where} asks for a password and none is set`, askedPassword(connection), false);
  }
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return failure(
        `nothing answers at ${where}`,
        `Check host and port, and that the server is running.${isLoopback(connection.host) ? ` ${inContainer(connection.host)}` : ''}`,
        true,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failure(
        `the host name ${connection.host} cannot be found`,
        sessionPooler(connection) ?? `Check the host in ${source}; an internal name works only inside its own network.`,
        code === 'EAI_AGAIN',
      );
    case 'EADDRNOTAVAIL':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return failure(
        `no way to reach ${where}: ${message}`,
        sessionPooler(connection) ??
          'Check firewalls and allow-lists; some providers offer their direct address over IPv6 only.',
        true,
      );
    case '28P01':
    case '28000':
    case 'SASL':
      return failure(
        `login refused for user ${connection.user} at ${where}: ${message}`,
        'Check user, password and the allow-list (pg_hba.conf) of the server.',
        false,
      );
    case '3D000':
      return failure(`database ${connection.database} does not exist at ${where}`, missingDatabase(connection), false);
    case '42501':
      return failure(
        `user ${connection.user} may not connect to database ${connection.database}`,
        `As an administrator: GRANT CONNECT ON DATABASE ${quoted(connection.database)} TO ${quoted(connection.user)};`,
        false,
      );
    case '53300':
      return failure(
        `${where} has no free connection: ${message}`,
        'A backup needs two connections; raise max_connections or the limit of this role.',
        true,
      );
    case '57P03':
      return failure(
        `${where} is not ready: ${message}`,
        'The server is starting, stopping or recovering: wait until it takes connections.',
        true,
      );
  }
  if (/unsupported startup parameter/i.test(message))
    return poolerFailure(`it refuses a start-up parameter (${message})`);
  if (/timeout/i.test(message)) {
    return failure(
      `no answer from ${where} within ${String(connection.connectTimeoutSeconds)} s`,
      'Check firewalls and allow-lists, or raise connect_timeout.',
      true,
    );
  }
  if (/does not support SSL/i.test(message)) {
    return failure(
      `TLS to ${where} failed: ${message}`,
      `This server offers no TLS: switch it on there, or leave out sslmode=${connection.sslMode}; then nothing is encrypted on the way.`,
      false,
    );
  }
  if (/certificate|self.signed|altnames|SSL|TLS/i.test(message)) {
    return failure(
      `TLS to ${where} failed: ${message}`,
      'Check sslmode and sslrootcert: the certificate must be signed by that root and, with verify-full, bear this host name.',
      false,
    );
  }
  return failure(`cannot connect to ${where}: ${message}`, `Check ${source} by connecting with psql.`, true);
}

/** The refusal of a transaction pooler, with the address to use instead. */
export function poolerFailure(how: string): Failure {
  return new Failure('config', `the connection goes through a transaction pooler: ${how}`, {
    hint:
      'A dump needs one session of its own. Use the direct address of the server: on Neon the host without `-pooler`, on ' +
      'Supabase port 5432 instead of 6543, elsewhere the port of PostgreSQL itself or a session-mode pool.',
  });
}

/** True where the server refused the way of connecting (with or without TLS), so that `prefer` and `allow` try the other. */
export function isTlsRefusal(error: unknown): boolean {
  const { code, message } = describe(error);
  if (/does not support SSL/i.test(message) || /^(EPROTO|ERR_SSL_)/.test(code)) return true;
  return code === '28000' && /no encryption|SSL (encryption|off|on)/i.test(message);
}

/** What to use where Supabase's direct address, which has no IPv4, cannot be reached or not even be found. */
function sessionPooler({ host, user }: ConnectionConfig): string | undefined {
  const [, project] = /^db\.([a-z0-9]+)\.supabase\.co$/.exec(host) ?? [];
  if (project === undefined) return undefined;
  return `This address has only IPv6, unless you have the IPv4 add-on. Without IPv6 use the session pooler that the dashboard shows: its host, port 5432, user ${user}.${project}.`;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function inContainer(host: string): string {
  return `In a container ${host} is the container itself: use host.docker.internal, the host's address, or docker run --network host.`;
}

function askedPassword({ variable }: ConnectionConfig): string {
  if (variable === 'PGHOST') return 'Put it into PGPASSWORD.';
  return `Put it into ${variable ?? 'DATABASE_URL or PGPASSWORD'}.`;
}

function missingDatabase({ unnamed, named, variable = 'DATABASE_URL' }: ConnectionConfig): string {
  if (named !== undefined) return `Check the name in ${named}, or take it out if the database is gone for good.`;
  if (variable === 'PGHOST') {
    return unnamed === true
      ? 'PGDATABASE is not set, so the one named like the user was tried; set PGDATABASE=shop.'
      : 'Check PGDATABASE.';
  }
  if (unnamed === true) return `${variable} names no database, so the one named like the user was tried; add /shop.`;
  if (variable === 'TARGET_DATABASE_URL')
    return `Add --create to make it, or check the name at the end of ${variable}.`;
  return `Check the name after the last slash of ${variable}.`;
}

function describe(error: unknown): { code: string; message: string } {
  // A name with several addresses fails with an AggregateError that has no message.
  const first = error instanceof AggregateError ? (error.errors as unknown[])[0] : error;
  if (!(first instanceof Error)) return { code: '', message: String(first) };
  const code =
    'code' in first && typeof first.code === 'string' ? first.code : first.message.startsWith('SASL') ? 'SASL' : '';
  return { code, message: first.message };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
