import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { deploy, deployed } from './environments.ts';

const pages = globSync('**/README.md', { cwd: deploy }).sort();
const platforms = readdirSync(deploy, { withFileTypes: true }).filter((entry) => entry.isDirectory());

/** The anchor that a heading of Markdown gets. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

test('each platform has a page, and a line in the table of all', () => {
  for (const { name } of platforms) {
    assert.ok(existsSync(join(deploy, name, 'README.md')), name);
    assert.match(deployed('README.md'), new RegExp(`\\[[^\\]]*\\]\\(${name}\\)`), name);
  }
});

for (const page of pages) {
  const text = deployed(page);

  test(`the links of ${page} lead somewhere`, () => {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path = '', fragment] = target.split('#');
      const file = path === '' ? join(deploy, page) : join(deploy, dirname(page), path);
      assert.ok(existsSync(file), target);
      if (fragment === undefined) continue;
      const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        anchor(heading),
      );
      assert.ok(headings.includes(fragment), `${target}: ${headings.join()}`);
    }
  });

  test(`a shell takes the commands of ${page}, and the files that they name exist`, () => {
    for (const [, script = ''] of text.matchAll(/```sh\n(.*?)```/gs)) {
      const { status, stderr } = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      for (const [name] of script.matchAll(/\bdeploy\/[\w./*@-]+/g)) {
        assert.ok(globSync(name, { cwd: join(deploy, '..') }).length > 0, name);
      }
    }
  });
}

test('each file of a platform is named on its page', () => {
  for (const platform of ['cron', 'docker', 'github-actions', 'render', 'systemd']) {
    for (const name of readdirSync(join(deploy, platform))) {
      if (name !== 'README.md') assert.ok(deployed(`${platform}/README.md`).includes(name), `${platform}/${name}`);
    }
  }
});
