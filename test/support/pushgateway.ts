import assert from 'node:assert/strict';
import type { Received } from './sink.ts';

/** Samples of one group by the name of their metric. */
export type Group = Map<string, number>;

/** What a Pushgateway would hold: groups by their labels as JSON, sorted by name. */
export class FakePushgateway {
  readonly groups = new Map<string, Group>();

  /** Takes a request as the real one does; throws where that would answer 400. */
  take({ method, path, body }: Received): void {
    const key = JSON.stringify(labelsOf(path));
    const pushed = parseMetrics(body);
    assert.ok(method === 'PUT' || method === 'POST', `${method} pushes nothing`);
    const group = method === 'PUT' ? new Map<string, number>() : (this.groups.get(key) ?? new Map<string, number>());
    for (const [name, value] of pushed) group.set(name, value);
    this.groups.set(key, group);
  }

  /** The group of these labels. */
  group(labels: Record<string, string>): Record<string, number> {
    const found = this.groups.get(JSON.stringify(Object.entries(labels).sort()));
    assert.ok(found, `no such group, only ${[...this.groups.keys()].join(' ')}`);
    return Object.fromEntries(found);
  }
}

/** `/metrics/job/<job>{/<label>/<value>}`, each name with `@base64` where its value is URL-safe base64. */
function labelsOf(path: string): [string, string][] {
  const match = /^\/metrics\/(job(?:@base64)?\/.+)$/.exec(path);
  assert.ok(match?.[1], `${path} is no group`);
  const parts = match[1].split('/').map(decodeURIComponent);
  assert.equal(parts.length % 2, 0, `${path} has a label without a value`);
  const labels: [string, string][] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const [name = '', value = ''] = parts.slice(index);
    assert.notEqual(value, '', `${path} has an empty value, which the real one loses`);
    const encoded = name.endsWith('@base64');
    if (encoded) assert.match(value, /^[A-Za-z0-9_-]*=*$/);
    labels.push(encoded ? [name.slice(0, -7), Buffer.from(value, 'base64url').toString()] : [name, value]);
  }
  for (const [name] of labels) assert.match(name, /^[a-zA-Z_][a-zA-Z0-9_]*$/);
  return labels.sort();
}

/** The text format 0.0.4, strictly: each metric has its HELP and TYPE before its one sample, which has no timestamp. */
export function parseMetrics(text: string): Map<string, number> {
  assert.ok(text === '' || text.endsWith('\n'), 'the last line must end with a line feed');
  const samples = new Map<string, number>();
  const told = new Map<string, Set<string>>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [, keyword, name, rest] = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line) ?? [];
    if (keyword !== undefined && name !== undefined) {
      assert.ok(!samples.has(name), `${line} comes after its sample`);
      if (keyword === 'TYPE') assert.match(rest ?? '', /^(?:counter|gauge|untyped)$/);
      told.set(name, (told.get(name) ?? new Set()).add(keyword));
      continue;
    }
    const [, metric = '', value = ''] =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*) (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/.exec(line) ?? [];
    assert.notEqual(metric, '', `not in the text format: ${line}`);
    assert.ok(!samples.has(metric), `${metric} comes twice`);
    assert.equal(told.get(metric)?.size, 2, `${metric} has no HELP and TYPE`);
    assert.ok(!/^push_(?:failure_)?time_seconds$/.test(metric), 'the gateway has these itself');
    samples.set(metric, Number(value));
  }
  return samples;
}
