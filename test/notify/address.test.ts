import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Secret } from '../../src/config/secret.ts';
import { guardedLookup, isRefusedAddress } from '../../src/notify/address.ts';
import { DeliveryFailure } from '../../src/notify/delivery.ts';
import { startProxy } from './proxy.ts';
import { direct, failure, opened, receiver, send } from './sending.ts';

describe('a redirect', () => {
  for (const status of [301, 302, 307, 308]) {
    test(`with ${status} to the same host is followed once, with the same method and body`, async () => {
      const { origin, received } = await receiver({ status, headers: { location: '/moved' } }, 200);
      assert.equal((await send(`${origin}/x`, { body: '{"a":1}' })).status, 200);
      assert.deepEqual(
        received.map(({ method, path, body }) => [method, path, body]),
        [
          ['POST', '/x', '{"a":1}'],
          ['POST', '/moved', '{"a":1}'],
        ],
      );
    });
  }

  test('to the same host again and again is not followed for ever', async () => {
    const { origin, received } = await receiver({ status: 307, headers: { location: '/again' } });
    const error = await failure(send(`${origin}/x`));
    assert.match(error.message, /redirects more than once/);
    assert.deepEqual([received.length, error.transient], [2, false]);
  });

  test('to another host, fault 57, is not followed and gets nothing', async () => {
    const other = await receiver(200);
    for (const location of [`${other.origin}/x`, 'http://169.254.169.254/latest/meta-data/', `//${other.host}/`]) {
      const { origin } = await receiver({ status: 307, headers: { location } });
      const error = await failure(send(`${origin}/secret-path`));
      assert.match(
        error.message,
        /^127\.0\.0\.1:\d+ answered 307 and redirects to another host, which is not followed$/,
      );
      assert.equal(error.transient, false);
    }
    assert.deepEqual(other.received, []);
  });
});

describe('an address', () => {
  const bad = [
    '169.254.169.254',
    '169.254.170.2',
    '0.0.0.0',
    '100.100.100.200',
    '168.63.129.16',
    '255.255.255.255',
    '224.0.0.1',
    '::',
    'fe80::1',
    'febf::1',
    'fd00:ec2::254',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '64:ff9b::100.100.100.200',
    '64:ff9b:1:a9fe:a9:fe00::',
    '64:ff9b:1:a9:fe:a9fe::',
    '64:ff9b:1:0:a9:fea9:fe00:0',
    '64:ff9b:1::a9fe:a9fe',
    '::169.254.169.254',
    '::ffff:0:169.254.169.254',
    '0:0:0:0:ffff:0:a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '2001:0:a9fe:a9fe::1',
    '2001:0:4136:e378:8000:63bf:5601:5601',
    '2001:0:0:0:0:0:5601:5601%eth0',
    '2600::5efe:169.254.169.254',
    '2600::200:5efe:a9fe:a9fe',
    'fe80::1%eth0',
  ];
  const good = [
    '127.0.0.1',
    '10.0.0.5',
    '192.168.1.2',
    '172.20.0.1',
    '100.64.0.7',
    '34.1.2.3',
    '::1',
    'fd12:3456::1',
    '2600::1',
    '::ffff:10.0.0.1',
    '::ffff:0:10.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b::127.0.0.1',
    '2002:a00:1::1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2001:db8:a9fe:a9fe::1',
    '2600:a9fe:a9fe::a9fe:a9fe',
  ];
  test('that is link-local or of a metadata service is refused, a private one is not', () => {
    assert.deepEqual(
      bad.filter((address) => !isRefusedAddress(address)),
      [],
    );
    assert.deepEqual(
      good.filter((address) => isRefusedAddress(address)),
      [],
    );
  });

  test('of IPv6 is judged in every notation there is', () => {
    const written = fc.oneof(
      fc.ipV6(),
      fc
        .tuple(fc.constantFrom('::', '::ffff:', '::ffff:0:', '64:ff9b::', '2002::'), fc.ipV4())
        .map((both) => both.join('')),
    );
    fc.assert(
      fc.property(written, (address) => {
        assert.ok(isIPv6(address));
        assert.equal(
          isRefusedAddress(address),
          isRefusedAddress(new URL(`http://[${address}]/`).hostname.slice(1, -1)),
        );
      }),
      { numRuns: 1000 },
    );
  });

  const hosts = [
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '[::ffff:a9fe:a9fe]',
    '[fd00:ec2::254]',
    '[::ffff:0:a9fe:a9fe]',
    '[2002:a9fe:a9fe::]',
    '[fe80::1]',
    '0.0.0.0',
    'metadata.google.internal',
  ];
  for (const host of hosts) {
    test(`such as ${host}, fault 57, is refused before anything is sent, also through a proxy`, async () => {
      const proxy = await startProxy();
      opened.push(proxy);
      for (const way of [direct, { ...direct, http: new Secret(proxy.url) }]) {
        const error = await failure(send(`http://${host}/latest/meta-data/`, { proxy: way }));
        assert.match(error.message, /is refused: it is a link-local address, or one of a metadata service$/);
        assert.equal(error.transient, false);
      }
      assert.deepEqual(proxy.asked, []);
    });
  }
});

describe('a look-up', () => {
  interface Found {
    readonly error: Error | null;
    readonly address: unknown;
    readonly family: number | undefined;
  }
  const look = (host: string, all: boolean): Promise<Found> =>
    new Promise((resolve) => {
      guardedLookup(host, { all }, (error, address, family) => resolve({ error, address, family }));
    });

  test('finds what node finds, one or all', async () => {
    const all = await lookup('localhost', { all: true });
    assert.deepEqual((await look('localhost', true)).address, all);
    const { address, family } = await look('localhost', false);
    assert.deepEqual([address, family], [all[0]?.address, all[0]?.family]);
  });

  test('fails where node fails', async () => {
    assert.match((await look('no-such-host.invalid', true)).error?.message ?? '', /ENOTFOUND|EAI_AGAIN/);
  });

  test('refuses a name whose address is refused', async () => {
    for (const all of [true, false]) {
      const { error } = await look('169.254.169.254', all);
      assert(error instanceof DeliveryFailure);
      assert.equal(error.transient, false);
    }
  });
});
