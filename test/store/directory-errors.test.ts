import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Failure, type FailureKind } from '../../src/errors.ts';
import { toDirectoryFailure } from '../../src/store/directory-errors.ts';

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: as node words it`), { code, syscall });
}

describe('an error of the file system', () => {
  const table: readonly [string, string, FailureKind, RegExp, boolean][] = [
    ['ENOSPC', 'write', 'store', /could not store x: no space left$/, true],
    ['EDQUOT', 'write', 'store', /could not store x: no space left$/, true],
    ['EACCES', 'open', 'denied', /could not store x: permission denied$/, false],
    ['EPERM', 'mkdir', 'denied', /could not store x: permission denied$/, false],
    ['EROFS', 'open', 'store', /could not store x: the file system is read-only$/, false],
    ['ENOENT', 'open', 'store', /could not store x: no such file$/, true],
    ['ENOTDIR', 'open', 'config', /could not store x: a part of the path is not a folder$/, false],
    ['EEXIST', 'mkdir', 'config', /could not store x: a part of the path is not a folder$/, false],
    ['EEXIST', 'link', 'store', /could not store x: a file of that name already exists$/, true],
    ['EIO', 'read', 'store', /could not store x: EIO in read$/, true],
    ['EIO', 'fsync', 'store', /could not store x: EIO in fsync$/, true],
  ];
  for (const [code, syscall, kind, told, retryable] of table) {
    it(`${code} in ${syscall} is a failure of kind ${kind}`, () => {
      const cause = systemError(code, syscall);
      const failure = toDirectoryFailure(cause, 'could not store x');
      assert.ok(failure instanceof Failure);
      assert.equal(failure.kind, kind);
      assert.match(failure.message, told);
      assert.equal(failure.retryable, retryable);
      assert.equal(failure.cause, cause);
    });
  }

  it('says of a missing right whose it has to be, for reading and for writing', () => {
    const failure = toDirectoryFailure(systemError('EACCES', 'open'), 'could not read x');
    assert.ok(failure instanceof Failure);
    assert.equal(failure.message, 'could not read x: permission denied');
    assert.equal(failure.hint, 'Give the user that this runs as the right to read and write there.');
  });

  it('is left alone when it is none', () => {
    for (const other of [new Error('a bug'), new Failure('dump', 'pg_dump ended with code 1'), 'text', undefined]) {
      assert.equal(toDirectoryFailure(other, 'could not store x'), other);
    }
  });
});
