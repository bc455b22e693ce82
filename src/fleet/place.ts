import { hostname } from 'node:os';
import type { Environment } from '../config/environment.ts';
import type { Findings } from '../config/findings.ts';
import type { Values, VariableName } from '../config/variables.ts';

/** Which share of a fleet is this process's. */
export interface Place {
  /** From 0. */
  readonly index: number;
  readonly shards: number;
  /** The name of the run, which all of its processes have; undefined where nothing tells it. */
  readonly run: string | undefined;
  /** How many members are backed up at once. */
  readonly concurrency: number;
}

const runPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Reads the share. Kubernetes gives the pods of an Indexed Job the host names `<job>-<index>`. */
export function readPlace(
  { FLEET_INDEX: index, FLEET_SHARDS: shards, FLEET_RUN: run, FLEET_CONCURRENCY: concurrency }: Values,
  env: Environment,
  nameOf: (name: VariableName) => string,
  findings: Findings,
): Place {
  const indexName = nameOf('FLEET_INDEX');
  if (index !== undefined && shards === undefined) {
    findings.problem(
      `${indexName} says which share this is, but not of how many; set FLEET_SHARDS to the number of processes, which is completions of a Kubernetes Job`,
    );
  }
  if (index === undefined && shards !== undefined && shards > 1) {
    findings.problem(
      `FLEET_SHARDS is ${shards}, but nothing says which share this is; set FLEET_INDEX to 0, 1, … ${shards - 1}, each in one process`,
    );
  }
  if (index !== undefined && shards !== undefined && index >= shards) {
    findings.problem(`${indexName} is ${index}, but FLEET_SHARDS is ${shards}: the last index is ${shards - 1}`);
  }
  if (run !== undefined && !runPattern.test(run)) {
    findings.problem(
      'FLEET_RUN is no plain name: letters, digits, dots, dashes and underscores, for example FLEET_RUN=nightly-2026-11-21',
    );
  }
  return {
    index: index ?? 0,
    shards: shards ?? 1,
    run: run ?? runOfHost(env['HOSTNAME'] ?? hostname(), index),
    concurrency,
  };
}

function runOfHost(host: string, index: number | undefined): string | undefined {
  if (index === undefined || !host.endsWith(`-${index}`)) return undefined;
  const run = host.slice(0, -`-${index}`.length);
  return runPattern.test(run) ? run : undefined;
}
