import { readConfig } from '../config/read.ts';
import { Failure, toFailure } from '../errors.ts';
import { readFleet } from '../fleet/fleet.ts';
import { isFleet } from '../fleet/is-fleet.ts';
import { createRedactor } from '../redact.ts';
import { createReporting } from '../report/reporting.ts';
import { startBackup } from '../schedule/child.ts';
import { systemClock } from '../schedule/clock.ts';
import { keepSchedule } from '../schedule/loop.ts';
import { serveStatus } from '../schedule/server.ts';
import { Status } from '../schedule/status.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';

const usage = 'schedule [--now]';

/** `schedule`: for hosts without cron. Runs until it is told to end, and then ends with the exit code of the signal. */
export const schedule: Command = {
  summary: 'stay and start a backup at each tick of BACKUP_SCHEDULE',
  usage,
  async run(edge) {
    const { args, env, self, signal } = edge;
    const { values } = readArguments(args, { now: { type: 'boolean' } }, usage, 0);
    const config = isFleet(env) ? readFleet(env).config : readConfig(env);
    const { scheduler, run } = config;
    const { log } = createReporting(edge, config.log, createRedactor(config.secrets));
    // First: one of them may tell how to write the schedule of another tool.
    for (const warning of config.warnings) log.warn(warning);
    if (run.schedule === undefined) {
      throw new Failure('config', 'BACKUP_SCHEDULE is not set, so there is nothing to wait for', {
        hint: 'Set it to when backups are to be made, for example BACKUP_SCHEDULE="0 3 * * *".',
      });
    }
    const status = new Status();
    using _server = scheduler.port === undefined ? undefined : await serveStatus(scheduler.port, status);
    await keepSchedule({
      schedule: run.schedule,
      jitterMs: scheduler.jitterMs,
      atOnce: values.now === true,
      clock: systemClock,
      random: Math.random,
      // Its bar would be torn by the lines of this process.
      start: () => startBackup({ self, env: { ...env, TERM: 'dumb' }, timeoutMs: run.timeoutMs, log }),
      status,
      log,
      signal,
    });
    throw toFailure(signal.reason);
  },
};
