import type pg from 'pg';
import { Failure } from '../errors.ts';
import { applyGlobals, applySettings, type Refusal } from '../restore/apply-globals.ts';
import { describeGlobals, describeRefused } from '../restore/describe-globals.ts';
import type { GlobalsScript } from '../restore/globals-script.ts';

/** The roles, tablespaces and settings of one backup, on their way to a server. */
export class GlobalsRestore {
  /** Names of all roles that the backup holds. */
  readonly roles: readonly string[];
  readonly #script: GlobalsScript;
  readonly #print: (text: string) => void;
  readonly #refused: Refusal[] = [];

  constructor(script: GlobalsScript, print: (text: string) => void) {
    this.roles = script.roles.map(({ name }) => name);
    this.#script = script;
    this.#print = print;
  }

  /** Creates what the server lacks, and says so. */
  readonly apply = async (session: pg.Client): Promise<void> => {
    const applied = await applyGlobals(session, this.#script);
    this.#refused.push(...applied.refused);
    this.#print(describeGlobals(applied));
  };

  /** Gives the connected database its settings. After all else: some forbid to write, or end what takes long. */
  readonly applySettings = async (session: pg.Client): Promise<void> => {
    if (this.#script.settings.length === 0) return;
    const { made, refused } = await applySettings(session, this.#script);
    this.#refused.push(...refused);
    this.#print(`settings of the database made: ${String(made)}\n${describeRefused(refused)}`);
  };

  /**
   * To be called when all else is done.
   * @throws {Failure} `dump` where the server has refused something of it, tablespaces aside: no database needs them.
   */
  demandAll(done: string): void {
    const [first] = this.#refused;
    if (!first) return;
    const more = this.#refused.length === 1 ? '' : ` and ${String(this.#refused.length - 1)} more`;
    throw new Failure('dump', `${done}, but not all roles and settings: ${first.what}${more}`, {
      hint: 'The lines "not restored" say why. Log in as a superuser, or make by hand what is needed of it.',
      retryable: false,
    });
  }
}
