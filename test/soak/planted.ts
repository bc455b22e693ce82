import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Laboratory } from './laboratory.ts';

/** The variables that put a shell script in the place of a program of a laboratory's runs. */
export function fakeInPath(
  { variables }: Laboratory,
  folder: string,
  name: string,
  script: string,
): Readonly<Record<string, string>> {
  const bin = join(folder, 'planted');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
  return { PATH: [bin, variables['PATH']].join(delimiter) };
}

/** A module for node to load first, from its source. */
export function module(code: string): string {
  return `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
}
