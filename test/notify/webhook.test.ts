import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import * as z from 'zod';
import { Secret } from '../../src/config/secret.ts';
import { createHttpClient } from '../../src/notify/http.ts';
import type { RunEvent } from '../../src/notify/event.ts';
import { sign, webhook, webhookPayload } from '../../src/notify/webhook.ts';
import { temporaryFolder } from '../support/fake-programs.ts';
import { runCommand } from '../support/run-command.ts';
import { hostileEvent, hostileName } from './hostile.ts';
import type { Received } from './receiver.ts';
import { direct, receiver } from './sending.ts';
import { sampleEvent, sampleFailure, sampleParts } from './sample-event.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/NOTIFICATIONS.md'), 'utf8');
const secret = 'canary-webhook-secret';

/** Version 1, as the page documents it; nothing else may be there. */
const time = z.iso.datetime();
const count = z.int().min(0).nullable();
const payloadFormat = z.strictObject({
  schemaVersion: z.literal(1),
  event: z.enum(['success', 'failure', 'recovery', 'test']),
  command: z.enum(['backup', 'drill', 'check', 'prune']),
  runId: z.uuid(),
  headline: z.string().min(1).max(400),
  database: z.string().nullable(),
  backupId: z.string().nullable(),
  location: z.string().nullable(),
  exitCode: z.int(),
  failure: z.strictObject({ kind: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
  startedAt: time,
  finishedAt: time,
  durationMs: z.number(),
  bytes: count,
  previousBytes: count,
  rows: count,
  rowsExact: z.boolean(),
  tables: count,
  newestGoodKnown: z.boolean(),
  newestGood: z.strictObject({ id: z.string(), startedAt: time, ageMs: z.number().min(0) }).nullable(),
  nextDue: time.nullable(),
  missedTicks: count,
  lastProofAt: time.nullable(),
  warnings: z.array(z.string()),
  parts: z
    .array(
      z.strictObject({
        name: z.string(),
        exitCode: z.int(),
        error: z.string().nullable(),
        backupId: z.string().nullable(),
        bytes: count,
      }),
    )
    .max(100)
    .nullable(),
  partCount: count,
  logTail: z.array(z.string()),
  platformLogHint: z.string().nullable(),
  tool: z.strictObject({ name: z.literal('pg-offsite'), version: z.string() }),
});

const render = (event: RunEvent): z.infer<typeof payloadFormat> =>
  payloadFormat.parse(JSON.parse(JSON.stringify(webhookPayload(event))));

async function deliver(event: RunEvent, key: Secret | undefined): Promise<Received> {
  const { origin, received } = await receiver(200);
  await using http = createHttpClient(direct, (same) => same);
  await webhook({ url: new Secret(`${origin}/hook`), secret: key }, 'always', http).send(
    event,
    new AbortController().signal,
  );
  return received[0]!;
}

describe('a webhook', () => {
  test('gets what the page documents, field by field', () => {
    const fields = Object.keys(payloadFormat.shape);
    const documented = [...page.matchAll(/^\| `([A-Za-z]+)` +\|/gm)].map(([, name]) => name);
    assert.deepEqual(documented, fields);
    render(sampleEvent());
    assert.equal(render(sampleEvent({ parts: sampleParts(1000) })).partCount, 1000);
    render(
      sampleFailure({ newestGood: 'unknown', nextDue: undefined, missedTicks: undefined, lastProofAt: undefined }),
    );
  });

  test('gets the example of the page in the same form', () => {
    const [, example = ''] = /```json\n(.*?)```/s.exec(page) ?? [];
    const parsed = payloadFormat.parse(JSON.parse(example));
    assert.deepEqual(Object.keys(parsed), Object.keys(render(sampleFailure())));
  });

  test('can tell a test from a failure, and what is unknown from what is not there', () => {
    assert.deepEqual(
      [render(sampleFailure({ command: 'test' })).event, render(sampleFailure()).event],
      ['test', 'failure'],
    );
    const unknown = render(sampleFailure({ newestGood: 'unknown' }));
    const none = render(sampleFailure({ newestGood: undefined }));
    assert.deepEqual([unknown.newestGood, unknown.newestGoodKnown], [null, false]);
    assert.deepEqual([none.newestGood, none.newestGoodKnown], [null, true]);
    assert.equal(render(sampleFailure()).newestGood?.ageMs, 86_400_000 + 83_500);
  });

  test('gets every name as it is', () => {
    fc.assert(
      fc.property(hostileName, (name) => {
        const payload = render(hostileEvent(name));
        assert.equal(payload.database, name);
        assert.equal(payload.failure?.message, `permission denied for table ${name}!`);
      }),
    );
  });

  test('gets a signature of this moment that the receiver can compute, and never the secret', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { headers, body } = await deliver(sampleFailure(), new Secret(secret));
    const [, seconds = '', hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-pg-offsite-signature'])) ?? [];
    assert(Number(seconds) >= before && Number(seconds) <= Date.now() / 1000, seconds);
    assert.equal(hex, createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex'));
    assert(!JSON.stringify([headers, body]).includes(secret));
  });

  test('gets no signature without a secret', async () => {
    const { headers } = await deliver(sampleFailure(), undefined);
    assert.equal(headers['x-pg-offsite-signature'], undefined);
    assert.equal(headers['content-type'], 'application/json');
  });
});

describe('the signature check of the page', () => {
  const [, program = ''] = /```js\n(.*?)```/s.exec(page) ?? [];
  const body = '{"schemaVersion":1,"database":"shöp"}';
  const now = Math.floor(Date.now() / 1000);
  const cases: [string, string, string, boolean][] = [
    ['a good one', sign(body, new Secret(secret), now), body, true],
    ['one of another secret', sign(body, new Secret('other'), now), body, false],
    ['one of another body', sign(body, new Secret(secret), now), `${body} `, false],
    ['one of yesterday', sign(body, new Secret(secret), now - 86_400), body, false],
    ['none', '', body, false],
  ];
  for (const [title, header, received, expected] of cases) {
    test(`takes ${title} for what it is`, async () => {
      const folder = temporaryFolder();
      writeFileSync(
        join(folder, 'check.mjs'),
        `${program}\nconsole.log(isFromPgOffsite(...JSON.parse(process.argv[2])));\n`,
      );
      const args = [join(folder, 'check.mjs'), JSON.stringify([header, received, secret])];
      assert.equal((await runCommand(process.execPath, args)).trim(), String(expected));
    });
  }
});
