import { pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Repeated hashing slows down who guesses words of people. These secrets are 256 random bits, which nobody
 * guesses at any speed, while a broker verifies every connection: so it is as little as Mosquitto itself uses.
 */
const iterations = 101;
/** What Mosquitto 2 reads: a salt of 12 bytes and a hash of 64. */
const saltBytes = 12;
const hashBytes = 64;
/** A verifier that somebody else made must not hold up the process that checks it. */
const maxIterations = 1_000_000;

const shape = /^\$7\$([1-9]\d{0,6})\$([A-Za-z\d+/]+={0,2})\$([A-Za-z\d+/]+={0,2})$/;

export const newDeviceSecret = (): string => randomBytes(32).toString('base64url');

/** What is stored of a secret, as a password file of Mosquitto has it: `$7$<iterations>$<salt>$<hash>`. */
export const verifierOf = (secret: string): string => {
  const salt = randomBytes(saltBytes);
  const hash = hashOf(secret, salt, iterations);
  return `$7$${String(iterations)}$${salt.toString('base64')}$${hash.toString('base64')}`;
};

/** In constant time. False for a verifier of another form. */
export const fitsVerifier = (secret: string, verifier: string): boolean => {
  const [, times = '0', salt = '', kept = ''] = shape.exec(verifier) ?? [];
  const hash = Buffer.from(kept, 'base64');
  if (hash.length !== hashBytes || Number(times) > maxIterations) return false;
  return timingSafeEqual(hashOf(secret, Buffer.from(salt, 'base64'), Number(times)), hash);
};

const hashOf = (secret: string, salt: Buffer, times: number): Buffer =>
  pbkdf2Sync(secret, salt, times, hashBytes, 'sha512');
