import { createHash } from 'node:crypto';

import { Refusal } from '#kernel/refusal.js';

import type { ListedFact } from './listed-row.js';

/** Characters of a text that are kept; of the rest a hash tells whether it is the same. */
const keptLength = 200;
/** Characters of different facts that are kept of the lists that are compared. */
const maxCharacters = 32 * 1024 * 1024;

/** The facts of lists that are compared, each once in memory: most rows of a list say the same of most things. */
export class SharedFacts {
  private readonly known = new Map<string, ListedFact>();
  private characters = 0;

  constructor(private readonly max = maxCharacters) {}

  /** The same fact as one that was shared before, if there is one. Throws `LISTS_TOO_LARGE`. */
  share({ value, label }: ListedFact): ListedFact {
    const fact = { value: shortened(value), label: shortened(label) };
    const key = JSON.stringify([fact.value, fact.label]);
    const known = this.known.get(key);
    if (known) return known;
    this.characters += key.length;
    if (this.characters > this.max) throw tooLarge(this.max);
    this.known.set(key, fact);
    return fact;
  }
}

const shortened = (text: string | null): string | null => {
  if (text === null || text.length <= keptLength) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${text.slice(0, keptLength)}… (${String(text.length)} characters, SHA-256 ${hash}…)`;
};

const tooLarge = (max: number) =>
  new Refusal(
    'LISTS_TOO_LARGE',
    'unprocessable',
    `the two lists hold more than ${String(max)} characters of different values, which are compared at most`,
  );
