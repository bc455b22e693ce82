import { eachFolder } from '../../fleet/listing.ts';
import type { Log } from '../../log.ts';
import type { History } from '../../report/history.ts';
import type { Edge } from '../command.ts';
import { labelOf, openFleetReader } from './reader.ts';

/** Members that are read at once. */
const atOnce = 4;

/** `report --fleet`: one page about every member, each judged by its own schedule and rules. One listing. */
export async function reportFleet(edge: Edge): Promise<{ page: string; sentence: string; log: Log }> {
  using reader = openFleetReader(edge);
  const { fleet, store, storeOf, log } = reader;
  // Only now: drawing is more code than all the rest of the program.
  const [{ renderReport }, { readHistory }] = await Promise.all([
    import('../../report/report.ts'),
    import('../../report/read-history.ts'),
  ]);
  const histories: History[] = [];
  const left = new Map(fleet.members.map((member) => [member.name, member]));
  await eachFolder(store, edge.signal, atOnce, async ({ name, objects }) => {
    const member = left.get(name);
    left.delete(name);
    if (!member) return;
    const { run, retention } = fleet.configOf(member);
    const own = { schedule: run.schedule, policy: retention };
    const read = await readHistory(storeOf(name, objects), { database: undefined, expected: [] }, edge.signal);
    if (read.length === 0) left.set(name, member);
    histories.push(...read.map((history) => ({ ...history, own, database: labelOf(name, history.database) })));
  });
  for (const name of left.keys()) {
    histories.push({ database: name, runs: [], unfinished: [], lastFailure: undefined });
  }
  histories.sort((a, b) => (a.database < b.database ? -1 : 1));
  const { run, retention } = fleet.config;
  const request = { schedule: run.schedule, policy: retention, timeZone: run.timezone };
  return { ...renderReport({ ...request, histories, location: store.location }), log };
}
