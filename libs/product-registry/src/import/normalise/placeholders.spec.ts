import { describe, expect, it } from 'vitest';

import { isPlaceholder, withoutTextGuard } from './placeholders.js';

describe('a placeholder', () => {
  it.each([
    ...['N/A', 'Not Applicable', 'nan', 'None', 'TBD', ' pending ', '#N/A', '#REF!', '-', '—'],
    ...['####', 'n.a.'],
  ])('is %j', (text) => {
    expect(isPlaceholder(text)).toBe(true);
  });

  it.each(['', ' ', 'N', 'Y', 'UL', 'None Such Energy', 'No Information Submitted', '-5V', '#1'])(
    'is not %j',
    (text) => {
      expect(isPlaceholder(text)).toBe(false);
    },
  );
});

describe('the guard that keeps a spreadsheet from reading a text', () => {
  it.each([
    ['="00123"', '00123'],
    ['="say ""hi"""', 'say "hi"'],
    ["'00123", '00123'],
    ["'=1+1", '=1+1'],
    ['=1+1', '=1+1'],
    ['=HYPERLINK("http://x","y")', '=HYPERLINK("http://x","y")'],
    ["'s Heeren Loo", "'s Heeren Loo"],
    ['-5V-PACK', '-5V-PACK'],
  ])('%j is %j', (raw, text) => {
    expect(withoutTextGuard(raw)).toBe(text);
  });
});
