import { autoOr, integer, oneOf, secretText, size, text } from '../kinds.ts';
import { variable } from '../variable.ts';

/** What reading backups back needs. */
export const restoreVariables = {
  TARGET_DATABASE_URL: variable(secretText, {
    words: 'The database to restore into. It must be empty, or made by `--create`.',
    example: 'postgresql://user:password@db.example.com:5432/shop_restored',
    secret: true,
  }),
  AGE_IDENTITY: variable(secretText, {
    words: 'The private key for backups encrypted with age: `AGE-SECRET-KEY-1…` or an SSH private key.',
    example: 'AGE-SECRET-KEY-1...',
    secret: true,
  }),
  GPG_PRIVATE_KEY: variable(secretText, {
    words: 'The armoured private key for backups encrypted with gpg; `GPG_PASSPHRASE` unlocks it.',
    example: '-----BEGIN PGP PRIVATE KEY BLOCK-----...',
    secret: true,
  }),
  RESTORE_JOBS: variable(autoOr(integer(1, 99)), {
    words:
      'Sessions that make indexes and constraints at once after the rows, for dumps in `custom` format; of a backup in lanes (`JOBS`) they load so many lanes at once, too. Without it a dump of everything is one transaction (`1`), and a failure leaves nothing behind; lanes get one for each core here, from 2 to 4. `auto` is one for each core here, at most 4.',
    example: 'auto',
    aliases: ['PARALLEL_JOBS'],
  }),
  RESTORE_MAX_SIZE: variable(autoOr(size(1024 ** 2, 1024 ** 5)), {
    words:
      'How large a dump may become when it is decompressed: restore, verify and drill stop there, so that an object that was made to fill the disk cannot. `auto` is 20 times the size that the database had, or twice what its dump had, and 1 GiB.',
    example: '500GiB',
    default: 'auto',
  }),
  DRILL_DATABASE_URL: variable(secretText, {
    words:
      'A server for drills, whose user may create databases: each drill makes a database of its own there and drops it. Not set: a drill starts a server itself, with its files in the folder of `TMPDIR`.',
    example: 'postgresql://drill:password@spare.example.com:5432/postgres',
    secret: true,
  }),
  DRILL_ROLE: variable(oneOf('ordinary', 'superuser'), {
    words:
      'Who restores on the server that a drill starts itself. `superuser` is for databases with operator classes, C functions and the like, which only a superuser may create: the SQL of the dump can then run any program as the user of the drill, and see its environment, with the private key and the login of the store. Only for dumps of a database whose superusers you trust with those.',
    example: 'superuser',
    default: 'ordinary',
  }),
  DRILL_CHECK_SQL: variable(text, {
    words:
      'Your own check of a restored backup: a query, or the path of a file with it. A drill fails when it returns no row or false, or ends with an error.',
    example: 'SELECT count(*) > 1000 FROM orders',
    file: true,
  }),
};
