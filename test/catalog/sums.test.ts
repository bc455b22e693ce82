import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sha256Sums } from '../../src/catalog/sums.ts';
import { sampleArtifact } from './sample-manifest.ts';

const folder = mkdtempSync(join(tmpdir(), 'pg-offsite-test-'));
after(() => rmSync(folder, { recursive: true }));

test('sha256sum -c accepts whole files and names the damaged one', () => {
  const names = ['database.dump.zst.age', 'globals.sql.zst.age'];
  const artifacts = names.map((key) => sampleArtifact(`content of ${key}`, { key }));
  writeFileSync(join(folder, 'SHA256SUMS'), sha256Sums(artifacts));
  for (const name of names) writeFileSync(join(folder, name), `content of ${name}`);
  const check = (): { status: number | null; stdout: string } =>
    spawnSync('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8', env: { LC_ALL: 'C' } });
  assert.deepEqual([check().status, check().stdout], [0, 'database.dump.zst.age: OK\nglobals.sql.zst.age: OK\n']);
  writeFileSync(join(folder, names[1]!), 'something else');
  assert.deepEqual([check().status, check().stdout], [1, 'database.dump.zst.age: OK\nglobals.sql.zst.age: FAILED\n']);
});
