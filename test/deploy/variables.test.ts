import assert from 'node:assert/strict';
import { globSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { knownNames } from '../../src/config/environment.ts';
import { deploy, deployed } from './environments.ts';

const files = globSync('**/*', { cwd: deploy })
  .filter((path) => statSync(`${deploy}/${path}`).isFile())
  .sort();

/** Names in files of deploy/ that other programs read, or that a file gives itself, by whose they are. */
const others = Object.entries({
  cron: ['PATH', 'SHELL', 'MAILTO'],
  'GitHub and the workflows': ['IMAGE', 'COMMAND', 'TOKEN', 'TITLE', 'RUN', 'GITHUB_ACTOR', 'GH_TOKEN', 'GH_REPO'],
  'secrets of GitHub, under names of ours': ['DRILL_S3_ACCESS_KEY_ID', 'DRILL_S3_SECRET_ACCESS_KEY'],
  'health checks of Compose': ['CMD'],
  node: ['TMPDIR'],
  shells: ['END'],
  systemd: ['AF_UNIX', 'AF_INET', 'AF_INET6', 'AF_NETLINK'],
}).flatMap(([, names]) => names);

/**
 * What a file calls a variable: two words joined by `_`, and whatever stands where a value follows (`NAME=`, `NAME:`) or
 * after `--env`. Lines that are comments count: people take the sign away.
 */
function namesIn(text: string): Set<string> {
  const joined = text.match(/(?<![\w./%-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w*…])/g) ?? [];
  const set = text.match(/(?<=^[\s#-]*|[\s'"](?:-e|--env|export|name:|key:) ?)[A-Z][A-Z0-9]{2,}(?=[=:]|\s*$)/gm) ?? [];
  return new Set([...joined, ...set]);
}

test('every variable in the files of deploy/ is one that the program reads', () => {
  const known = knownNames();
  const unknown = files.flatMap((path) =>
    [...namesIn(deployed(path))]
      .filter((name) => !known.has(name) && !others.includes(name))
      .map((name) => `${path}: ${name}`),
  );
  assert.deepEqual(unknown, []);
});

test('a name that is misspelled would be noticed, wherever it stands', () => {
  const lines = [
    'S3_REGOIN=x',
    '#KEEP_DAYLY=7',
    '  S3_REGOIN: x',
    '- name: S3_REGOIN',
    '--env S3_REGOIN',
    'set `S3_REGOIN`',
    'VERFIY=drill',
  ];
  const known = knownNames();
  for (const line of lines) assert.deepEqual([...namesIn(line)].filter((name) => !known.has(name)).length, 1, line);
});

test('each of the others is still somewhere', () => {
  const all = new Set(files.flatMap((path) => [...namesIn(deployed(path))]));
  assert.deepEqual(
    others.filter((name) => !all.has(name)),
    [],
  );
});
