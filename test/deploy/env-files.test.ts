import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptedByBackup, acceptedByDrill, deployed, dummies, envFile, type Variables } from './environments.ts';

const ownKey = { AGE_IDENTITY: dummies['AGE_IDENTITY'] ?? '' };
const files = [
  { name: 'backup.env', accept: (variables: Variables) => acceptedByBackup(variables) },
  { name: 'drill.env', accept: (variables: Variables) => acceptedByDrill({ ...variables, ...ownKey }) },
];

for (const { name, accept } of files) {
  test(`${name} is understood as it is`, () => {
    accept(envFile(deployed(name)));
  });

  const offered = deployed(name).match(/(?<=^#)[A-Z0-9_]+=.*$/gm) ?? [];
  test(`each line that ${name} offers is understood in its place`, () => {
    assert.ok(offered.length >= 2, offered.join());
    for (const line of offered) accept(envFile(deployed(name).replace(`#${line}`, line)));
  });

  test(`a name of ${name} that is misspelled is noticed`, () => {
    assert.throws(() => accept(envFile(deployed(name).replace('S3_REGION', 'S3_REGOIN'))), /S3_REGOIN/);
  });
}

test('the deadline of backup.env ends a run before the next one', () => {
  const config = acceptedByBackup(envFile(deployed('backup.env')));
  assert.ok(config.run.timeoutMs < 86_400_000);
});
