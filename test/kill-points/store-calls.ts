import type { S3Call, S3Server } from '../support/s3-server.ts';
import type { StartedRun } from '../support/entrypoint.ts';
import type { Channel } from './channel.ts';
import { kill } from './point.ts';

/** The requests to a scripted S3 server: killed as one arrives and is not done, or once it is done but not answered. */
export function storeCalls(server: S3Server): Channel {
  return {
    watch: (point) => {
      const calls: string[] = [];
      let run: StartedRun | undefined;
      const die = (): void => {
        if (point && run) kill(run, point.whom);
      };
      server.fault({
        operation: '*',
        action: (call) => {
          calls.push(nameOf(call));
          if (calls.length !== point?.at) return undefined;
          if (point.when === 'after') return { kind: 'lose-reply', then: die };
          die();
          return { kind: 'reset' };
        },
      });
      return {
        variables: {},
        attach: (started) => {
          run = started;
        },
        calls: () => calls,
        [Symbol.dispose]: () => {
          server.clearFaults();
        },
      };
    },
  };
}

/** What is asked for and of what, without what is another in each run. */
export function nameOf({ operation, key }: Pick<S3Call, 'operation' | 'key'>): string {
  return `${operation} ${key.slice(key.lastIndexOf('/') + 1)}`.trim();
}
