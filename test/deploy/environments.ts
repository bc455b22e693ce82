import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, ReaderConfig } from '../../src/config/config.ts';
import { readConfig, readReaderConfig } from '../../src/config/read.ts';
import { runCommand } from '../support/run-command.ts';

/** The folder of what each platform needs. */
export const deploy = join(import.meta.dirname, '../../deploy');

/** The variables of one job. */
export type Variables = Readonly<Record<string, string>>;

const identity = /AGE-SECRET-KEY-\w+/.exec(await runCommand('age-keygen', []))?.[0] ?? '';

/** A value in its right form for each variable that the files leave to their user. */
export const dummies: Variables = {
  DATABASE_URL: 'postgresql://backup:pw@db.example.com/shop?sslmode=require',
  S3_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  S3_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  AGE_IDENTITY: identity,
  SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX',
  HEALTHCHECK_URL: 'https://hc-ping.com/01234567-89ab-cdef-0123-456789abcdef',
};

/** A file of `deploy/`. */
export function deployed(path: string): string {
  return readFileSync(join(deploy, path), 'utf8');
}

/** The variables of a file as `docker run --env-file` reads it. */
export function envFile(text: string): Variables {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      assert.ok(at > 0, `not NAME=value: ${line}`);
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** Asserts that a run that makes backups takes these variables, without a warning such as that of an unknown name. */
export function acceptedByBackup(variables: Variables): Config {
  const config = readConfig(variables);
  assert.deepEqual(config.warnings, []);
  assert.equal(config.form.encryption.kind, 'age', 'backups would be stored unencrypted');
  return config;
}

/** The same for a command that reads backups and has their key, such as `drill`. */
export function acceptedByDrill(variables: Variables): ReaderConfig {
  const config = readReaderConfig(variables);
  assert.deepEqual(config.warnings, []);
  assert.equal(config.source, undefined, 'a drill needs no login for the database');
  assert.ok(variables['AGE_IDENTITY'] ?? variables['AGE_IDENTITY_FILE'], 'the drill has no private key');
  return config;
}
