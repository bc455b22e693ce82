/**
 * A drill that goes on until it is ended: makes a scratch database, prints where it is, and waits. The first argument may
 * be a connection as JSON (a server elsewhere), without its password.
 */
import type { ConnectionConfig } from '../../src/config/config.ts';
import { openScratch } from './scene.ts';

const databaseUrl = process.argv[2] === undefined ? undefined : (JSON.parse(process.argv[2]) as ConnectionConfig);
const stop = new AbortController();
process.once('SIGTERM', () => {
  stop.abort(new Error('told to end'));
});
try {
  await using scratch = await openScratch({
    drill: { databaseUrl, role: 'ordinary', checkSql: undefined },
    signal: stop.signal,
  });
  const { host, user, database } = scratch.target;
  console.log(JSON.stringify({ host, user, database }));
  const idle = setInterval(() => undefined, 1000);
  await new Promise((resolve) => {
    stop.signal.addEventListener('abort', resolve);
  });
  clearInterval(idle);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
