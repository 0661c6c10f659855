import { keyIdOf } from '#kernel/ids.js';

/** Stored literal: a claim on a key was lost because its owner did not hold the key when somebody else asked. */
export const keyForfeited = 'KeyForfeited';

export interface KeyForfeitedData {
  readonly kind: string;
  readonly value: string;
  /** Revision, in the key's stream, of the claim that was lost. 64-bit, hence a string. */
  readonly claim: string;
}

/** By key id, the newest claim of this owner that was forfeited. */
export type ForfeitedKeys = ReadonlyMap<string, bigint>;

export const noKeys: ForfeitedKeys = new Map();

export const evolveKeys = (
  forfeited: ForfeitedKeys,
  data: Readonly<Record<string, unknown>>,
): ForfeitedKeys => {
  const { kind, value, claim } = data as unknown as KeyForfeitedData;
  return new Map(forfeited).set(keyIdOf(kind, value), BigInt(claim));
};
