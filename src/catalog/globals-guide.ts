import { fileNames } from './keys.ts';
import { globalsOf, type Manifest } from './manifest.ts';
import { globalsCommands } from './restore-command.ts';

/** The section of RESTORE.md about roles and settings; empty where the backup has none. Its block is fenced as `bash`. */
export function globalsGuide(manifest: Manifest): string {
  const globals = globalsOf(manifest);
  if (!globals) return '';
  const passwords = manifest.globals?.passwords === true ? 'with their passwords' : 'without their passwords';
  return `
## Roles, where they are wanted

\`${globals.key}\` holds the roles of the server (${passwords}), their memberships, tablespaces, and the settings of
the database. To keep owners and grants, run this as a superuser before step 3, and there leave out
\`--no-owner --no-privileges\`. It is for a server without other roles: options, passwords and settings of roles that exist
would become those of the backup, which happens here to the login itself if the backup has a role of its name. For any other
server write the script into a file with \`> globals.sql\` in place of \`| psql …\`, and take out of it what is there already.

\`\`\`bash
${globalsCommands(globals, fileNames.sums)}
\`\`\`

\`ERROR: role … already exists\` is about the login. Any other \`ERROR\` names what is not there now, such as a tablespace whose
folder is missing. The settings go to the database that \`PGDATABASE\` names.
`;
}
