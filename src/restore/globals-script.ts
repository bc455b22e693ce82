import { Mismatch } from '../postgres/sql-tokens.ts';

/** A role of a script of globals. */
export interface ScriptRole {
  readonly name: string;
  /** What it may do, as words of CREATE ROLE. */
  readonly options: readonly string[];
  /** Its comment, labels and settings: statements to run once it is there. */
  readonly more: readonly string[];
}

/** That a role is a member of another. */
export interface Membership {
  readonly role: string;
  readonly member: string;
  readonly admin: boolean;
  /** Told by PostgreSQL 16 and later. */
  readonly inherit: boolean | undefined;
  readonly set: boolean | undefined;
  readonly grantor: string | undefined;
}

/** A tablespace; its rights, options and comment are statements to run once it is there. */
export interface ScriptTablespace {
  readonly name: string;
  readonly create: string;
  readonly more: readonly string[];
}

/** One setting of the database, or of a role in it. */
export interface DatabaseSetting {
  readonly role: string | undefined;
  readonly name: string;
  /** What comes after `SET`. */
  readonly assignment: string;
}

/** What a script of globals says. All SQL in it is put together anew from what was understood. */
export interface GlobalsScript {
  readonly roles: readonly ScriptRole[];
  readonly memberships: readonly Membership[];
  /** Rights on settings of the server, by the role that has them. */
  readonly parameters: readonly { readonly role: string; readonly statement: string }[];
  readonly tablespaces: readonly ScriptTablespace[];
  readonly settings: readonly DatabaseSetting[];
}

/** A script as far as it was read. */
export class Script implements GlobalsScript {
  readonly roles: { name: string; options: string[]; more: string[] }[] = [];
  readonly memberships: Membership[] = [];
  readonly parameters: { role: string; statement: string }[] = [];
  readonly tablespaces: { name: string; create: string; more: string[] }[] = [];
  readonly settings: DatabaseSetting[] = [];

  /** One that the script has created: only about those it may say more. Throws a {@link Mismatch}. */
  role(name: string): Script['roles'][number] {
    return this.#last(this.roles, name);
  }

  /** The same for a tablespace. */
  tablespace(name: string): Script['tablespaces'][number] {
    return this.#last(this.tablespaces, name);
  }

  #last<T extends { readonly name: string }>(made: readonly T[], name: string): T {
    const found = made.findLast((one) => one.name === name);
    if (!found) throw new Mismatch();
    return found;
  }
}
