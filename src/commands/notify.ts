import type { NotifyConfig } from '../config/config.ts';
import { readTellingConfig } from '../config/notify.ts';
import { Failure, throwIfAborted } from '../errors.ts';
import { notifyAll } from '../notify/notify-all.ts';
import { openChannels } from '../notify/open-channels.ts';
import { sampleEvent } from '../notify/sample.ts';
import { createRedactor } from '../redact.ts';
import { createReporting } from '../report/reporting.ts';
import { renderTable } from '../report/table.ts';
import { readArguments } from './arguments.ts';
import type { Command } from './command.ts';

const usage = 'notify --test';

/** `notify --test`: a sample failure, which says that it is one, through every configured channel, and what each answered. */
export const notify: Command = {
  summary: 'send a sample failure through every channel (--test)',
  usage,
  async run(edge) {
    const { values } = readArguments(edge.args, { test: { type: 'boolean' } }, usage, 0);
    if (values.test !== true) {
      throw new Failure('usage', 'notify sends nothing by itself', { hint: `Usage: pg-offsite ${usage}` });
    }
    const config = readTellingConfig(edge.env);
    const redact = createRedactor(config.secrets);
    const { log } = createReporting(edge, config.log, redact);
    for (const warning of config.warnings) log.warn(warning);
    await using open = openChannels(config.notify, redact);
    if (!isAnybodyTold(config.notify)) {
      throw new Failure('config', 'nobody is told of anything: no channel is configured', {
        hint: 'Set for example SLACK_WEBHOOK_URL, WEBHOOK_URL or SMTP_URL; docs/NOTIFICATIONS.md says what each needs.',
      });
    }
    const told = await notifyAll(open.channels, sampleEvent(undefined, undefined, new Date()), log, edge.signal);
    const rows = told.map(({ channel, answer, error }) => [
      channel,
      error === undefined ? 'ok' : 'FAILED',
      error ?? answer ?? '',
    ]);
    edge.stdout.write(redact(renderTable([{ title: 'CHANNEL' }, { title: '' }, { title: 'ANSWER' }], rows)));
    throwIfAborted(edge.signal);
    const failed = told.filter(({ error }) => error !== undefined).map(({ channel }) => channel);
    if (failed.length === 0) return 0;
    throw new Failure('store', `could not tell ${failed.join(', ')}`, {
      hint: 'The table says what each answered. Correct its variable, or the way out of this network, and try again.',
    });
  },
};

/** What Kubernetes reads is there whether or not anybody wants it. */
function isAnybodyTold(config: NotifyConfig): boolean {
  const { on: _on, proxy: _proxy, terminationLog: _terminationLog, ...channels } = config;
  return Object.values(channels).some((channel) => channel !== undefined);
}
