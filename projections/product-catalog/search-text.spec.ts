import { describe, expect, it } from 'vitest';

import { containing, folded, searchTextOf, searchWords } from './search-text.js';

describe('searched text', () => {
  it('looks the same in any case, width and white space', () => {
    expect(folded('  SMILE\u00a0 BAT\n５ ')).toBe('smile bat 5');
  });

  it('keeps fields apart, so that no word spans two of them', () => {
    expect(searchTextOf(['A B', null, '', 'C\nD'])).toBe('a b\nc d');
  });

  it('is searched word by word, each once', () => {
    expect(searchWords(' Alpha  bat alpha ')).toEqual(['alpha', 'bat']);
    expect(searchWords('   ')).toEqual([]);
  });

  it('takes wildcards for what they are written as', () => {
    expect(containing('50%_\\')).toBe('%50\\%\\_\\\\%');
  });
});
