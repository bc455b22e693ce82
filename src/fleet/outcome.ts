import * as z from 'zod';
import { failureKinds } from '../errors.ts';

/** How the backup of one member went: its own result line, with its name. */
export interface MemberResult {
  readonly member: string;
  readonly outcome: 'success' | 'failure';
  readonly exitCode: number;
  readonly id?: string | undefined;
  readonly bytes?: number | undefined;
  readonly durationMs: number;
  readonly error?: string | undefined;
  readonly hint?: string | undefined;
  readonly warnings?: readonly string[] | undefined;
  /** What else the line had. */
  readonly [field: string]: unknown;
}

const line = z.looseObject({
  outcome: z.enum(['success', 'failure']),
  exitCode: z.number().int(),
  id: z.string().optional(),
  bytes: z.number().nonnegative().optional(),
  durationMs: z.number().nonnegative().optional(),
  error: z.string().optional(),
  hint: z.string().optional(),
  warnings: z.array(z.string()).optional(),
  /** Of a member that is a server with several. */
  databases: z.array(z.looseObject({ bytes: z.number().nonnegative().optional() })).optional(),
});

/**
 * What to believe of a member's process: success only where its exit code and its one line of output both say so. The exit
 * code is that of the process; one that was ended from outside could not say why.
 * @param output the lines of its standard output.
 */
export function memberResult(
  member: string,
  exitCode: number,
  output: readonly string[],
  durationMs: number,
): MemberResult {
  const [only, ...others] = output;
  const parsed = others.length === 0 && only !== undefined ? line.safeParse(parse(only)) : undefined;
  const told = parsed?.success === true ? parsed.data : undefined;
  const bytes = told?.bytes ?? told?.databases?.reduce((sum, { bytes: part = 0 }) => sum + part, 0);
  const base = { member, ...told, ...(bytes !== undefined && { bytes }), durationMs };
  if (told?.outcome === 'success' && told.exitCode === 0 && exitCode === 0) {
    return { ...base, outcome: 'success', exitCode };
  }
  if (told?.outcome === 'failure' && told.exitCode === exitCode && exitCode !== 0) {
    return { ...base, outcome: 'failure', exitCode, error: told.error ?? `exit code ${exitCode}` };
  }
  const code = exitCode === 0 ? failureKinds.bug.exitCode : exitCode;
  const error =
    exitCode > 128 && exitCode < 192
      ? `the backup was ended by signal ${exitCode - 128}`
      : `the backup ended with exit code ${exitCode} and told no result`;
  return { member, durationMs, outcome: 'failure', exitCode: code, error };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
