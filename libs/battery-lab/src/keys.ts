import type { Key } from '#kernel/decider.js';

/** A claimed key of texts: those that differ in case or spaces only are the same. */
export const textKey = (kind: string, ...texts: readonly string[]): Key => ({
  kind,
  value: JSON.stringify(
    texts.map((text) => text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()),
  ),
});
