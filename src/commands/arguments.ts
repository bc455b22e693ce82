import { parseArgs, type ParseArgsConfig } from 'node:util';
import { Failure } from '../errors.ts';

/** Reads a command's arguments with node's own parser. Throws a `usage` Failure that says what the command takes. */
export function readArguments<const T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
  usage: string,
  mostPositionals: number,
) {
  const hint = `Usage: pg-offsite ${usage}`;
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    if (parsed.positionals.length > mostPositionals) {
      throw new Error(`unexpected argument ${parsed.positionals[mostPositionals] ?? ''}`);
    }
    return parsed;
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Failure('usage', inOurForm(message ?? ''), { hint, cause: error });
  }
}

/** Node writes sentences. */
function inOurForm(message: string): string {
  return `${message.charAt(0).toLowerCase()}${message.slice(1).replace(/\. To specify.*$/, '')}`;
}
