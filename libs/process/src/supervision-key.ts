import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import { createPrivateFile, readSecretFile } from '#embedded/files.js';

import { InvalidConfiguration } from './config.js';

const shortest = 32;
/** Of the mode: an orchestrator mounts secrets readable to a group, but nobody else writes them. */
const closed = 0o022;

/**
 * Whether the `Authorization` header of a request holds the key in `file`, which is made (mode 600)
 * where there is none. Without a file nobody holds it.
 *
 * Throws `InvalidConfiguration` for a file without a key, `NeedsOperator` for one that others may write.
 */
export const supervisionKey = (
  file: string | undefined,
): ((authorization: string | undefined) => boolean) => {
  if (file === undefined) return () => false;
  const expected = digest(keyIn(file));
  return (authorization) => {
    const [, given] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
};

const keyIn = (file: string): string => {
  if (readSecretFile(file, closed) === undefined) {
    createPrivateFile(file, `${randomBytes(32).toString('base64url')}\n`);
  }
  const key = readSecretFile(file, closed)?.trim() ?? '';
  if (key.length >= shortest && !/\s/.test(key)) return key;
  throw new InvalidConfiguration(
    `SUPERVISION_KEY_FILE is "${file}"; expected: a file with a key of at least ${String(shortest)} characters, or none`,
  );
};

/** Of equal length, whatever was given. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
