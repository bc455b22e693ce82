import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EnvError } from 'envalid';
import fc from 'fast-check';
import { timeOfId } from '../../src/catalog/ids.ts';
import { backupFolder, decodeDatabaseName, encodeDatabaseName, parseKey } from '../../src/catalog/keys.ts';
import { parseProof, serializeProof } from '../../src/catalog/proof.ts';
import { isSignedBy } from '../../src/catalog/signature.ts';
import { autoOr, boolean, duration, integer, list, oneOf, percent, size, words } from '../../src/config/kinds.ts';
import { splitWords } from '../../src/config/dump-args.ts';
import { parsePublicKeys, parseSigningKey } from '../../src/config/signing-keys.ts';
import { parseUrl, UrlProblem } from '../../src/config/url.ts';
import { parameterNames } from '../../src/config/url-parameters.ts';
import { splitSql } from '../../src/drill/split-sql.ts';
import { superuserStatement } from '../../src/drill/superuser-statement.ts';
import { Failure } from '../../src/errors.ts';
import { tokenize, tokenizeGlobals } from '../../src/postgres/sql-tokens.ts';
import { createRedactor } from '../../src/redact.ts';
import { parseGlobals } from '../../src/restore/parse-globals.ts';
import { parseTocList } from '../../src/restore/toc-list.ts';
import { Secret } from '../../src/config/secret.ts';
import { sampleProof } from '../catalog/sample-proof.ts';
import { near } from './near.ts';

/** What each parser of foreign text may throw. Anything else would end a run as a bug, with exit code 70. */
type Parser = readonly [
  what: string,
  parse: (text: string) => unknown,
  mayThrow: (thrown: unknown) => boolean,
  seeds: readonly string[],
];

const never = (): boolean => false;
const problem = (thrown: unknown): boolean => thrown instanceof EnvError;
const failed = (thrown: unknown): boolean => thrown instanceof Failure && thrown.kind === 'verification';
const wrong = (thrown: unknown): boolean => thrown instanceof Error && !(thrown instanceof TypeError);
const redact = createRedactor([new Secret('canary secret'), new Secret('"\\')]);
const proof = serializeProof(sampleProof());
const script = String.raw`CREATE EVENT TRIGGER "a" ON ddl_command_start WHEN TAG IN ('x') EXECUTE FUNCTION s.f();`;
const globals = `CREATE ROLE "a";\nALTER ROLE "a" WITH NOSUPERUSER PASSWORD 'SCRAM-SHA-256$4096:x';\n\\connect a\n`;
const toc =
  '218; 1259 17726 TABLE a b - q postgres\n2; 3079 16387 EXTENSION - hstore \n6; 2615 17721 SCHEMA - a b r s\n';
const known = { schemas: ['a b', '', '-'], roles: ['r s', ''] };

const parsers: readonly Parser[] = [
  ['a duration', duration(0).parse, problem, ['90s', '1.5h', '9'.repeat(400)]],
  ['a size', size(1, 2 ** 40).parse, problem, ['16MiB', '1 GiB', '9'.repeat(400)]],
  ['a number', integer(0).parse, problem, ['12', '1e9', '٣']],
  ['a percentage', autoOr(percent).parse, problem, ['50%', '0', 'auto']],
  ['a switch', boolean.parse, problem, ['on', 'TRUE']],
  ['a word', oneOf('a', 'b').parse, problem, ['a', '__proto__']],
  ['a list', list.parse, problem, ['a,"b,c",d', '"'.repeat(50)]],
  ['names', words.parse, problem, ['shop,"a, b","a ""quoted"" one"', '""""']],
  ['words of a command', splitWords, never, [`--a="b c" 'd' \\e`, '"', '\\']],
  [
    'the URL of a database',
    (text) => parseUrl(text, parameterNames),
    (thrown) => thrown instanceof UrlProblem,
    ['postgres://u:p@[::1]:5432/db?sslmode=require', 'postgresql://a:%zz@h/%ff?x', 'postgres://?'.repeat(9)],
  ],
  [
    'a signing key',
    parseSigningKey,
    wrong,
    ['-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----', 'MC4CAQ=='],
  ],
  ['public keys', parsePublicKeys, wrong, ['MCowBQYDK2VwAyEA', ',,']],
  ['a signature', (text) => isSignedBy(Buffer.from('x'), text, []), never, [`${'A'.repeat(86)}==`]],
  ['a proof', (text) => parseProof(text, 'proof'), failed, [proof, '{"schemaVersion":2}']],
  ['an id', timeOfId, never, ['20261120T020000Z-k3f9q2', '99999999T999999Z-zzzzzz']],
  ['a key', parseKey, never, ['shop/20261120T020000Z-k3f9q2/manifest.json', '%2E%2E/20261120T020000Z-k3f9q2/x']],
  ['a list of an archive', (text) => parseTocList(text, known), never, [toc]],
  ['SQL of checks', splitSql, never, [`SELECT 1; $a$;$a$ /* /* */ ; */ 'x;' E'\\';'`]],
  ['SQL of an archive', tokenize, never, [script]],
  ['SQL for the superuser', (text) => superuserStatement('EVENT TRIGGER', 'a', text), never, [script]],
  ['globals', parseGlobals, never, [globals]],
  ['SQL of globals', tokenizeGlobals, never, [globals]],
  ['what is to be redacted', redact, never, ['postgres://user:pass@host/db', 'canary%20secret']],
];

function take([, parse, mayThrow]: Parser, text: string): void {
  try {
    parse(text);
  } catch (thrown) {
    assert.ok(mayThrow(thrown), `${String(thrown)} for ${JSON.stringify(text.slice(0, 200))}`);
  }
}

describe('whatever a text is, it is read or told to be wrong', () => {
  for (const parser of parsers) {
    test(parser[0], () => {
      fc.assert(
        fc.property(near(parser[3]), (text) => {
          take(parser, text);
        }),
        { numRuns: 1000 },
      );
    });
  }
});

/** What makes careless patterns take the square of the time, or more. */
const long = 50_000;
/** Of these each piece is tried as a key. */
const shorter: Readonly<Record<string, number>> = { 'a signing key': 1000, 'public keys': 1000 };
const pumps = [
  'a',
  'a.',
  'x://a:',
  '@',
  '"',
  "'",
  '\\',
  '$a$',
  '/*',
  '--',
  '(',
  ',',
  '"a",',
  '?a=',
  '%',
  '[',
  '1',
  ' ',
  '\n',
  '0; 0 0 A ',
];

describe('however long a text is, it is read in time', () => {
  for (const parser of parsers) {
    test(parser[0], { timeout: 120_000 }, () => {
      for (const pump of pumps) {
        for (const beginning of ['', 'postgres://', 'x://a:', '"', "'", '1; 1 1 ']) {
          take(parser, beginning + pump.repeat((shorter[parser[0]] ?? long) / pump.length));
        }
      }
    });
  }
});

test('no name of a database leads out of its folder, and each is read back from its key', () => {
  const part = fc.constantFrom('..', '.', '/', '\\', '%2e', '%2F', '\0', '\n', 'a', '__proto__', '\u202e', '~');
  const name = fc.oneof(
    fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
    fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => text.isWellFormed()),
  );
  fc.assert(
    fc.property(name, (database) => {
      const folder = backupFolder(database, '20261120T020000Z-k3f9q2');
      assert.match(folder, /^[A-Za-z0-9._%-]+\/20261120T020000Z-k3f9q2\/$/);
      assert.ok(!folder.split('/').some((one) => one === '..' || one === '.'), folder);
      assert.equal(decodeDatabaseName(encodeDatabaseName(database)), database);
      assert.equal(parseKey(`${folder}manifest.json`)?.database, database);
    }),
    { numRuns: 1000 },
  );
});
