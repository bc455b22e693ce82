import type { About, ValuesOf, Variable } from './variable.ts';
import { fleetVariables } from './variables/fleet.ts';
import { formVariables } from './variables/form.ts';
import { logVariables, retentionVariables, runVariables } from './variables/run.ts';
import { restoreVariables } from './variables/restore.ts';
import { scheduleVariables } from './variables/schedule.ts';
import { signingVariables } from './variables/signing.ts';
import { sourceVariables } from './variables/source.ts';
import { storeVariables } from './variables/store.ts';
import { tellingVariables } from './variables/telling.ts';

/** Every environment variable of the program, by group, in the order of the README. */
export const variableGroups = {
  source: sourceVariables,
  store: storeVariables,
  form: formVariables,
  signing: signingVariables,
  run: runVariables,
  schedule: scheduleVariables,
  retention: retentionVariables,
  fleet: fleetVariables,
  restore: restoreVariables,
  telling: tellingVariables,
  log: logVariables,
} as const;

const all = {
  ...sourceVariables,
  ...storeVariables,
  ...formVariables,
  ...signingVariables,
  ...runVariables,
  ...scheduleVariables,
  ...retentionVariables,
  ...fleetVariables,
  ...restoreVariables,
  ...tellingVariables,
  ...logVariables,
};

/** The documented name of a variable. */
export type VariableName = keyof typeof all;

/** What every variable is set to, defaults included. */
export type Values = ValuesOf<typeof all>;

/** Every environment variable by its documented name. */
export const variables: Readonly<Record<VariableName, Variable<unknown> & About>> = all;

/** The documented names, in the order of the README. */
export const variableNames = Object.keys(all) as VariableName[];
