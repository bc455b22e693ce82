import { timeOfId } from './ids.ts';

/** The file names in a backup's folder that are the same for every backup. */
export const fileNames = { manifest: 'manifest.json', sums: 'SHA256SUMS', guide: 'RESTORE.md' } as const;

/** What is kept at the root of a store, about all of its databases: written anew by each run, and no part of a backup. */
export const rootFiles = { report: 'report.html', badge: 'status.svg' } as const;

/** Whether a file of a backup's folder holds data. */
export function isArtifactFile(file: string): boolean {
  return isDumpFile(file) || /^globals[.-]/.test(file);
}

/** Whether it holds the database. Without any a manifest is what a failed run left, and no backup. */
export function isDumpFile(file: string): boolean {
  return /^database[.-]/.test(file);
}

/** Whether a file of a backup's folder is the record of a drill; its name holds the time, so that names sort by it. */
export function isProofFile(file: string): boolean {
  return /^proof-\d{8}T\d{6}Z\.json$/.test(file);
}

/** Where the signature of an object is kept; it is written first, so that what must be signed is never seen without. */
export function signatureKey(key: string): string {
  return `${key}.sig`;
}

/** Whether a file of a backup's folder is a signature of another one. */
export function isSignatureFile(file: string): boolean {
  const of = file.endsWith('.sig') ? file.slice(0, -'.sig'.length) : '';
  return of === fileNames.manifest || of === fileNames.guide || isProofFile(of);
}

/**
 * A database's name as one component of a key: percent-encoded where it is not plain ASCII, so that it can be read back
 * from the key, cannot climb out of its folder and suits every store and shell.
 */
export function encodeDatabaseName(database: string): string {
  const encoded = encodeURIComponent(database).replace(/[!'()*~]/g, percent);
  return /^\.+$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
}

/** The reverse of {@link encodeDatabaseName}, or undefined for a component that it cannot have made. */
export function decodeDatabaseName(component: string): string | undefined {
  try {
    const database = decodeURIComponent(component);
    return database !== '' && encodeDatabaseName(database) === component ? database : undefined;
  } catch {
    return undefined;
  }
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** The folder of all backups of a database, with its slash. */
export function databaseFolder(database: string): string {
  return `${encodeDatabaseName(database)}/`;
}

/** The folder of one backup, with its slash. */
export function backupFolder(database: string, id: string): string {
  return `${databaseFolder(database)}${id}/`;
}

/** What a key below the store's root belongs to, or undefined for a key that is none of ours. */
export function parseKey(key: string): { database: string; id: string; file: string } | undefined {
  const [component, id, file, ...rest] = key.split('/');
  if (component === undefined || id === undefined || file === undefined || file === '' || rest.length > 0)
    return undefined;
  const database = decodeDatabaseName(component);
  if (database === undefined || timeOfId(id) === undefined) return undefined;
  return { database, id, file };
}
