import assert from 'node:assert/strict';
import { readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { isProofFile, parseKey } from '../../src/catalog/keys.ts';
import { parseProof } from '../../src/catalog/proof.ts';
import { scratchFolders } from '../commands/stored.ts';
import { scratchFolder } from '../support/scratch-server.ts';
import { until } from '../support/until.ts';
import { type Channel, countCalls, runUntil } from './channel.ts';
import { inPlaces, type Place, reading, useScene } from './place.ts';
import { pointsOf } from './point.ts';
import { storeCalls } from './store-calls.ts';
import { systemCalls } from './system-calls.ts';
import { Tally } from './tally.ts';
import { assertIntact } from './after-backup.ts';

const scene = useScene();
/** So long a folder may stay whose maker has not yet said who it is: see left-servers.ts. */
const silentMs = 5 * 60_000;

for (const [title, channelOf, most] of [
  ['requests to the store', ({ server }: Place) => storeCalls(server), 3],
  ['changes to files and starts of programs', () => systemCalls, 4],
] as const) {
  test(`fault 72: a drill is killed at its ${title}: the next one leaves nothing`, async (context: TestContext) => {
    const [first] = scene.places;
    const scratches = new Map(scene.places.map((place) => [place, scratchFolder()]));
    const variables = (place: Place) =>
      scene.started({ ...place.store, ...reading, ...scratches.get(place)!.variables });
    const options = { ...scene.options, args: ['drill'] };
    first!.reset();
    const calls = await countCalls(channelOf(first!) satisfies Channel, variables(first!), options);
    const tally = new Tally(`drill: ${title}`, calls.length);
    await inPlaces(scene.places, pointsOf(calls.length, most), async (place, point) => {
      place.reset();
      const scratch = scratches.get(place)!;
      const run = await runUntil(channelOf(place), point, variables(place), options);
      // The kernel ends the server with the one who started it.
      await until(`no server is left: ${run.where}`, () => scratch.serving().length === 0);
      const proofs = place.keys().filter((key) => isProofFile(parseKey(key)?.file ?? ''));
      for (const key of proofs) parseProof(String(place.object(key)?.data), key);
      const what =
        proofs.length > 0 ? 'proof stored' : scratch.left().length > 0 ? 'folder left, no server' : 'nothing left';
      tally.add(run.killed ? what : 'ended before it');
      for (const id of scene.older) assertIntact(scene, place, id, run.where);
      const then = new Date(Date.now() - silentMs - 1000);
      for (const name of readdirSync(scratch.variables.TMPDIR))
        utimesSync(join(scratch.variables.TMPDIR, name), then, then);
      const { exitCode, stdout, stderr } = await scene.run(variables(place), ['drill']);
      assert.equal(exitCode, 0, `${run.where}: ${stdout}${stderr}`);
      assert.deepEqual([scratch.left(), scratch.serving(), scratchFolders(run.pid)], [[], [], []], run.where);
    });
    tally.print(context);
  });
}
