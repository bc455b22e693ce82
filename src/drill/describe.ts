import prettyMs from 'pretty-ms';
import { oneLine } from '../visible.ts';
import { describeComparison } from '../report/comparison.ts';
import type { Drilled } from './drill.ts';

/** A drill for people: everything that was looked at, what is wrong first, and the result in one line. */
export function describeDrill(drilled: Drilled): string {
  return `${comparisons(drilled)}${others(drilled)}${conclusion(drilled)}\n`;
}

const order = { different: 0, 'not compared': 1, same: 2 } as const;

function comparisons({ compared }: Drilled): string {
  if (compared.length === 0) return '';
  return describeComparison(compared.toSorted((a, b) => order[a.outcome] - order[b.outcome]));
}

function others({ proof }: Drilled): string {
  const { checks, leftOut } = proof;
  const failedFirst = checks.toSorted((a, b) => Number(b.outcome === 'failed') - Number(a.outcome === 'failed'));
  return [
    ...failedFirst.map(({ name, outcome, detail }) => [name, outcome === 'failed' ? 'FAILED' : outcome, detail]),
    ...leftOut.map(({ what, reason }) => [what, 'left out', reason]),
  ]
    .map((cells) => `${cells.join(': ').replaceAll(/\p{Cc}/gu, '?')}\n`)
    .join('');
}

/** `passed: shop 20261121T020000Z-k3f9q2 restored in 42 s and compared: 312 same, 3 not compared`. */
function conclusion({ proof, compared, hint }: Drilled): string {
  const backup = `${oneLine(proof.database)} ${proof.id}`;
  const advice = hint === undefined ? '' : `\nHINT: ${hint}`;
  if (proof.outcome === 'could not run') return `could not run: ${backup}: ${oneLine(proof.reason ?? '')}${advice}`;
  if (proof.outcome === 'failed') return `FAILED: ${backup}: ${oneLine(proof.reason ?? '')}${advice}`;
  const same = compared.filter(({ outcome }) => outcome === 'same').length;
  const left = proof.notCompared.length;
  const besides = left === 0 ? '' : `, ${String(left)} not compared`;
  const missing = proof.missingExtensions;
  const without = missing.length === 0 ? '' : `, without ${missing.join(', ')}`;
  return `passed: ${backup} restored in ${prettyMs(proof.restoreMs ?? 0)} and compared: ${String(same)} same${besides}${without}`;
}
