import type { Section } from './section.ts';
import { backup } from './sections/backup.ts';
import { catalog } from './sections/catalog.ts';
import { compression } from './sections/compression.ts';
import { link } from './sections/link.ts';
import { memory } from './sections/memory.ts';
import { restore } from './sections/restore.ts';
import { upload } from './sections/upload.ts';

/** Everything that `npm run bench` measures, in the order in which it does. */
export const sections: readonly Section[] = [backup, restore, memory, link, compression, upload, catalog];
