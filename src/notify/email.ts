import { createHash } from 'node:crypto';
import type { NotifyConfig } from '../config/config.ts';
import { type Channel, type NotifyOn, wantsMessage } from './channel.ts';
import type { RunEvent } from './event.ts';
import { htmlMail, textMail } from './mail-text.ts';
import { describeEvent } from './message.ts';
import { submit } from './smtp.ts';
import { fit } from './text.ts';

/** Longer subjects are cut by what shows them. */
const longestSubject = 250;

/** Mails by SMTP, as text and as HTML, those about one database in one thread. */
export function emailChannel(
  config: NonNullable<NotifyConfig['email']>,
  on: NotifyOn,
  redact: (text: string) => string,
): Channel {
  const { smtpUrl, from, to } = config;
  return {
    name: 'Email',
    wants: (event) => wantsMessage(on, event),
    send: (event, signal) => {
      const message = describeEvent(event);
      const mail = {
        from,
        to: [...to],
        subject: fit(message.headline, longestSubject),
        text: textMail(message),
        html: htmlMail(message),
        ...headersOf(event, from),
      };
      return submit(smtpUrl, mail, redact, signal);
    },
  };
}

/** A Message-ID that another try has again, so that a mail that arrives twice is shown once; and the thread's own. */
function headersOf({ runId, kind, command, database = '' }: RunEvent, from: string) {
  const domain = /@([^\s<>@]+)>?$/.exec(from)?.[1] ?? 'localhost';
  const thread = createHash('sha256').update(`${from}\n${database}`).digest('hex').slice(0, 24);
  const references = `<pg-offsite.${thread}@${domain}>`;
  return {
    messageId: `<${runId}.${command}.${kind}@${domain}>`,
    references,
    inReplyTo: references,
    priority: kind === 'failure' && command !== 'test' ? ('high' as const) : ('normal' as const),
    headers: {
      // Nobody's holiday notice has to come back for it.
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    },
  };
}
