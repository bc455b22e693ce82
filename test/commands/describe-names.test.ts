import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeNames } from '../../src/commands/describe-names.ts';
import { variableNames, variables } from '../../src/config/variables.ts';
import { namesOf } from '../../src/config/variable.ts';
import * as published from '../config/published.ts';

test('the names of another tool stand beside ours, with what is read differently and what is not followed', () => {
  assert.equal(
    describeNames({ ...published.itbmFull.env, PATH: '/bin', HOME: '/root', PGAPPNAME: 'x', S3_S3V4: 'yes' }),
    `ok    names: 13 settings are understood
      POSTGRES_HOST       -> PGHOST
      POSTGRES_USER       -> PGUSER
      POSTGRES_PASSWORD   -> PGPASSWORD
      POSTGRES_DATABASE   -> PGDATABASE
      ENCRYPTION_PASSWORD -> GPG_PASSPHRASE
      DELETE_OLDER_THAN   -> KEEP_WITHIN (read as "30d")
      PGAPPNAME           -> handed on to libpq
      SCHEDULE            -> no effect: the platform's cron starts each backup, or the command schedule at BACKUP_SCHEDULE; write BACKUP_SCHEDULE="@daily"
      S3_S3V4             -> no effect: requests are always signed by version 4
`,
  );
});

test('what is not understood is marked, and what is not used', () => {
  const text = describeNames({
    S3_BUKET: 'x',
    BACKUP_TELEPORT_EVERYTHING: 'x',
    AWS_REGION: 'eu-west-1',
    S3_REGION: 'eu-west-2',
    BACKUP_FILE_PREFIX: 'backup',
    POSTGRES_HOST: '**None**',
  });
  assert.match(text, /^warn {2}names: 2 of 6 settings are not understood$/m);
  assert.match(text, /^ +S3_BUKET +-> NOT UNDERSTOOD: did you mean S3_BUCKET\?$/m);
  assert.match(text, /^ +BACKUP_TELEPORT_EVERYTHING -> NOT UNDERSTOOD$/m);
  assert.match(text, /^ +AWS_REGION +-> S3_REGION \(not used, because S3_REGION is set\)$/m);
  assert.match(text, /^ +BACKUP_FILE_PREFIX +-> S3_PREFIX \(not followed\)$/m);
  assert.match(text, /^ +POSTGRES_HOST +-> PGHOST \(not set\)$/m);
  assert.match(describeNames({ PATH: '/bin' }), /^FAIL {2}names: no variable of this program is set/);
});

test('no value of a secret is shown, under whichever name', () => {
  const names = variableNames
    .filter((name) => variables[name].secret === true)
    .flatMap((name) => namesOf(name, variables[name]).flatMap((alias) => [alias, `${alias}_FILE`]));
  const text = describeNames(Object.fromEntries(names.map((name) => [name, '  canary  '])));
  const others = names.filter((name) => !variableNames.some((own) => name === own || name === `${own}_FILE`));
  for (const name of others) assert.match(text, new RegExp(`^ +${name} +->`, 'm'));
  assert.ok(others.length > 5);
  assert.doesNotMatch(text, /canary/);
});

test('names of ours are told only where there is something to say', () => {
  assert.equal(describeNames({ S3_BUCKET: 'x', PGHOST: 'db.example.com' }), 'ok    names: 2 settings are understood\n');
  const text = describeNames({ DATABASE_URL_FILE: '/nowhere/at/all' });
  assert.match(text, /^ +DATABASE_URL_FILE -> DATABASE_URL \(cannot be used\)$/m);
  assert.match(describeNames({ AWS_REGION: 'eu-west-1', S3_REGION: 'eu-west-2' }), /^ +AWS_REGION -> /m);
});
