import fc from 'fast-check';

/** Texts near to good ones, with pieces cut out, repeated and put in, and texts that are none of all. */
export function near(seeds: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom('\0', '\n', '"', "'", '\\', '$', '%', '..', '__proto__', '{', '[', '-1', '1e999', '\ud800', '/*'),
  );
  const changed = fc
    .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(1000), fc.nat(20), piece), { maxLength: 4 }))
    .map(([seed, changes]) => changes.reduce((text, [at, length, put]) => splice(text, at, length, put), seed));
  return fc.oneof({ weight: 3, arbitrary: changed }, fc.string({ unit: 'binary', maxLength: 200 }));
}

function splice(text: string, at: number, length: number, put: string): string {
  const from = text.length === 0 ? 0 : at % text.length;
  return text.slice(0, from) + put + text.slice(from + length);
}
