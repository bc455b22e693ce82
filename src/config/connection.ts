import { accessSync, constants, existsSync, statSync } from 'node:fs';
import type { ConnectionConfig } from './config.ts';
import { type Environment, type ReadValues, quote } from './environment.ts';
import type { Findings } from './findings.ts';
import { passwordFor, readPassfile } from './passfile.ts';
import { Secret } from './secret.ts';
import {
  ignoredParameters,
  libpqVariables,
  type ownParameters,
  refusedParameters,
  parameterNames,
} from './url-parameters.ts';
import { parseUrl, UrlProblem, type UrlParts } from './url.ts';
import { namesOf } from './variable.ts';
import { variables } from './variables.ts';

const exampleUrl = 'DATABASE_URL=postgresql://user:password@db.example.com:5432/shop';
const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof sslModes)[number];

/**
 * How to reach the database: what `DATABASE_URL` says, filled in from libpq's own variables, with libpq's defaults.
 * Undefined after a problem.
 */
export function readConnection(env: Environment, read: ReadValues, findings: Findings): ConnectionConfig | undefined {
  const { values, nameOf, isSet } = read;
  if (!isSet('DATABASE_URL') && !isSet('PGHOST')) {
    // What is wrong with its file was told when it was read.
    if (namesOf('DATABASE_URL', variables.DATABASE_URL).some((name) => (env[`${name}_FILE`] ?? '').trim() !== '')) {
      return undefined;
    }
    const text = `DATABASE_URL is not set; it names the database to back up, for example ${exampleUrl}`;
    findings.missing('DATABASE_URL', text);
    return undefined;
  }
  const urlName = nameOf('DATABASE_URL');
  const url = values.DATABASE_URL === undefined ? noUrl : tryParse(values.DATABASE_URL, urlName, findings);
  if (url === undefined) return undefined;
  const parameter = (name: (typeof ownParameters)[number]): string | undefined => url.parameters.get(name) || undefined;
  const libpqEnvironment = readLibpqEnvironment(env, url, urlName, findings);

  const host = parameter('host') ?? url.host ?? values.PGHOST;
  const port = readPort(parameter('port') ?? url.port, values.PGPORT, urlName, findings);
  const user = parameter('user') ?? url.user ?? values.PGUSER;
  const named = parameter('dbname') ?? url.database ?? values.PGDATABASE;
  const database = named ?? user;
  const password = parameter('password') ?? url.password ?? values.PGPASSWORD?.reveal();
  const place = values.DATABASE_URL === undefined ? 'PGHOST' : urlName;
  if (host === undefined) findings.problem(`${place} names no host; write it like ${exampleUrl}`);
  else checkHost(host, place, findings);
  if (user === undefined) {
    findings.problem(`${place} is set, but no user to log in as; put it into DATABASE_URL or set PGUSER=backup`);
  }
  checkSameDatabase(read, { host, database: named }, findings);
  if (/\s$/.test(password ?? '')) {
    findings.warn('the database password ends with white space, which is used as a part of it');
  }
  const ssl = readSsl(url, read, urlName, findings);
  const connectTimeoutSeconds = readConnectTimeout(
    parameter('connect_timeout'),
    values.PGCONNECT_TIMEOUT,
    urlName,
    findings,
  );
  if (host === undefined || user === undefined || database === undefined || port === undefined) return undefined;

  const passfile = parameter('passfile') ?? values.PGPASSFILE;
  const file = passfile === undefined ? homePassfile(env) : { path: passfile, name: 'PGPASSFILE' };
  const isAsked = password === undefined && file !== undefined;
  const passwords = isAsked ? readPassfile(file.path, file.name, { host, port, user }, findings) : [];
  const found = password ?? passwordFor(database, passwords)?.reveal();
  const isOneOfSeveral = isAsked && isSet('DATABASES');
  if (isOneOfSeveral) for (const { password: other } of passwords) findings.secret(other);
  return {
    host,
    port,
    user,
    password: found === undefined || found === '' ? undefined : findings.secret(new Secret(found)),
    database,
    ...(isOneOfSeveral && { passwords }),
    ...(named === undefined && { unnamed: true as const }),
    ...(place !== 'DATABASE_URL' && { variable: place }),
    ...ssl,
    connectTimeoutSeconds,
    libpqEnvironment,
  };
}

const noUrl: UrlParts = {
  user: undefined,
  password: undefined,
  host: undefined,
  port: undefined,
  database: undefined,
  parameters: new Map(),
};

function tryParse(url: Secret, name: string, findings: Findings): UrlParts | undefined {
  try {
    return parseUrl(url.reveal(), parameterNames);
  } catch (error) {
    if (!(error instanceof UrlProblem)) throw error;
    findings.problem(`${name} ${error.message}`);
    return undefined;
  }
}

function readLibpqEnvironment(
  env: Environment,
  url: UrlParts,
  urlName: string,
  findings: Findings,
): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const variable of Object.values(libpqVariables)) {
    const value = env[variable];
    if (value !== undefined && value !== '') settings[variable] = value;
  }
  for (const [name, value] of url.parameters) {
    const variable = libpqVariables[name];
    if (variable !== undefined) settings[variable] = value;
    else if (Object.hasOwn(refusedParameters, name)) {
      findings.problem(`${urlName} has the parameter ${name}, which is not supported; ${refusedParameters[name]}`);
    } else if (ignoredParameters.has(name)) {
      findings.warn(`${urlName} has the parameter ${name}, which has no effect on a backup`);
    } else if (!parameterNames.has(name)) {
      // The name is shown only where it looks like one: it may be a piece of a password that was not encoded.
      const shown = /^[a-z_]{2,40}$/i.test(name) ? `the unknown parameter ${quote(name)}` : 'an unknown parameter';
      findings.problem(`${urlName} has ${shown}; remove it, or correct it to one of libpq's, like ?sslmode=require`);
    }
  }
  return settings;
}

function readPort(text: string | undefined, fallback: number, urlName: string, findings: Findings): number | undefined {
  if (text === undefined) return fallback;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  findings.problem(`${urlName} has a port that is no number from 1 to 65535; write it like ${exampleUrl}`);
  return undefined;
}

function checkHost(host: string, place: string, findings: Findings): void {
  if (host.includes('://')) findings.problem(`${place} holds a URL where a host belongs; set ${exampleUrl}`);
  else if (host.includes(',')) findings.problem(`${place} names several hosts; name the one to back up from`);
  else if (/[\s@]/.test(host)) findings.problem(`${place} has a host that cannot be one; write it like ${exampleUrl}`);
}

/** Other images know no URL: one that a platform sets for an application must not decide which database they meant. */
function checkSameDatabase(
  { values, nameOf, isSet }: ReadValues,
  used: { readonly host: string | undefined; readonly database: string | undefined },
  findings: Findings,
): void {
  // A list is what other images take under their names; libpq's own is that of one database, whatever is in it.
  if (nameOf('PGDATABASE') !== 'PGDATABASE' && values.PGDATABASE?.includes('\n') === true) {
    const list = values.PGDATABASE.split(/\s*\n\s*/).join(',');
    findings.problem(`${nameOf('PGDATABASE')} names several databases; write DATABASES=${list}`);
  }
  if (!isSet('DATABASE_URL')) return;
  const others = [
    { name: nameOf('PGHOST'), what: 'host', asked: values.PGHOST, used: used.host },
    { name: nameOf('PGDATABASE'), what: 'database', asked: values.PGDATABASE, used: used.database },
  ] as const;
  for (const other of others) {
    if (!other.name.startsWith('POSTGRES_') || other.asked === other.used) continue;
    const words = `${nameOf('DATABASE_URL')} and ${other.name} name different ${other.what}s`;
    // The image of the server has a POSTGRES_DB, too, and may share its file of variables.
    if (other.name === 'POSTGRES_DB') findings.warn(`${words}; that of ${nameOf('DATABASE_URL')} is backed up`);
    else findings.problem(`${words}; keep the one that is to be backed up`);
  }
}

function readConnectTimeout(text: string | undefined, fallback: number, urlName: string, findings: Findings): number {
  if (text === undefined) return fallback;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  findings.problem(`${urlName} has a connect_timeout that is no number of seconds; write ?connect_timeout=10`);
  return fallback;
}

type SslSettings = Pick<ConnectionConfig, 'sslMode' | 'sslRootCert' | 'sslCert' | 'sslKey'>;

function readSsl(url: UrlParts, { values }: ReadValues, urlName: string, findings: Findings): SslSettings {
  const sslRootCert = (url.parameters.get('sslrootcert') || undefined) ?? values.PGSSLROOTCERT;
  const sslCert = (url.parameters.get('sslcert') || undefined) ?? values.PGSSLCERT;
  const sslKey = (url.parameters.get('sslkey') || undefined) ?? values.PGSSLKEY;
  // libpq reads ?ssl=true, which JDBC users write, as ?sslmode=require.
  const fromSsl = url.parameters.get('ssl') === 'true' ? 'require' : url.parameters.get('ssl');
  const asked = url.parameters.get('sslmode') ?? fromSsl ?? values.PGSSLMODE;
  let sslMode: SslMode = sslRootCert === 'system' ? 'verify-full' : 'prefer';
  if (asked !== undefined) {
    const known = sslModes.find((mode) => mode === asked);
    if (known === undefined) {
      findings.problem(`${urlName} has an sslmode that libpq does not know; write one of ${sslModes.join(', ')}`);
    } else {
      sslMode = known;
    }
  }
  if (sslRootCert === 'system' && sslMode !== 'verify-full') {
    findings.problem('PGSSLROOTCERT=system trusts every public CA, so libpq wants PGSSLMODE=verify-full with it');
  }
  if (sslMode.startsWith('verify-') && sslRootCert === undefined) {
    findings.problem(
      `sslmode=${sslMode} needs a CA to trust; set PGSSLROOTCERT=system for a public one, or to the file of your provider's`,
    );
  }
  if ((sslCert === undefined) !== (sslKey === undefined)) {
    findings.problem('PGSSLCERT and PGSSLKEY belong together: set both, or neither');
  }
  checkReadable('PGSSLROOTCERT', sslRootCert === 'system' ? undefined : sslRootCert, findings);
  checkReadable('PGSSLCERT', sslCert, findings);
  if (checkReadable('PGSSLKEY', sslKey, findings)) checkKeyMode(sslKey, findings);
  return { sslMode, sslRootCert, sslCert, sslKey };
}

function checkReadable(name: string, path: string | undefined, findings: Findings): path is string {
  if (path === undefined) return false;
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    findings.problem(`${name} names a file that cannot be read: ${quote(path)}; mount it, or correct the path`);
    return false;
  }
}

/** libpq refuses a key that others may read, except one of root's that its group may read. */
function checkKeyMode(path: string | undefined, findings: Findings): void {
  if (path === undefined) return;
  const { mode, uid } = statSync(path);
  if ((mode & (uid === 0 ? 0o027 : 0o077)) !== 0) {
    findings.problem(`PGSSLKEY names a file that others have access to, which libpq refuses; run chmod 0600 on it`);
  }
}

/** Where libpq looks when it is told no other place. */
function homePassfile(env: Environment): { path: string; name: string } | undefined {
  const home = env['HOME'];
  if (home === undefined || home === '' || !existsSync(`${home}/.pgpass`)) return undefined;
  return { path: `${home}/.pgpass`, name: '~/.pgpass' };
}
