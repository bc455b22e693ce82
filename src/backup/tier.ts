import { timeOfId } from '../catalog/ids.ts';
import { type Tier, tierOf } from '../retention/tier.ts';
import type { RunContext } from './context.ts';

/**
 * The tier of a backup that begins now; says so where it could not be found from the backups that there are.
 * @param earlier ids of the complete backups of the database; undefined where the store does not let us look.
 */
export function decideTier(
  { config, log }: Pick<RunContext, 'config' | 'log'>,
  startedAt: Date,
  earlier: readonly string[] | undefined,
): Tier {
  const { timezone, schedule } = config.run;
  const { tier, from } = tierOf({
    startedAt,
    timeZone: timezone,
    earlier: earlier?.map(timeOfId).filter((time) => time !== undefined),
    schedule,
  });
  if (from === 'schedule')
    log.info(`this backup counts as ${tier} by BACKUP_SCHEDULE, since earlier ones are not known`);
  if (from === 'nothing') {
    const words = 'this backup counts as daily, since neither earlier ones nor BACKUP_SCHEDULE are known';
    // Its tag would let it expire as one.
    if (config.store.kind === 's3' && config.store.tags) log.warn(words);
    else log.info(words);
  }
  return tier;
}
