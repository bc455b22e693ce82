import { duration, integer, list, oneOf, password, secretText, text, words } from '../kinds.ts';
import { variable } from '../variable.ts';

/** Which database, and what of it. */
export const sourceVariables = {
  DATABASE_URL: variable(secretText, {
    words: 'The database to back up. A password may hold any character, encoded or not.',
    example: 'postgresql://backup:password@db.example.com:5432/shop?sslmode=require',
    aliases: ['BACKUP_DATABASE_URL'],
    secret: true,
  }),
  PGHOST: variable(text, {
    words: "libpq's own variables fill in whatever `DATABASE_URL` leaves out. A host, or the folder of a unix socket.",
    example: 'db.example.com',
    aliases: ['POSTGRES_HOST'],
  }),
  PGPORT: variable(integer(1, 65535), { words: 'Port.', example: '5432', default: '5432', aliases: ['POSTGRES_PORT'] }),
  PGUSER: variable(text, { words: 'Role to log in as.', example: 'backup', aliases: ['POSTGRES_USER'], file: true }),
  PGPASSWORD: variable(password, {
    words: 'Its password.',
    example: 'a long password',
    aliases: ['POSTGRES_PASSWORD'],
    secret: true,
  }),
  PGPASSFILE: variable(text, {
    words: 'A password file in the form of `~/.pgpass`; only its owner may have access to it (`chmod 0600`).',
    example: '/run/secrets/pgpass',
    aliases: ['POSTGRES_PASSFILE_STORE'],
  }),
  PGDATABASE: variable(text, {
    words: 'Database; by default the one named like the role.',
    example: 'shop',
    aliases: ['POSTGRES_DATABASE', 'POSTGRES_DB'],
    file: true,
  }),
  DATABASES: variable(words, {
    words:
      'Several databases of that server, each with a backup of its own: names as in CSV (`shop,"odd, name"`), or `*` for all that the login may connect to, without templates.',
    example: 'shop,crm',
    aliases: ['POSTGRES_BACKUP_ALL', 'BACKUP_ALL', 'POSTGRES_CLUSTER'],
  }),
  EXCLUDE_DATABASES: variable(words, {
    words: 'Of those, all but these. `*` stands for any characters and `?` for one, except in double quotes.',
    example: 'postgres,test_*',
  }),
  DATABASE_CONCURRENCY: variable(integer(1, 16), {
    words: 'How many of `DATABASES` are dumped at once. They share `S3_UPLOAD_CONCURRENCY`.',
    example: '2',
    default: '1',
  }),
  PGSSLMODE: variable(oneOf('disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'), {
    words: "TLS to the server, in libpq's meaning. Default `prefer`, or `verify-full` with `PGSSLROOTCERT=system`.",
    example: 'verify-full',
  }),
  PGSSLROOTCERT: variable(text, {
    words: 'File of the CA certificates to trust, or `system`.',
    example: '/etc/ssl/provider-ca.pem',
  }),
  PGSSLCERT: variable(text, { words: 'File of the client certificate.', example: '/run/secrets/client.crt' }),
  PGSSLKEY: variable(text, { words: 'File of its key.', example: '/run/secrets/client.key' }),
  PGCONNECT_TIMEOUT: variable(integer(1, 3600), {
    words: 'Seconds before a connection attempt is given up.',
    example: '10',
    default: '30',
  }),
  PGOPTIONS: variable(text, { words: 'Settings for the server session.', example: '-c work_mem=64MB' }),
  SCHEMAS: variable(list, {
    words: 'Only these schemas (`pg_dump --schema` patterns). What they use of others must be where they are restored.',
    example: 'public,sales',
    default: '',
  }),
  EXCLUDE_SCHEMAS: variable(list, { words: 'All schemas but these.', example: 'audit', default: '' }),
  TABLES: variable(list, {
    words: 'Only these tables (patterns), without the types and functions that they use.',
    example: 'public.orders',
    default: '',
  }),
  EXCLUDE_TABLES: variable(list, { words: 'All tables but these.', example: 'public.tmp_*', default: '' }),
  EXCLUDE_TABLE_DATA: variable(list, {
    words: 'Tables of which only the definition is kept.',
    example: 'public.sessions',
    default: '',
  }),
  PG_DUMP_ARGS: variable(text, {
    words: 'Further arguments for `pg_dump`, quoted as in a shell.',
    example: "--no-owner --exclude-extension='pg_cron'",
    aliases: [
      'PGDUMP_EXTRA_OPTS',
      'POSTGRES_EXTRA_OPTS',
      'POSTGRES_EXTRA_DUMP_OPTS',
      'BACKUP_OPTIONS',
      'PG_DUMP_EXTRA_OPTIONS',
    ],
  }),
  LOCK_WAIT_TIMEOUT: variable(duration(1), {
    words: 'How long `pg_dump` waits for the lock of a table.',
    example: '60s',
    default: '60s',
  }),
  ROW_COUNTS: variable(oneOf('auto', 'exact', 'off'), {
    words: 'Row counts for the manifest: `auto` counts what is cheap and estimates the rest.',
    example: 'exact',
    default: 'auto',
  }),
  GLOBALS: variable(oneOf('auto', 'on', 'off'), {
    words:
      "Roles, tablespaces and the database's settings beside the dump. `auto` warns where the server refuses them, `on` fails. Passwords only where the login may read them and backups are encrypted.",
    example: 'off',
    default: 'auto',
  }),
  PG_CLIENTS_DIR: variable(text, {
    words: 'Folder that holds `<major>/bin` with the PostgreSQL client programs.',
    example: '/usr/lib/postgresql',
    default: '/usr/lib/postgresql',
  }),
};
