import type { RunEvent } from './event.ts';

/** One way to tell people or programs, set up and ready. */
export interface Channel {
  /** For logs and results, for example `Slack`. */
  readonly name: string;
  wants(event: RunEvent): boolean;
  /**
   * One try. Resolves to what was answered, in a few words; throws a DeliveryFailure of delivery.ts, or anything else for
   * what another try cannot help. Neither ever holds a secret. Ends soon after the signal is aborted.
   */
  send(event: RunEvent, signal: AbortSignal): Promise<string>;
}

/** Which outcomes people want to be told. */
export type NotifyOn = 'failure' | 'recovery' | 'always';

/** Whether a channel that people read tells this: a test always, a start never. */
export function wantsMessage(on: NotifyOn, { kind, command }: RunEvent): boolean {
  if (kind === 'started') return false;
  if (kind === 'failure' || command === 'test') return true;
  return on === 'always' || (on === 'recovery' && kind === 'recovery');
}
