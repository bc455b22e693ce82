import { integer, text } from '../kinds.ts';
import { variable } from '../variable.ts';

/** Many databases, shared among many processes. See docs/FLEET.md. */
export const fleetVariables = {
  FLEET_FILE: variable(text, {
    words:
      'A YAML or JSON file that names many databases: `backup` makes one backup of each, below a folder of its own. It takes the place of `DATABASE_URL`. See docs/FLEET.md.',
    example: '/etc/pg-offsite/fleet.yaml',
  }),
  FLEET_INDEX: variable(integer(0, 99_999), {
    words: 'Which share of the fleet this process backs up, counted from 0. Kubernetes sets it in an Indexed Job.',
    example: '0',
    fallbacks: ['JOB_COMPLETION_INDEX'],
  }),
  FLEET_SHARDS: variable(integer(1, 100_000), {
    words: 'Among how many processes the fleet is shared: the `completions` of the Job. Needed with an index.',
    example: '8',
  }),
  FLEET_RUN: variable(text, {
    words:
      'Stands for one run of the fleet: the same in all of its processes, another one the next time. By default the host name without `-` and the index at its end, as Kubernetes names the pods of an Indexed Job.',
    example: 'nightly-2026-11-21',
  }),
  FLEET_CONCURRENCY: variable(integer(1, 64), {
    words: 'How many databases of the fleet one process backs up at once.',
    example: '2',
    default: '1',
  }),
};
