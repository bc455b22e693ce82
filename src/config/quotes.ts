/** What is to be said besides of a bad value that stands in quotes, as one of an env file does; else nothing. */
export function quotesNote(value: string): string {
  return /^(["']).*\1$/s.test(value.trim())
    ? ' (the quotes are part of the value: an env file does not need them)'
    : '';
}
