import { describeGlobalsPlan } from '../backup/globals.ts';
import type { Config } from '../config/config.ts';
import { type Failure, throwIfAborted, toFailure } from '../errors.ts';
import { findClient } from '../postgres/clients.ts';
import { dumpGlobals, planGlobals } from '../postgres/globals.ts';
import { toDatabaseFailure } from '../postgres/query-failure.ts';
import type { Session } from '../postgres/session.ts';

/**
 * Dumps roles and settings to nowhere. To be called before a transaction begins: a query that is refused would end it.
 * @returns what a run will store of them, or why it cannot.
 */
export async function tryGlobals(
  { source, form }: Pick<Config, 'source' | 'form'>,
  { client, server }: Pick<Session, 'client' | 'server'>,
  signal: AbortSignal,
): Promise<string | Failure> {
  if (source.globals === 'off') return 'GLOBALS=off: they are not stored';
  try {
    const plan = await planGlobals(client, form.encryption.kind !== 'none').catch((error: unknown) => {
      throw toDatabaseFailure('ask about roles and settings', error);
    });
    const programs = await findClient(source.clientsDir, server.major);
    const warnings: string[] = [];
    const onWarning = (text: string): void => {
      warnings.push(text);
    };
    for await (const _chunk of dumpGlobals({ source, client: programs, plan, onWarning, signal }));
    return [describeGlobalsPlan(plan), ...warnings].join('; ');
  } catch (error) {
    throwIfAborted(signal);
    return toFailure(error);
  }
}
