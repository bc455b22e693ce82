import type pg from 'pg';
import { Failure } from '../errors.ts';
import type { Log } from '../log.ts';

/** What was made in a target before a part of a dump was loaded. Disposing removes it, unless it is kept; never throws. */
export interface Prepared extends AsyncDisposable {
  keep(): void;
}

/** What a part of a dump does not bring along. */
export interface Lacking {
  readonly schemas: readonly string[];
  /** In the order in which they can be created. */
  readonly extensions: readonly { readonly name: string; readonly schema: string }[];
}

/**
 * Makes the schemas and extensions that parts of a dump need, where they are not there: pg_restore --schema restores what
 * is in a schema, not the schema, and a dump of named schemas or tables has no extensions.
 * @throws {Failure} `dump` naming what the server does not let be made; what was made before that is removed.
 */
export async function prepareFor(client: pg.Client, { schemas, extensions }: Lacking, log: Log): Promise<Prepared> {
  const drops: string[] = [];
  const make = async (found: string, name: string, create: string, drop: string): Promise<void> => {
    const there = await client.query(found, [name]);
    if (there.rowCount !== 0) return;
    await client.query(create);
    drops.unshift(drop);
  };
  const prepared = undoWith(client, drops, log);
  try {
    for (const name of schemas) {
      const quoted = client.escapeIdentifier(name);
      const found = 'SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1';
      await make(found, name, `CREATE SCHEMA ${quoted}`, `DROP SCHEMA IF EXISTS ${quoted}`);
    }
    for (const { name, schema } of extensions) {
      const quoted = client.escapeIdentifier(name);
      const create = `CREATE EXTENSION ${quoted} WITH SCHEMA ${client.escapeIdentifier(schema)}`;
      const found = 'SELECT FROM pg_catalog.pg_extension WHERE extname = $1';
      await make(found, name, create, `DROP EXTENSION IF EXISTS ${quoted}`);
    }
    return prepared;
  } catch (error) {
    await prepared[Symbol.asyncDispose]();
    const message = error instanceof Error ? error.message : String(error);
    throw new Failure('dump', `what this part of a dump needs cannot be created: ${message}`, {
      hint: 'Create the schemas and extensions that the manifest lists as needed, as a role that may, and start again.',
      cause: error,
      retryable: false,
    });
  }
}

function undoWith(client: pg.Client, drops: readonly string[], log: Log): Prepared {
  let kept = false;
  return {
    keep: () => {
      kept = true;
    },
    [Symbol.asyncDispose]: async () => {
      if (kept) return;
      for (const drop of drops) {
        await client.query(drop).catch((error: unknown) => {
          log.warn(`${drop} failed, so the target keeps it: ${error instanceof Error ? error.message : String(error)}`);
        });
      }
    },
  };
}
