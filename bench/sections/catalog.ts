import { catalogTable, measureCatalog } from '../catalog.ts';
import type { Section } from '../section.ts';

/** What commands cost in a store of very many backups. */
export const catalog: Section = {
  name: 'catalog',
  summary: 'requests, processor seconds and memory in a store of 100,000 backups',
  run: async (bench) => {
    const backups = Math.max(100, Math.round(1000 * bench.size) * 100);
    const scenes = await measureCatalog(backups, bench.folder, bench.say);
    const count = (number: number) => number.toLocaleString('en-US');
    const text = `${await bench.machine()} A store of ${count(backups)} backups, ${count(backups * 5)} objects, on a server that
makes them up. Requests are by kind; processor seconds and memory are those of pg-offsite.

${scenes.map(catalogTable).join('\n\n')}`;
    return { text, figures: scenes };
  },
};
