import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { keyText, newSecret, parseKeyText, secretHash, secretMatches } from './secret.js';

describe('the text of a key', () => {
  it('holds the id and 256 random bits', () => {
    const key = { id: randomUUID(), secret: newSecret() };
    expect(parseKeyText(keyText(key))).toEqual(key);
    expect(Buffer.from(key.secret, 'base64url')).toHaveLength(32);
    expect(newSecret()).not.toBe(key.secret);
  });

  it.each(['', 'vt_', 'vt_xyz_abc', `vt_${'0'.repeat(32)}_${'A'.repeat(42)}`, 'Bearer vt_'])(
    'is not "%s"',
    (text) => {
      expect(parseKeyText(text)).toBeUndefined();
    },
  );
});

describe('a secret', () => {
  it('matches its own hash only', () => {
    const secret = newSecret();
    expect(secretMatches(secret, secretHash(secret))).toBe(true);
    expect(secretMatches(newSecret(), secretHash(secret))).toBe(false);
    expect(secretMatches(secret, '')).toBe(false);
    expect(secretMatches(secret, 'not hex at all')).toBe(false);
  });
});
