import type { Message, Quoted } from './message.ts';
import { fit } from './text.ts';

/** From what can be missed best to what must stay: headline, facts and hint, even if cut. */
const smaller: readonly ((message: Message) => Message)[] = [
  (message) => message,
  (message) => ({ ...message, quoted: message.quoted.map(shorten) }),
  (message) => ({ ...message, quoted: message.quoted.filter(({ firstMatter }) => firstMatter).map(shorten) }),
  (message) => ({ ...message, quoted: [] }),
  (message) => ({ ...message, quoted: [], warnings: [] }),
  (message) => cut(message, 120),
  (message) => cut(message, 40),
];

function shorten({ lines, ...quoted }: Quoted): Quoted {
  if (!quoted.firstMatter || lines.length <= 5) return { ...quoted, lines: lines.slice(-5) };
  return { ...quoted, lines: [...lines.slice(0, 4), '…'] };
}

function cut(message: Message, limit: number): Message {
  return {
    ...message,
    headline: fit(message.headline, 2 * limit + 40),
    facts: message.facts.map(([label, value]) => [label, fit(value, limit)] as const),
    hint: message.hint === undefined ? undefined : fit(message.hint, limit),
    warnings: [],
    quoted: [],
    further: undefined,
  };
}

/** What `render` makes of the message, or of the least reduced form of it that `fits`; of the smallest one if none does. */
export function renderWithin<T>(message: Message, render: (message: Message) => T, fits: (rendered: T) => boolean): T {
  for (const reduce of smaller) {
    const rendered = render(reduce(message));
    if (fits(rendered)) return rendered;
  }
  return render(cut(message, 0));
}
