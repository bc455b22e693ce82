import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach } from 'node:test';
import { temporaryFolder } from '../support/fake-programs.ts';
import { FakePushgateway } from '../support/pushgateway.ts';
import { type Received, type Sink, startSink } from '../support/sink.ts';
import { type MailServer, startMailServer } from '../support/smtp.ts';
import { assertNoCanary, type Result } from './scene.ts';

/** A secret part of the URLs of channels. */
export const secret = 'canary-token-of-a-webhook';
const smtpPassword = 'canary-smtp@:/%+';

/** A real receiver of every kind, shared by the tests of a file and empty before each. */
export interface Audience {
  readonly sink: Sink;
  readonly mails: MailServer['mails'];
  readonly gateway: FakePushgateway;
  /** The file of the termination message. */
  readonly terminationLog: string;
  /** The variables of all channels. */
  channels(): Record<string, string>;
  /** What the webhook was told. */
  hooks(): Result[];
  /** Requests to the dead man's switch, and what their paths end with. */
  pings(): Received[];
  pinged(): string[];
  termination(): Result;
  /** Nobody was told a secret, nor was one logged: neither those of the scene nor those of the channels themselves. */
  assertNothingLeaked(output: string): void;
}

/** Sets up the receivers: call it at the top level of a test file. */
export function useAudience(): Audience {
  const terminationLog = join(temporaryFolder(), 'termination-log');
  let sink: Sink;
  let server: MailServer;
  let gateway: FakePushgateway;
  before(async () => {
    [sink, server] = await Promise.all([startSink(), startMailServer({ password: smtpPassword })]);
  });
  after(() => Promise.all([sink.close(), server.close()]));
  beforeEach(() => {
    sink.requests.length = 0;
    server.mails.length = 0;
    gateway = new FakePushgateway();
    sink.answer = (request) => {
      if (request.path.startsWith('/metrics/')) gateway.take(request);
      return { status: 200 };
    };
    writeFileSync(terminationLog, '');
  });
  const to = (part: string): Received[] => sink.requests.filter(({ path }) => path.startsWith(part));
  const pings = (): Received[] => to(`/ping/${secret}`);
  return {
    get sink() {
      return sink;
    },
    get mails() {
      return server.mails;
    },
    get gateway() {
      return gateway;
    },
    terminationLog,
    channels: () => ({
      WEBHOOK_URL: `${sink.url}/hook/${secret}`,
      HEALTHCHECK_URL: `${sink.url}/ping/${secret}`,
      PUSHGATEWAY_URL: sink.url,
      SMTP_URL: `smtp://backup:${encodeURIComponent(smtpPassword)}@127.0.0.1:${String(server.port)}`,
      EMAIL_FROM: 'backups@example.com',
      EMAIL_TO: 'ops@example.com',
      TERMINATION_LOG: terminationLog,
    }),
    hooks: () => to('/hook/').map(({ body }) => JSON.parse(body) as Result),
    pings,
    pinged: () => pings().map(({ path }) => path.slice(`/ping/${secret}`.length)),
    termination: () => JSON.parse(readFileSync(terminationLog, 'utf8')) as Result,
    assertNothingLeaked(output) {
      const told = [
        ...sink.requests.map(({ body, query }) => `${body}${String(query)}`),
        ...server.mails.flatMap(({ raw, mail }) => [raw, mail.text ?? '', mail.html ?? '', mail.subject ?? '']),
        readFileSync(terminationLog, 'utf8'),
        output,
      ];
      for (const text of told) {
        assertNoCanary(text);
        for (const one of [secret, smtpPassword, encodeURIComponent(smtpPassword)]) {
          assert.ok(!text.includes(one), `${one} shows up in ${text}`);
        }
      }
    },
  };
}
