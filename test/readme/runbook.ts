import { readme } from './text.ts';

/** The page "It is 3 am and the database is gone", as the README has it. */
export const runbook = section(readme, '## It is 3 am and the database is gone');

/** One command of the page. */
export interface Step {
  /** The subheading that it stands under; empty before the first. */
  readonly heading: string;
  readonly command: string;
  /** What the sentence "You see …" after it quotes. */
  readonly shows: readonly string[];
}

/** Every fenced command of the page, in its order. */
export function steps(page: string): Step[] {
  return page.split(/^### /m).flatMap((part, index) => {
    const heading = index === 0 ? '' : (part.split('\n', 1)[0] ?? '');
    const [, ...blocks] = part.split(/^```(?:sh|bash)\n/m);
    return blocks.map((block) => {
      const [command = '', after = ''] = block.split(/^```$/m);
      const sentence = /^\s*You see (.*?)\.(?:\s|$)/s.exec(after)?.[1] ?? '';
      return { heading, command, shows: [...sentence.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '') };
    });
  });
}

function section(page: string, heading: string): string {
  const start = page.indexOf(`${heading}\n`);
  if (start === -1) throw new Error(`README.md has no section ${heading}`);
  const end = page.indexOf('\n## ', start + heading.length);
  return page.slice(start, end === -1 ? undefined : end + 1);
}
