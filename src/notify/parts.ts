import prettyBytes from 'pretty-bytes';
import type { RunPart } from './event.ts';

/** The parts to show where there is room for so many: failures first, otherwise in the run's own order. */
export function mostTelling(parts: readonly RunPart[], most: number): readonly RunPart[] {
  const failed = parts.filter(({ exitCode }) => exitCode !== 0);
  const good = parts.filter(({ exitCode }) => exitCode === 0);
  return [...failed, ...good].slice(0, most);
}

/** A line for each part, failures first; of more than `most` parts the last line says how many are left out. */
export function partLines(parts: readonly RunPart[], most: number): string[] {
  const shown = mostTelling(parts, parts.length > most ? most - 1 : most);
  const left = parts.length - shown.length;
  return [...shown.map(partLine), ...(left > 0 ? [`and ${left.toLocaleString('en-US')} more`] : [])];
}

/** How many went wrong, in words. */
export function partsWords(parts: readonly RunPart[]): string {
  const failed = parts.filter(({ exitCode }) => exitCode !== 0).length;
  const count = parts.length.toLocaleString('en-US');
  return failed === 0 ? `${count}, all well` : `${count}, of which ${failed.toLocaleString('en-US')} failed`;
}

function partLine({ name, exitCode, error, id, bytes }: RunPart): string {
  if (exitCode !== 0) return `❌ ${name}: ${error ?? 'no reason given'} (exit ${exitCode})`;
  const stored = [id, bytes === undefined ? undefined : prettyBytes(bytes)].filter((word) => word !== undefined);
  return `✅ ${name}${stored.length === 0 ? '' : `: ${stored.join(', ')}`}`;
}
