import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What the bearer sends: the key's id, to find it, and 256 random bits, to prove it. */
export interface KeyText {
  readonly id: string;
  readonly secret: string;
}

const shape = /^vt_([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})_([\w-]{43})$/;

export const newSecret = (): string => randomBytes(32).toString('base64url');

export const secretHash = (secret: string): string =>
  createHash('sha256').update(secret).digest('hex');

/** `vt_<id in hex>_<secret in base64url>`: recognisable, so that scanners find a leaked one. */
export const keyText = ({ id, secret }: KeyText): string =>
  `vt_${id.replaceAll('-', '')}_${secret}`;

/** Undefined for anything that is not the text of a key. */
export const parseKeyText = (text: string): KeyText | undefined => {
  const [, ...parts] = shape.exec(text) ?? [];
  const secret = parts.pop();
  return secret === undefined ? undefined : { id: parts.join('-'), secret };
};

/** In constant time. */
export const secretMatches = (secret: string, secretSha256: string): boolean => {
  const given = Buffer.from(secretHash(secret), 'hex');
  const kept = Buffer.from(secretSha256, 'hex');
  return kept.length === given.length && timingSafeEqual(given, kept);
};
