import { EnvError } from 'envalid';
import prettyMs from 'pretty-ms';
import { Secret } from './secret.ts';

/**
 * A kind of value: the word for it in the README, and how its text is read. `parse` throws an EnvError whose message
 * goes on after the variable's name ("is not a duration: ...") and never repeats the value.
 */
export interface Kind<T> {
  readonly words: string;
  readonly parse: (text: string) => T;
}

const durationUnits = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const sizeUnits = { '': 1, B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** Any text, without white space at its ends. */
export const text: Kind<string> = { words: 'text', parse: (value) => value.trim() };

/** A secret of visible characters (a key, a token, a URL): white space at its ends can only be a mistake. */
export const secretText: Kind<Secret> = { words: 'secret', parse: (value) => new Secret(value.trim()) };

/** A secret in which every character counts, as in a password. */
export const password: Kind<Secret> = { words: 'secret', parse: (value) => new Secret(value) };

/** One of some fixed words, read without regard to case and given back as it is written here. */
export function oneOf<const W extends string>(...words: readonly W[]): Kind<W> {
  return {
    words: words.map((word) => `\`${word}\``).join(', '),
    parse: (value) => {
      const found = words.find((word) => word.toLowerCase() === value.trim().toLowerCase());
      if (found === undefined) throw new EnvError(`is not one of ${words.join(', ')}`);
      return found;
    },
  };
}

/** `true` or `false`, also written 1, yes, on, 0, no, off. */
export const boolean: Kind<boolean> = {
  words: '`true`, `false`',
  parse: (value) => {
    const word = value.trim().toLowerCase();
    if (['true', '1', 'yes', 'on'].includes(word)) return true;
    if (['false', '0', 'no', 'off'].includes(word)) return false;
    throw new EnvError('is neither true nor false');
  },
};

/** A whole number within bounds, both included. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Kind<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of ${min} or more` : `from ${min} to ${max}`;
  return {
    words: 'number',
    parse: (value) => {
      const number = /^\d+$/.test(value.trim()) ? Number(value) : Number.NaN;
      if (!(number >= min && number <= max)) throw new EnvError(`is not a whole number ${range}`);
      return number;
    },
  };
}

/** The longest delay of a timer; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * A length of time such as `90s`, `30m`, `6h` or `35d`, in milliseconds; `bare` is the unit of a number without one. No
 * longer than a timer can wait, unless there is a unit for bare numbers or another limit is given.
 */
export function duration(
  minMs: number,
  bare?: keyof typeof durationUnits,
  maxMs = bare === undefined ? longestTimerMs : Number.POSITIVE_INFINITY,
): Kind<number> {
  return {
    words: 'duration',
    parse: (value) => {
      const [, digits, unit = bare] = /^(\d+(?:\.\d+)?)\s*([smhd])?$/.exec(value.trim().toLowerCase()) ?? [];
      if (digits === undefined || unit === undefined) {
        throw new EnvError('is not a duration: write a number followed by s, m, h or d');
      }
      const ms = Math.round(Number(digits) * durationUnits[unit as keyof typeof durationUnits]);
      if (ms < minMs) throw new EnvError(`is shorter than ${prettyMs(minMs)}`);
      if (ms > maxMs) throw new EnvError('is longer than 24 days');
      return ms;
    },
  };
}

/** A number of bytes such as `16MiB`, within bounds, both included; a number without a unit is in bytes. */
export function size(min: number, max: number): Kind<number> {
  return {
    words: 'size',
    parse: (value) => {
      const [, digits, unit = ''] = /^(\d+)\s*(B|KiB|MiB|GiB)?$/.exec(value.trim()) ?? [];
      if (digits === undefined) throw new EnvError('is not a size: write a number followed by KiB, MiB or GiB');
      const bytes = Number(digits) * sizeUnits[unit as keyof typeof sizeUnits];
      if (bytes < min || bytes > max) throw new EnvError(`is not between ${showSize(min)} and ${showSize(max)}`);
      return bytes;
    },
  };
}

/** Another kind, or the word `auto`. */
export function autoOr<T>(kind: Kind<T>): Kind<T | 'auto'> {
  return {
    words: `${kind.words} or \`auto\``,
    parse: (value) => (value.trim().toLowerCase() === 'auto' ? 'auto' : kind.parse(value)),
  };
}

/** A percentage from 0 to 100 such as `50%`, as a fraction. */
export const percent: Kind<number> = {
  words: 'percentage',
  parse: (value) => {
    const [, digits] = /^(\d+(?:\.\d+)?)\s*%$/.exec(value.trim()) ?? (value.trim() === '0' ? ['', '0'] : []);
    if (digits === undefined || Number(digits) > 100) throw new EnvError('is not a percentage from 0% to 100%');
    return Number(digits) / 100;
  },
};

/** Items between commas; a comma inside double quotes belongs to the item, as in `"odd,name"`. */
export const list: Kind<readonly string[]> = {
  words: 'list',
  parse: (value) => {
    if ((value.split('"').length - 1) % 2 === 1) throw new EnvError('has a double quote that is never closed');
    const items = value.match(/(?:"[^"]*"|[^,"])+/g) ?? [];
    return items.map((item) => item.trim()).filter((item) => item !== '');
  },
};

/** One of a list of names. What stands in double quotes has no meaning but itself. */
export interface Word {
  readonly text: string;
  readonly quoted: boolean;
}

/** Names between commas, as in CSV: `shop,"a, b","a ""quoted"" one"`. */
export const words: Kind<readonly Word[]> = {
  words: 'list',
  parse: (value) => {
    const found: Word[] = [];
    const item = /\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(,|$)/y;
    for (let end: string | undefined; end !== '';) {
      const match = item.exec(value);
      if (match === null) {
        throw new EnvError('has a double quote in a wrong place: put the whole name into quotes, those in it twice');
      }
      const [, quoted, plain = ''] = match;
      end = match[3];
      if (quoted === '') throw new EnvError('has an empty name');
      if (quoted !== undefined) found.push({ text: quoted.replaceAll('""', '"'), quoted: true });
      else if (plain.trim() !== '') found.push({ text: plain.trim(), quoted: false });
    }
    if (found.length === 0) throw new EnvError('has no name');
    return found;
  },
};

function showSize(bytes: number): string {
  return bytes % 1024 ** 3 === 0 ? `${bytes / 1024 ** 3}GiB` : `${bytes / 1024 ** 2}MiB`;
}
