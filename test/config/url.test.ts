import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parameterNames } from '../../src/config/url-parameters.ts';
import { parseUrl, UrlProblem } from '../../src/config/url.ts';

describe('parseUrl', () => {
  const parse = (url: string) => {
    const { user, password, host, port, database } = parseUrl(url, parameterNames);
    return [user, password, host, port, database];
  };

  const readings: [string, (string | undefined)[]][] = [
    ['postgresql://u:p@h:5433/d', ['u', 'p', 'h', '5433', 'd']],
    ['postgres://h', [undefined, undefined, 'h', undefined, undefined]],
    ['postgresql://u@h/', ['u', undefined, 'h', undefined, undefined]],
    ['postgresql:///d?host=/run/postgresql', [undefined, undefined, undefined, undefined, 'd']],
    ['postgresql://u@%2Frun%2Fpostgresql:5433/d', ['u', undefined, '/run/postgresql', '5433', 'd']],
    ['postgresql://u:p@[2001:db8::1]:5433/d', ['u', 'p', '2001:db8::1', '5433', 'd']],
    ['postgresql://u:p@[::1]/d', ['u', 'p', '::1', undefined, 'd']],
    ['postgresql://u%40corp:p%2Fw%25@h/my%20db', ['u@corp', 'p/w%', 'h', undefined, 'my db']],
    ['postgresql://u:p+w@h/d', ['u', 'p+w', 'h', undefined, 'd']],
    ['postgresql://u:p@d?sslmode=require', ['u', 'p', 'd', undefined, undefined]],
    // Raw characters in a password
    ['postgresql://u:p@:/%#?w@h:5433/d?sslmode=require', ['u', 'p@:/%#?w', 'h', '5433', 'd']],
    ['postgresql://u:100%@h/d', ['u', '100%', 'h', undefined, 'd']],
    ['postgresql://u:%zz%e4@h/d', ['u', '%zz%e4', 'h', undefined, 'd']],
    ['postgresql://u:12/34@h/d', ['u', '12/34', 'h', undefined, 'd']],
    ['postgresql://u:p#1@h/d?options=-c a.b=x@y', ['u', 'p#1', 'h', undefined, 'd']],
    ['postgresql://u:a?b=c@h/d', ['u', 'a?b=c', 'h', undefined, 'd']],
    ['postgresql://u:p[1]@h/d', ['u', 'p[1]', 'h', undefined, 'd']],
    ['postgresql://u:p,w@h/d', ['u', 'p,w', 'h', undefined, 'd']],
  ];
  for (const [url, expected] of readings) {
    test(`reads ${url}`, () => {
      assert.deepEqual(parse(url), expected);
    });
  }

  test('any password survives in an encoded URL', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(part, part, part, (user, password, database) => {
        const [u, p, d] = [user, password, database].map(encodeURIComponent);
        const url = `postgresql://${u ?? ''}:${p ?? ''}@h:1/${d ?? ''}?sslmode=require`;
        assert.deepEqual(parse(url), [user, password, 'h', '1', database]);
      }),
    );
  });

  test('any password of odd characters survives as it is, unless it looks like an escape or a parameter', () => {
    const password = fc
      .string({ unit: fc.constantFrom('@', ':', '/', '%', '#', '?', '&', '=', 'p', ' ', '[', ']'), minLength: 1 })
      .filter((text) => !text.includes('?p='));
    fc.assert(
      fc.property(password, (text) => {
        assert.deepEqual(parse(`postgresql://u:${text}@h:1/d?sslmode=require`), ['u', text, 'h', '1', 'd']);
      }),
    );
  });

  const refusals: [string, RegExp][] = [
    ['jdbc:postgresql://h/d?user=u&password=hidden', /^is a JDBC URL; write it as postgresql:\/\/user:password@/],
    ['postgresql+psycopg2://u:hidden@h/d', /begin it with postgresql:\/\//],
    ['mysql://u:hidden@h/d', /only PostgreSQL/],
    ['host=h password=hidden', /^is not a URL/],
    ['postgresql://u:hidden@a:1,b:2/d', /^names several hosts/],
    ['postgresql://u:hidden@h:port/d', /^has no well-formed host and port/],
    ['postgresql://u:hidden@h/d?sslmode', /^has a parameter without a value/],
    ['"postgresql://u:hidden@h/d"', /^begins with a quote/],
  ];
  for (const [url, expected] of refusals) {
    test(`refuses ${url.replace('hidden', '...')} without repeating it`, () => {
      assert.throws(
        () => parse(url),
        (error: unknown) =>
          error instanceof UrlProblem && expected.test(error.message) && !error.message.includes('hidden'),
      );
    });
  }
});
