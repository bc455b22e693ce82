import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { runCommand } from './commands/commands.ts';
import { reportFailure } from './commands/report-failure.ts';
import { salvageConfig } from './config/salvage.ts';
import { Failure, toFailure } from './errors.ts';
import { createRedactor } from './redact.ts';
import { LiveLines } from './report/live-lines.ts';
import { createReporting } from './report/reporting.ts';

/** How long a stop may take before the process ends by force, within what platforms allow before SIGKILL. */
const stopWithinMs = 20_000;

// Node exits with 0 when nothing is left to wait for, even if the work was never finished.
process.exitCode = 70;

const stop = new AbortController();
let exitCode: number | undefined;

/** Ends the run cleanly, with this failure's exit code, in time. */
function stopFor(failure: Failure): void {
  if (stop.signal.aborted) return;
  process.exitCode = failure.exitCode;
  stop.abort(failure);
  setTimeout(() => process.exit(failure.exitCode), stopWithinMs).unref();
}

let signalled = false;
for (const [signal, kind] of [
  ['SIGTERM', 'sigterm'],
  ['SIGINT', 'sigint'],
  // The terminal or session went away, or somebody wants a quick end: nothing may be left behind then either.
  ['SIGHUP', 'sigterm'],
  ['SIGQUIT', 'sigterm'],
] as const) {
  process.on(signal, () => {
    const failure = new Failure(kind, `stopped by ${signal}`);
    // The second time somebody does not want to wait.
    if (signalled) process.exit(failure.exitCode);
    signalled = true;
    stopFor(failure);
  });
}
process.on('uncaughtException', (error) => {
  stopFor(toFailure(error));
});
process.on('exit', () => {
  if (exitCode !== undefined || stop.signal.aborted) return;
  try {
    writeSync(2, 'pg-offsite: the program ended before its work was done; this is a bug in pg-offsite\n');
  } catch {
    // Nobody reads it; the exit code says the same.
  }
});
// A reader that went away must not end a backup; what cannot be written is lost, the exit code is not.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const edge = {
  args: process.argv.slice(2),
  env: process.env,
  self: [process.execPath, ...process.execArgv, ...process.argv.slice(1, 2)],
  signal: stop.signal,
  stdout: process.stdout,
  stderr: new LiveLines(process.stderr),
  runId: randomUUID(),
};
try {
  exitCode = await runCommand(edge);
} catch (error) {
  const failure = toFailure(error);
  const { log: config, secrets } = salvageConfig(edge.env);
  const [command = 'backup'] = edge.args;
  reportFailure(createReporting({ ...edge, command }, config, createRedactor(secrets)).log, failure);
  exitCode = failure.exitCode;
}
process.exitCode = exitCode;
// What a library left open must not keep a finished job running; output on pipes is written before the exit.
process.stdout.write('', () => process.exit(exitCode));
