import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { namesIn } from '../../src/postgres/body-names.ts';

describe('what a body finds by the search_path', () => {
  for (const [body, functions, relations, types] of [
    ['SELECT helper($1)', ['helper'], [], []],
    ['SELECT public.helper($1), h.helper FROM public.helper h', [], [], []],
    ['SELECT v FROM helper, public.a, other o WHERE a(1), helped', ['a'], ['helper', 'other'], []],
    ['SELECT * FROM a x LEFT JOIN ONLY_B USING (c) WHERE EXISTS (SELECT FROM ONLY c)', [], ['a', 'only_b', 'c'], []],
    [
      "SELECT extract(epoch FROM stamp), trim(both 'x' from name), a IS DISTINCT FROM value",
      ['extract', 'trim'],
      [],
      [],
    ],
    ['WITH own AS (SELECT 1), more AS MATERIALIZED (SELECT 2) SELECT * FROM own, more, theirs', [], ['theirs'], []],
    ['SELECT $1::citext, CAST(a AS "Mood"), b::public.mood AS kind', [], [], ['citext', 'Mood']],
    [
      "-- helper(1)\nSELECT 'helper(2)', $x$ helper(3) $x$, E'\\' helper(4)' /* helper(5) /* helper(6) */ other(7) */",
      [],
      [],
      [],
    ],
    [
      'DECLARE a CONSTANT mood := 1; b helper%ROWTYPE; BEGIN RETURN inner_one(a); END',
      ['inner_one'],
      ['helper'],
      ['mood', 'helper'],
    ],
    [
      'BEGIN INSERT INTO log (x) SELECT a INTO v; UPDATE counts SET n = n + 1; DELETE FROM old; END',
      [],
      ['log', 'counts', 'old'],
      [],
    ],
    ['SELECT * FROM t ORDER BY a, b FOR UPDATE OF t', [], ['t'], []],
  ] as const) {
    test(body.split('\n').at(-1), () => {
      const names = namesIn(body);
      assert.deepEqual([...names.functions], functions);
      assert.deepEqual([...names.relations], relations);
      assert.deepEqual([...names.types], types);
    });
  }

  test('functions that are called with their schema are told apart', () => {
    assert.deepEqual(namesIn('SELECT public."Helper"(1), a.b FROM c.d').qualified, [
      { schema: 'public', name: 'Helper' },
    ]);
  });
});
