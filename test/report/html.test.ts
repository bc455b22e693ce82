import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderBadge } from '../../src/report/badge.ts';
import { escape, html, Markup } from '../../src/report/html.ts';
import { modelOf } from '../../src/report/model.ts';
import { sampleHistory, sampleIll, sampleRequest } from './sample-histories.ts';

test('values of a template are escaped, for text and for quoted attributes', () => {
  const hostile = `<a href='x' title="y">&amp;</a>`;
  const escaped = '&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;amp;&lt;/a&gt;';
  assert.equal(
    html`<p title="${hostile}">${[hostile, 7, undefined, false]}</p>`.text,
    `<p title="${escaped}">${escaped}7</p>`,
  );
  assert.equal(html`${html`<b>${'<'}</b>`}${new Markup('<hr>')}`.text, '<b>&lt;</b><hr>');
});

test('what cannot be seen, or turns the direction of what follows, is made visible', () => {
  assert.equal(escape('a\u0000\u0007\n\u202Eb\u2066\uD800c'), 'a\uFFFD\uFFFD\uFFFD\uFFFDb\uFFFD\uFFFDc');
  assert.equal(escape('Größe 日本語 👩‍💻'), 'Größe 日本語 👩‍💻');
});

test('the badge says when the newest backup was made, and of several databases that which waits longest', () => {
  const badge = (...histories: Parameters<typeof sampleRequest>[0]) => renderBadge(modelOf(sampleRequest(histories)));
  const said = (svg: string): string => /aria-label="([^"]*)"/.exec(svg)?.[1] ?? '';
  assert.equal(said(badge(sampleHistory(30))), 'backup: 21\u00A0Nov\u00A02026, 03:00');
  assert.match(badge(sampleHistory(30)), /fill="#1a7350"/);
  assert.equal(said(badge(sampleHistory(30), sampleIll())), 'backup: needs attention · 18\u00A0Nov\u00A02026, 03:00');
  assert.match(badge(sampleIll()), /fill="#b3261e"/);
  assert.equal(said(badge()), 'backup: none');
  assert.equal(said(badge(sampleHistory(3), sampleHistory(0, { database: 'crm' }))), 'backup: one is missing');
});
