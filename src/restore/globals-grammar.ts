import pg from 'pg';
import { Mismatch, type TokenReader } from '../postgres/sql-tokens.ts';
import type { Script } from './globals-script.ts';

const { escapeIdentifier: quote } = pg;

/** Each reads one whole statement, and changes the script only once all of it is understood. */
export const statementReaders: readonly ((reader: TokenReader, script: Script) => void)[] = [
  readPreamble,
  readCreateRole,
  readRoleOptions,
  readRoleSetting,
  readDatabaseSetting,
  readRemark,
  readMembership,
  readParameterGrant,
  readTablespace,
  readTablespaceOptions,
  readTablespaceRights,
];

/** What the script says of its own session, which is not done. Grants are then by whoever restores. */
function readPreamble(reader: TokenReader): void {
  if (reader.skip('RESET', 'SESSION', 'AUTHORIZATION')) {
    reader.end();
    return;
  }
  reader.expect('SET');
  if (reader.skip('SESSION', 'AUTHORIZATION')) reader.name();
  else if (reader.skip('CLIENT_ENCODING', '=')) {
    if (reader.string() !== 'UTF8') throw new Mismatch();
  } else if (!reader.skip('STANDARD_CONFORMING_STRINGS', '=', 'ON')) {
    reader.expect('DEFAULT_TRANSACTION_READ_ONLY', '=', 'OFF');
  }
  reader.end();
}

function readCreateRole(reader: TokenReader, script: Script): void {
  reader.expect('CREATE', 'ROLE');
  const name = reader.name();
  reader.end();
  if (script.roles.some((role) => role.name === name)) throw new Mismatch();
  script.roles.push({ name, options: [], more: [] });
}

const flags = ['SUPERUSER', 'INHERIT', 'CREATEROLE', 'CREATEDB', 'LOGIN', 'REPLICATION', 'BYPASSRLS'];

function readRoleOptions(reader: TokenReader, script: Script): void {
  reader.expect('ALTER', 'ROLE');
  const role = script.role(reader.name());
  reader.expect('WITH');
  const options: string[] = [];
  const words = flags.flatMap((flag) => [flag, `NO${flag}`]);
  for (let found = words.find((word) => reader.skip(word)); found; found = words.find((word) => reader.skip(word))) {
    options.push(found);
  }
  if (reader.skip('CONNECTION', 'LIMIT')) options.push(`CONNECTION LIMIT ${reader.number()}`);
  if (reader.skip('PASSWORD')) options.push(`PASSWORD ${literal(reader.string())}`);
  if (reader.skip('VALID', 'UNTIL')) options.push(`VALID UNTIL ${literal(reader.string())}`);
  reader.end();
  if (role.options.length > 0) throw new Mismatch();
  role.options.push(...options);
}

function readRoleSetting(reader: TokenReader, script: Script): void {
  reader.expect('ALTER', 'ROLE');
  const role = script.role(reader.name());
  reader.expect('SET');
  const { assignment } = readAssignment(reader);
  role.more.push(`ALTER ROLE ${quote(role.name)} SET ${assignment}`);
}

function readDatabaseSetting(reader: TokenReader, script: Script): void {
  reader.expect('ALTER');
  let role: string | undefined;
  if (reader.skip('ROLE')) {
    role = reader.name();
    reader.expect('IN');
  }
  reader.expect('DATABASE', ':"DBNAME"', 'SET');
  script.settings.push({ role, ...readAssignment(reader) });
}

function readAssignment(reader: TokenReader): { name: string; assignment: string } {
  const name = reader.name();
  reader.expect('TO');
  const values = reader.list(() => literal(reader.string()));
  reader.end();
  return { name, assignment: `${quote(name)} TO ${values.join(', ')}` };
}

/** A comment, or a label of a security provider. */
function readRemark(reader: TokenReader, script: Script): void {
  const provider = reader.skip('SECURITY', 'LABEL', 'FOR') ? reader.name() : undefined;
  const remark = provider === undefined ? 'COMMENT' : `SECURITY LABEL FOR ${quote(provider)}`;
  if (provider === undefined) reader.expect('COMMENT');
  reader.expect('ON');
  const kind = reader.skip('ROLE') ? 'ROLE' : 'TABLESPACE';
  if (kind === 'TABLESPACE') reader.expect('TABLESPACE');
  const name = reader.name();
  reader.expect('IS');
  const text = literal(reader.string());
  reader.end();
  const about = kind === 'ROLE' ? script.role(name) : script.tablespace(name);
  about.more.push(`${remark} ON ${kind} ${quote(name)} IS ${text}`);
}

function readMembership(reader: TokenReader, script: Script): void {
  reader.expect('GRANT');
  const role = reader.name();
  reader.expect('TO');
  const member = reader.name();
  let admin = false;
  let [inherit, set]: (boolean | undefined)[] = [];
  if (reader.skip('WITH')) {
    reader.list(() => {
      if (reader.skip('ADMIN', 'OPTION')) admin = true;
      else if (reader.skip('INHERIT')) inherit = truth(reader);
      else {
        reader.expect('SET');
        set = truth(reader);
      }
    });
  }
  const grantor = reader.skip('GRANTED', 'BY') ? reader.name() : undefined;
  reader.end();
  script.memberships.push({ role, member, admin, inherit, set, grantor });
}

function truth(reader: TokenReader): boolean {
  if (reader.skip('TRUE')) return true;
  reader.expect('FALSE');
  return false;
}

function readParameterGrant(reader: TokenReader, script: Script): void {
  reader.expect('GRANT');
  const rights = readRights(reader, ['ALL', 'SET', 'ALTER SYSTEM']);
  reader.expect('ON', 'PARAMETER');
  const parameter = reader.name();
  reader.expect('TO');
  const role = reader.name();
  const option = reader.skip('WITH', 'GRANT', 'OPTION') ? ' WITH GRANT OPTION' : '';
  reader.end();
  const statement = `GRANT ${rights} ON PARAMETER ${quote(parameter)} TO ${grantee(role)}${option}`;
  script.parameters.push({ role, statement });
}

function readTablespace(reader: TokenReader, script: Script): void {
  reader.expect('CREATE', 'TABLESPACE');
  const name = reader.name();
  reader.expect('OWNER');
  const owner = reader.name();
  reader.expect('LOCATION');
  const location = literal(reader.string());
  reader.end();
  const create = `CREATE TABLESPACE ${quote(name)} OWNER ${quote(owner)} LOCATION ${location}`;
  script.tablespaces.push({ name, create, more: [] });
}

function readTablespaceOptions(reader: TokenReader, script: Script): void {
  reader.expect('ALTER', 'TABLESPACE');
  const { name, more } = script.tablespace(reader.name());
  reader.expect('SET', '(');
  const options = reader.list(() => {
    const option = reader.name();
    reader.expect('=');
    return `${quote(option)} = ${reader.number()}`;
  });
  reader.expect(')');
  reader.end();
  more.push(`ALTER TABLESPACE ${quote(name)} SET (${options.join(', ')})`);
}

function readTablespaceRights(reader: TokenReader, script: Script): void {
  const verb = reader.skip('REVOKE') ? 'REVOKE' : 'GRANT';
  if (verb === 'GRANT') reader.expect('GRANT');
  const rights = readRights(reader, ['ALL', 'CREATE']);
  reader.expect('ON', 'TABLESPACE');
  const { name, more } = script.tablespace(reader.name());
  reader.expect(verb === 'GRANT' ? 'TO' : 'FROM');
  const role = grantee(reader.name());
  const option = verb === 'GRANT' && reader.skip('WITH', 'GRANT', 'OPTION') ? ' WITH GRANT OPTION' : '';
  reader.end();
  more.push(`${verb} ${rights} ON TABLESPACE ${quote(name)} ${verb === 'GRANT' ? 'TO' : 'FROM'} ${role}${option}`);
}

function readRights(reader: TokenReader, known: readonly string[]): string {
  const rights = reader.list(() => {
    const right = known.find((words) => reader.skip(...words.split(' ')));
    if (right === undefined) throw new Mismatch();
    return right;
  });
  return rights.join(', ');
}

/** No role can be called that. */
function grantee(role: string): string {
  return role === 'public' ? 'PUBLIC' : quote(role);
}

function literal(text: string): string {
  return pg.escapeLiteral(text).trim();
}
