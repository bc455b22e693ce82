import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../src/errors.ts';
import { openStore } from '../../src/store/open.ts';
import type { Store, StoredObject } from '../../src/store/store.ts';
import { calm, collect, keptLog, s3Config } from '../store/scripted.ts';

type Answer = (response: ServerResponse) => void;

/** A store on a server that answers every request like this. */
async function hostile(t: TestContext, answer: Answer): Promise<Store> {
  const server = createServer((request, response) => {
    request.resume();
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const store = openStore(s3Config(`http://127.0.0.1:${String(port)}`, { retryForMs: 50 }), keptLog().log);
  t.after(() => {
    store.close();
    server.close();
    server.closeAllConnections();
  });
  return store;
}

function says(status: number, body: string | Buffer, headers: Record<string, string> = {}): Answer {
  return (response) => {
    response.writeHead(status, headers);
    response.end(body);
  };
}

/** Each operation gives something or throws a Failure that is no bug. */
async function tryAll(store: Store): Promise<void> {
  const small = { runId: 'run-1', contentType: 'text/plain', signal: calm() };
  const calls = {
    list: () => listed(store.list('', calm())),
    head: () => store.head('a', calm()),
    get: () => collect(store.get('a', calm())),
    put: () => store.putSmall('a', 'x', small),
    remove: () => store.remove('a', calm()),
    sweep: () => store.sweepUnfinished('', new Date(), calm()),
  };
  for (const [what, call] of Object.entries(calls)) {
    try {
      await call();
    } catch (error) {
      assert.ok(error instanceof Failure, `${what}: ${String(error)}`);
      assert.ok(['store', 'denied', 'config', 'verification'].includes(error.kind), `${what}: ${error.kind}`);
      assert.ok(error.message.length < 1000, error.message);
    }
  }
}

const start = '<?xml version="1.0"?><ListBucketResult><Name>b</Name>';
const entities = Array.from(
  { length: 9 },
  (_, index) => `<!ENTITY e${String(index + 1)} "${`&e${String(index)};`.repeat(20)}">`,
);
const bomb = `<!DOCTYPE l [<!ENTITY e0 "${'a'.repeat(20)}">${entities.join('')}]>`;

describe('what a store answers is understood or told, and never a bug', () => {
  const bodies: Record<string, string> = {
    'a bomb of entities': `<?xml version="1.0"?>${bomb}<ListBucketResult><Contents><Key>&e9;</Key></Contents></ListBucketResult>`,
    'an entity of a file': `<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><ListBucketResult><Contents><Key>&a;</Key></Contents></ListBucketResult>`,
    'nesting without end': '<a>'.repeat(100_000),
    'names that mean something to JavaScript': `${start}<__proto__><x>1</x></__proto__><Contents><Key>__proto__</Key></Contents></ListBucketResult>`,
    'values of another type': `${start}<Contents><Key>k</Key><Size>NaN</Size><LastModified>never</LastModified></Contents></ListBucketResult>`,
    'keys that lead elsewhere': `${start}<Contents><Key>pg/../../x</Key></Contents><Contents><Key>other/x</Key></Contents></ListBucketResult>`,
    'a page of a proxy': '<html><body>sign in<br></body>',
    JSON: '{"a":1}',
    nothing: '',
    bytes: '\0\u0001\ufffd'.repeat(100),
    'half an answer': `${start}<Contents><Key>`,
  };
  for (const [what, body] of Object.entries(bodies)) {
    for (const status of [200, 403, 500]) {
      test(`${what}, with ${String(status)}`, async (t) => {
        await tryAll(await hostile(t, says(status, body, { 'content-type': 'application/xml' })));
      });
    }
  }

  test('headers of another form', async (t) => {
    const headers = {
      'x-amz-checksum-crc32': 'AA==',
      'last-modified': 'never',
      'content-range': 'bytes x',
      'x-amz-bucket-region': '../x\u0080',
      etag: '"',
    };
    await tryAll(await hostile(t, says(200, 'x', headers)));
    const store = await hostile(t, says(200, '', { 'x-amz-checksum-crc32': 'AA==' }));
    assert.equal((await store.head('a', calm()))?.crc32, undefined);
  });

  test('anything', async (t) => {
    let answer = says(200, '');
    const store = await hostile(t, (response) => {
      answer(response);
    });
    const tag = fc.constantFrom(
      'Contents',
      'Key',
      'Size',
      'IsTruncated',
      'ListBucketResult',
      'Error',
      'Code',
      '__proto__',
      'Uploads',
      'CommonPrefixes',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('true', '1', '&amp;', '&#0;', '<![CDATA[x]]>', '<!--'),
    );
    const piece = fc.oneof(
      tag.map((name) => `<${name}>`),
      tag.map((name) => `</${name}>`),
      fc.tuple(tag, text).map(([name, inner]) => `<${name}>${inner}</${name}>`),
      text,
    );
    const body = fc.array(piece, { maxLength: 8 }).map((pieces) => `${start}${pieces.join('')}</ListBucketResult>`);
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom(200, 204, 301, 400, 404, 412), async (xml, status) => {
        answer = says(status, xml, { 'content-type': 'application/xml' });
        await tryAll(store);
      }),
      { numRuns: 60 },
    );
  });
});

describe('an answer without end costs no memory', () => {
  for (const status of [200, 500]) {
    test(`with ${String(status)}`, async (t) => {
      const chunk = '<Contents><Key>pg/a</Key></Contents>'.repeat(2000);
      const store = await hostile(t, (response) => {
        response.writeHead(status, { 'content-type': 'application/xml' });
        const more = (): void => {
          while (!response.destroyed) if (!response.write(chunk)) return void response.once('drain', more);
        };
        response.write(start);
        more();
      });
      const before = process.memoryUsage.rss();
      await assert.rejects(listed(store.list('', calm())), (error) => {
        assert.ok(error instanceof Failure, String(error));
        assert.equal(error.kind, 'store');
        assert.match(error.message, status === 200 ? /longer than any/ : /server answered 500/);
        return true;
      });
      const grown = process.memoryUsage.rss() - before;
      assert.ok(grown < 250e6, String(grown));
    });
  }
});

describe('a list that goes on without saying where', () => {
  for (const [what, token] of [
    ['ever the same place', '<NextContinuationToken>x</NextContinuationToken>'],
    ['no place', ''],
  ] as const) {
    test(`${what}: is not taken for a whole one`, async (t) => {
      const store = await hostile(t, says(200, `${start}<IsTruncated>true</IsTruncated>${token}</ListBucketResult>`));
      await assert.rejects(listed(store.list('', calm())), {
        kind: 'store',
        message: /goes on, and the store does not say where/,
      });
    });
  }
});

async function listed(objects: AsyncIterable<StoredObject>): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const object of objects) found.push(object);
  return found;
}
