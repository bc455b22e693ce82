import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { knownNames } from '../../src/config/environment.ts';
import { otherSettings } from '../../src/config/other-tools.ts';
import { readConfig } from '../../src/config/read.ts';
import * as published from '../config/published.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/MOVING.md'), 'utf8');

/** The rows of a section's table: a name of the tool and what the page says it means. */
function rowsOf(heading: string): [name: string, means: string][] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  assert.ok(section, heading);
  return [...section.matchAll(/^\| `(\w+)` +\| (.*?) *\|$/gm)].map(([, name = '', means = '']) => [name, means]);
}

/** Every variable of each tool, as its README or its Dockerfile names them. */
const sections: Record<string, string> = {
  'schickling and eeshugerman postgres-backup-s3':
    'POSTGRES_DATABASE POSTGRES_BACKUP_ALL POSTGRES_HOST POSTGRES_PORT POSTGRES_USER POSTGRES_PASSWORD POSTGRES_EXTRA_OPTS PGDUMP_EXTRA_OPTS S3_ACCESS_KEY_ID S3_SECRET_ACCESS_KEY S3_BUCKET S3_REGION S3_PATH S3_PREFIX S3_ENDPOINT S3_S3V4 SCHEDULE PASSPHRASE BACKUP_KEEP_DAYS BACKUP_ALL DISCORD_WEBHOOK_URL ENABLE_METRICS DROP_PUBLIC',
  'itbm postgresql-backup-s3':
    'POSTGRES_DATABASE POSTGRES_HOST POSTGRES_PORT POSTGRES_USER POSTGRES_PASSWORD POSTGRES_EXTRA_OPTS POSTGRES_EXTRA_DUMP_OPTS S3_ACCESS_KEY_ID S3_SECRET_ACCESS_KEY S3_BUCKET S3_PREFIX S3_REGION S3_ENDPOINT S3_CA_BUNDLE S3_SSL_VERIFY S3_S3V4 SCHEDULE COMMAND_TIMEOUT ENCRYPTION_PASSWORD DELETE_OLDER_THAN USE_CUSTOM_FORMAT COMPRESSION_CMD DECOMPRESSION_CMD PARALLEL_JOBS BACKUP_FILE CREATE_DATABASE DROP_DATABASE HOOKS_DIR HOOK_PRE_BACKUP_URL HOOK_POST_BACKUP_URL HOOK_BACKUP_ERROR_URL HOOK_PRE_RESTORE_URL HOOK_POST_RESTORE_URL HOOK_RESTORE_ERROR_URL HOOK_ALLOW_HTTP HOOK_INHERIT_ENV',
  'Railway postgres-s3-backups':
    'AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_S3_BUCKET AWS_S3_REGION BACKUP_DATABASE_URL BACKUP_CRON_SCHEDULE AWS_S3_ENDPOINT AWS_S3_FORCE_PATH_STYLE RUN_ON_STARTUP BACKUP_FILE_PREFIX BACKUP_FILENAME BUCKET_SUBFOLDER SINGLE_SHOT_MODE SUPPORT_OBJECT_LOCK BACKUP_OPTIONS PG_VERSION',
  'Render postgres-s3-backups':
    'DATABASE_URL AWS_REGION S3_BUCKET_NAME AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY POSTGRES_VERSION ALPINE_VERSION',
  'prodrigestivill postgres-backup-local':
    'BACKUP_DIR BACKUP_SUFFIX BACKUP_ON_START BACKUP_KEEP_DAYS BACKUP_KEEP_WEEKS BACKUP_KEEP_MONTHS BACKUP_KEEP_MINS BACKUP_WEEK_DAY BACKUP_MONTH_DAY BACKUP_LATEST_TYPE BACKUP_MATRIX_VERBOSITY HEALTHCHECK_PORT POSTGRES_DB POSTGRES_EXTRA_OPTS POSTGRES_CLUSTER POSTGRES_HOST POSTGRES_PASSWORD POSTGRES_PASSFILE_STORE POSTGRES_PORT POSTGRES_USER SCHEDULE VALIDATE_ON_START WEBHOOK_URL WEBHOOK_ERROR_URL WEBHOOK_PRE_BACKUP_URL WEBHOOK_POST_BACKUP_URL WEBHOOK_EXTRA_ARGS LOGDIR ELEMENT_SERVER',
};

describe('docs/MOVING.md names every variable of', () => {
  const known = knownNames();
  for (const [heading, names] of Object.entries(sections)) {
    test(`${heading}, with its meaning`, () => {
      const rows = new Map(rowsOf(heading));
      assert.deepEqual(
        names.split(' ').filter((name) => !rows.has(name)),
        [],
      );
      for (const [name, means] of rows) {
        const meaning = known.get(name);
        if (meaning !== undefined) assert.match(means, new RegExp(`^\`${meaning}\``), name);
        else {
          assert.ok(Object.hasOwn(otherSettings, name), `${name} is not understood`);
          assert.match(means, /^(?:nothing|refused)/, name);
        }
        for (const [, ours = ''] of means.matchAll(/`([A-Z][A-Z0-9]*_[A-Z0-9_]+)`/g)) {
          assert.ok(known.has(ours) || /^(?:NODE_EXTRA_CA_CERTS|ROOM_ID|ACCESS_TOKEN)$/.test(ours), ours);
        }
      }
    });
  }
});

test('the command for both for a while gives every published environment a prefix of its own', () => {
  const [line = ''] = /^docker run .*old\.env.*$/m.exec(page) ?? [];
  const changes = Object.fromEntries(
    [...line.matchAll(/-e (\w+)=(\S*)/g)].map(([, name = '', value = '']): [string, string] => [name, value]),
  );
  for (const { tool, env } of Object.values(published)) {
    const config = readConfig({
      ...env,
      S3_BUCKET: env['S3_BUCKET'] ?? env['S3_BUCKET_NAME'] ?? 'my-bucket',
      ...changes,
    });
    assert.equal(config.store.kind === 's3' && config.store.prefix, 'pg-offsite/production', tool);
  }
});
