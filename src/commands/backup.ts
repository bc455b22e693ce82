import type { Config } from '../config/config.ts';
import { namedDatabases } from '../config/databases.ts';
import { readConfig } from '../config/read.ts';
import { Failure, toFailure } from '../errors.ts';
import { isFleet } from '../fleet/is-fleet.ts';
import { keepTail } from '../log-tail.ts';
import { createRedactor, redactJson } from '../redact.ts';
import { createReporting } from '../report/reporting.ts';
import { backUpMany } from './backup-many.ts';
import { backUpOne } from './backup-one.ts';
import { type BackupResult, elapsedSince, failed } from './backup-result.ts';
import type { Command } from './command.ts';
import { reportFailure } from './report-failure.ts';
import type { Ending } from './run-event.ts';
import { Teller } from './tell.ts';
import { writeReport } from './write-report.ts';

/** `backup`: one run, told to people and ended with one line of JSON, however it went. */
export const backup: Command = {
  summary: 'make one backup (the default)',
  usage: 'backup',
  async run(outside) {
    if (isFleet(outside.env)) return (await import('./fleet/backup.ts')).backUpFleet(outside);
    const started = performance.now();
    const tail = keepTail(outside.stderr);
    const edge = { ...outside, stderr: tail.output };
    using teller = new Teller('backup', edge, tail);
    let { redact } = teller;
    const atFirst = { format: edge.env.LOG_FORMAT === 'json' ? 'json' : 'auto', level: 'info' } as const;
    let { log } = createReporting(edge, atFirst, redact);
    let config: Config | undefined;
    let result: BackupResult;
    let ending: Ending;
    try {
      if (edge.args.length > 0) {
        throw new Failure('usage', `backup takes no arguments, but got: ${edge.args.join(' ')}`, {
          hint: 'Everything is set by environment variables; `pg-offsite --help` lists the commands.',
        });
      }
      config = readConfig(edge.env);
      redact = createRedactor(config.secrets);
      const reporting = createReporting(edge, config.log, redact);
      log = reporting.log;
      for (const warning of config.warnings) log.warn(warning);
      teller.begin();
      const job = { config, edge, reporting, teller, started, redact };
      ({ result, ending } = await (config.databases ? backUpMany(job, config.databases) : backUpOne(job)));
    } catch (error) {
      const failure = toFailure(error);
      reportFailure(log, failure);
      const database = config?.databases ? undefined : config?.source.connection.database;
      result = failed(failure, database, elapsedSince(started));
      ending = { exitCode: failure.exitCode, failure };
    }
    const notified = await teller.end(ending);
    if (notified.length > 0) result = { ...result, notified };
    if (config) {
      const { databases } = config;
      const expected =
        ending.parts?.map(({ name }) => name) ?? namedDatabases({ source: config.source.connection, databases });
      const failure = ending.parts?.some(({ exitCode }) => exitCode === 0) ? undefined : ending.failure;
      const warning = await writeReport({ config, expected, runId: edge.runId, failure, log, signal: edge.signal });
      if (warning !== undefined) {
        log.warn(warning);
        result = { ...result, warnings: [...(result.warnings ?? []), warning] };
      }
    }
    edge.stdout.write(`${redactJson(result, redact)}\n`);
    return result.exitCode;
  },
};
