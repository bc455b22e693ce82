import type { Environment } from '../config/environment.ts';

/** Whether the environment is that of a fleet. By itself, so that who backs up one database need not load the rest. */
export function isFleet(env: Environment): boolean {
  return (env['FLEET_FILE'] ?? '').trim() !== '';
}
