/** The parts of a database URL, decoded; a part that it leaves out is undefined. */
export interface UrlParts {
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** Not decoded where it is an IPv6 address (the brackets are gone). */
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly database: string | undefined;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Why a text is no database URL: goes on after the variable's name, and holds no part of the URL. */
export class UrlProblem extends Error {
  override name = 'UrlProblem' as const;
}

const exampleUrl = 'postgresql://user:password@host:5432/database';

/**
 * Reads `postgresql://user:password@host:port/database?parameters` as libpq does, but more leniently: the user
 * information ends at the last `@` before the host, so that a password may hold `@ : / ? % #` as they are, and a `%`
 * that begins no valid escape stands for itself. Throws a {@link UrlProblem}.
 */
export function parseUrl(url: string, parameterNames: ReadonlySet<string>): UrlParts {
  const body = withoutScheme(url);
  const { main, query } = splitQuery(body, parameterNames);
  const at = main.lastIndexOf('@');
  const userInfo = at === -1 ? undefined : main.slice(0, at);
  const rest = main.slice(at + 1);
  const slash = rest.startsWith('[') ? rest.indexOf('/', rest.indexOf(']')) : rest.indexOf('/');
  const database = slash === -1 ? '' : rest.slice(slash + 1);
  const { host, port } = splitHost(slash === -1 ? rest : rest.slice(0, slash));
  const colon = userInfo?.indexOf(':') ?? -1;
  const user = colon === -1 ? userInfo : userInfo?.slice(0, colon);
  const password = colon === -1 ? undefined : userInfo?.slice(colon + 1);
  return {
    user: decoded(user),
    password: decoded(password),
    host,
    port,
    database: decoded(database),
    parameters: parseParameters(query),
  };
}

function withoutScheme(url: string): string {
  if (/^["']/.test(url)) throw new UrlProblem(`begins with a quote; env files need none, write it like ${exampleUrl}`);
  const [, scheme, body] = /^([a-z][a-z0-9+.:-]*):\/\/(.*)$/is.exec(url) ?? [];
  if (scheme === undefined || body === undefined) {
    throw new UrlProblem(`is not a URL that begins with postgresql://; write it like ${exampleUrl}`);
  }
  if (/^postgres(ql)?$/i.test(scheme)) return body;
  if (/^jdbc:/i.test(scheme)) throw new UrlProblem(`is a JDBC URL; write it as ${exampleUrl}`);
  if (/^postg/i.test(scheme)) {
    throw new UrlProblem(
      `names a driver or an extension in its scheme; begin it with postgresql://, like ${exampleUrl}`,
    );
  }
  throw new UrlProblem(`does not begin with postgresql://; only PostgreSQL can be backed up, like ${exampleUrl}`);
}

/** The query begins at the first `?` before a parameter we know, or after what is a plain host and database. */
function splitQuery(body: string, parameterNames: ReadonlySet<string>): { main: string; query: string } {
  for (const match of body.matchAll(/\?([a-z_]+)(?=[=&]|$)|\?$/gi)) {
    const main = body.slice(0, match.index);
    const query = body.slice(match.index + 1);
    const isPlain =
      /^(?:[^@/?#]*@)?[^@/?#]*(?:\/[^@/?#]*)?$/.test(main) && (main.includes('@') || !query.includes('@'));
    if (parameterNames.has(match[1] ?? '') || isPlain || query === '') return { main, query };
  }
  return { main: body, query: '' };
}

function splitHost(hostPort: string): { host: string | undefined; port: string | undefined } {
  if (hostPort.includes(',')) throw new UrlProblem('names several hosts; name the one to back up from');
  const match = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]]*))(?::(\d*))?$/i.exec(hostPort);
  if (match === null) {
    const advice = 'in a password, write @ as %40 and / as %2F if in doubt; an IPv6 address needs brackets';
    throw new UrlProblem(`has no well-formed host and port: ${advice}, like ${exampleUrl}`);
  }
  return { host: match[1] ?? decoded(match[2]), port: match[3] === '' ? undefined : match[3] };
}

function parseParameters(query: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    if (equals === -1) throw new UrlProblem('has a parameter without a value; write ?name=value&name=value');
    parameters.set(decode(pair.slice(0, equals)), decode(pair.slice(equals + 1)));
  }
  return parameters;
}

function decoded(part: string | undefined): string | undefined {
  return part === undefined || part === '' ? undefined : decode(part);
}

/** Percent-decoding that leaves alone whatever is not valid, byte sequences that are no UTF-8 included. */
function decode(part: string): string {
  return part.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
