import { autoOr, integer, oneOf, password, text } from '../kinds.ts';
import { variable } from '../variable.ts';

/** What the stored bytes look like. */
export const formVariables = {
  BACKUP_FORMAT: variable(oneOf('custom', 'plain'), {
    words: "`custom` is `pg_dump`'s own archive, from which single tables can be restored; `plain` is SQL.",
    example: 'plain',
    default: 'custom',
    aliases: ['USE_CUSTOM_FORMAT'],
  }),
  COMPRESSION: variable(oneOf('zstd', 'gzip', 'none'), {
    words: 'How dumps are compressed.',
    example: 'gzip',
    default: 'zstd',
    aliases: ['COMPRESSION_CMD'],
  }),
  COMPRESSION_LEVEL: variable(autoOr(integer(1, 19)), {
    words:
      '1 to 19 for zstd (default 2), 1 to 9 for gzip (default 6). `auto`, of zstd, begins with 2 and goes higher while backups of the database find that they wait for the store and have processor time to spare; it has to be allowed to list the store ([docs/COMPRESSION.md](docs/COMPRESSION.md)).',
    example: 'auto',
  }),
  JOBS: variable(autoOr(integer(1, 16)), {
    words:
      'So many `pg_dump` at once, each of other tables in one snapshot, each into an object of its own (`BACKUP_FORMAT=custom`), and beside them one of the definitions where the server has connections enough. `auto` goes by cores here, free connections and the sizes of the tables; a small database is one object. With more than one every table is locked (`ACCESS SHARE`) by one session and then by another: what waits to alter or truncate a table meanwhile makes the run fail after `LOCK_WAIT_TIMEOUT`.',
    example: 'auto',
    default: '1',
  }),
  AGE_RECIPIENTS: variable(text, {
    words: 'Encrypt for these age or SSH public keys, separated by commas or line breaks.',
    example: 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p',
    aliases: ['AGE_RECIPIENT', 'AGE_PUBLIC_KEYS', 'AGE_PUBLIC_KEY'],
    file: true,
  }),
  GPG_PUBLIC_KEYS: variable(text, {
    words: 'Encrypt for these OpenPGP public keys: armoured blocks, one after the other.',
    example: '-----BEGIN PGP PUBLIC KEY BLOCK-----...',
    aliases: ['GPG_PUBLIC_KEY', 'GPG_PUBLIC_KEY_RING'],
    file: true,
  }),
  GPG_PASSPHRASE: variable(password, {
    words: 'Encrypt with this passphrase. Public keys are better: they cannot decrypt.',
    example: 'a long passphrase',
    aliases: ['PASSPHRASE', 'ENCRYPTION_PASSWORD'],
    secret: true,
  }),
};
