import assert from 'node:assert/strict';

/** The samples of the text format of Prometheus, each line checked for its form. */
export function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const types = new Set<string>();
  for (const line of text.trimEnd().split('\n')) {
    const [, typed] = /^# TYPE (pg_offsite_[a-z_]+) (?:gauge|counter)$/.exec(line) ?? [];
    if (typed !== undefined) types.add(typed);
    if (line.startsWith('# ')) assert.match(line, /^# (?:HELP|TYPE) pg_offsite_[a-z_]+ \S/);
    else {
      const [, name = '', labels = '', value = ''] = /^([a-z_]+)(\{[a-z]+="[^"\\]*"\})? (\S+)$/.exec(line) ?? [];
      assert.ok(types.has(name), `no TYPE before: ${line}`);
      assert.match(value, /^\d+(?:\.\d+)?$/, line);
      samples.set(name + labels, Number(value));
    }
  }
  return samples;
}
