/** URL parameters that our own configuration has a place for. */
export const ownParameters = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'ssl',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'connect_timeout',
  'passfile',
] as const;

/**
 * libpq's other parameters with the environment variables that carry them
 * (https://www.postgresql.org/docs/current/libpq-envars.html).
 */
export const libpqVariables: Readonly<Record<string, string>> = {
  application_name: 'PGAPPNAME',
  options: 'PGOPTIONS',
  channel_binding: 'PGCHANNELBINDING',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  load_balance_hosts: 'PGLOADBALANCEHOSTS',
  require_auth: 'PGREQUIREAUTH',
  requirepeer: 'PGREQUIREPEER',
  gssencmode: 'PGGSSENCMODE',
  gsslib: 'PGGSSLIB',
  gssdelegation: 'PGGSSDELEGATION',
  krbsrvname: 'PGKRBSRVNAME',
  sslcertmode: 'PGSSLCERTMODE',
  sslcompression: 'PGSSLCOMPRESSION',
  sslcrl: 'PGSSLCRL',
  sslcrldir: 'PGSSLCRLDIR',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslsni: 'PGSSLSNI',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
};

/** Parameters of libpq without an environment variable, and of other drivers: harmless to a backup, so only told. */
export const ignoredParameters: ReadonlySet<string> = new Set([
  'client_encoding',
  'fallback_application_name',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
  // Prisma
  'schema',
  'pgbouncer',
  'connection_limit',
  'pool_timeout',
  'statement_cache_size',
  'socket_timeout',
  'sslaccept',
  'single_use_connections',
  // Rails, Go, node-postgres and other poolers
  'encoding',
  'pool',
  'pool_size',
  'pool_max_conns',
  'max_pool_size',
  'prepared_statements',
  'prepareThreshold',
  'reconnect',
  'statement_timeout',
  'uselibpqcompat',
  'supa',
  'workaround',
]);

/** Parameters that change which server is reached or how, and that cannot be honoured: better no run than another one. */
export const refusedParameters: Readonly<Record<string, string>> = {
  hostaddr: 'write the address in place of the host',
  service: 'write host, user and database into the URL',
  servicefile: 'write host, user and database into the URL',
  sslpassword: 'use a client key without a passphrase',
  replication: 'remove it: a dump needs an ordinary connection',
};

/** Every parameter name that means something to us. */
export const parameterNames: ReadonlySet<string> = new Set([
  ...ownParameters,
  ...Object.keys(libpqVariables),
  ...ignoredParameters,
  ...Object.keys(refusedParameters),
]);
