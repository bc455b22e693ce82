import { Failure } from '../errors.ts';

/** True for an error of the file system with one of these codes. */
export function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && codes.includes(String((error as NodeJS.ErrnoException).code));
}

/** For `catch`: lets errors of the file system with one of these codes pass as undefined, and throws all others. */
export function ignore(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (!isCode(error, ...codes)) throw error;
  };
}

/** The Failure that tells of an error of the file system. Anything else is returned as it is. */
export function toDirectoryFailure(error: unknown, what: string): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new Failure('store', `${what}: no space left`, {
        cause: error,
        hint: 'Free some space, or enlarge the volume.',
      });
    case 'EEXIST':
      if (syscall === 'mkdir') return notAFolder(what, error);
      return new Failure('store', `${what}: a file of that name already exists`, { cause: error });
    case 'EACCES':
    case 'EPERM':
      return new Failure('denied', `${what}: permission denied`, {
        cause: error,
        hint: 'Give the user that this runs as the right to read and write there.',
      });
    case 'EROFS':
      return new Failure('store', `${what}: the file system is read-only`, {
        cause: error,
        hint: 'Mount a writable volume there.',
        retryable: false,
      });
    case 'ENOENT':
      return new Failure('store', `${what}: no such file`, { cause: error });
    case 'ENOTDIR':
      return notAFolder(what, error);
    default:
      return new Failure('store', `${what}: ${code} in ${syscall}`, { cause: error });
  }
}

function notAFolder(what: string, cause: Error): Failure {
  return new Failure('config', `${what}: a part of the path is not a folder`, {
    cause,
    hint: 'Correct BACKUP_DESTINATION.',
  });
}
