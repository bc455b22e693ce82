/* Loaded into a run before the program: see system-calls.ts. */
import child_process from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename } from 'node:path';
import { kill, type Point } from './point.ts';

type Call = (...args: unknown[]) => unknown;

const { KILL_POINT = '{}' } = process.env;
delete process.env['KILL_POINT'];
const { at, when, whom = 'all', trace = '/dev/null' } = JSON.parse(KILL_POINT) as Partial<Point> & { trace?: string };
const calls = fs.openSync(trace, 'a');
let count = 0;

const changing = [
  'chmod',
  'link',
  'mkdir',
  'mkdtemp',
  'open',
  'rename',
  'rm',
  'rmdir',
  'unlink',
  'utimes',
  'writeFile',
] as const;
const promises = fs.promises as unknown as Record<string, Call>;
const handle = await fs.promises.open('/dev/null');
const handles = Object.getPrototypeOf(handle) as Record<string, Call>;
await handle.close();
for (const name of changing) watch(promises, name, true);
for (const name of ['sync', 'writeFile']) watch(handles, name, false);
watch(child_process as unknown as Record<string, Call>, 'spawn', true);
syncBuiltinESMExports();

/** Puts a call in the place of one that counts itself and kills this process where its turn has come. */
function watch(holder: Record<string, Call>, name: string, isNamed: boolean): void {
  const original = holder[name];
  if (!original) throw new Error(`there is no ${name}`);
  holder[name] = function (this: unknown, ...args: unknown[]) {
    // Only reads.
    if (name === 'open' && (args[1] === undefined || args[1] === 'r')) return original.apply(this, args);
    const mine = (count += 1);
    const what = isNamed ? basename(String(args[0])).replaceAll(/\s+/g, ' ') : '';
    fs.writeSync(calls, `${name} ${what}`.trim() + '\n');
    if (mine === at && when === 'before') kill(process, whom);
    const outcome = original.apply(this, args);
    if (mine !== at || when !== 'after') return outcome;
    const die = (): void => {
      kill(process, whom);
    };
    if (outcome instanceof Promise) void outcome.then(die, die);
    else die();
    return outcome;
  };
}
