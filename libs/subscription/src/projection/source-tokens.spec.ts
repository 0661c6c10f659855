import { describe, expect, it } from 'vitest';

import { makesRowsOf } from './projection-hash.js';
import { tokensOf } from './source-tokens.js';

const sql = (text: string): string[] => tokensOf('table.sql', text);
const script = (text: string): string[] => tokensOf('projector.ts', text);

describe('what counts of a table.sql', () => {
  it.each([
    ['create table a (b int);', 'create  table a (\n  b int\n) ;'],
    ['select 1', '-- one\nselect /* not /* nested */ two */ 1 -- end'],
    ["select '--' , 1", "select '--', /* -- */ 1"],
  ])('is not changed from %j to %j', (one, other) => {
    expect(sql(other)).toEqual(sql(one));
  });

  it.each([
    ["select 'a  b'", "select 'a b'"],
    ["select 'a -- b'", "select 'a '"],
    ["select 'it''s /* x */'", "select 'it''s '"],
    ["select E'\\' -- a'", "select E'\\' -- b'"],
    ['select "a -- b"', 'select "a "'],
    ['do $$ -- a\n$$', 'do $$ -- b\n$$'],
    ['do $x$ $$ -- a\n$$ $x$', 'do $x$ $$ -- b\n$$ $x$'],
    ['select a - -1', 'select a --1\n'],
    ['select 1 /* a */ + 2', 'select 1 /* a + 2'],
    ['select $1', 'select $2'],
    ['a int', 'aint'],
  ])('is changed from %j to %j', (one, other) => {
    expect(sql(other)).not.toEqual(sql(one));
  });
});

describe('what counts of a projector', () => {
  it.each([
    ['f(a, b);', '// A comment.\nf(\n  a,\n  b,\n); /* Another. */'],
    [
      'const a = 1;',
      "import { b } from './b.js';\nimport type { C } from '#c.js';\n\nconst a = 1;",
    ],
    ['f(`a\n  b`);', 'f(\n  `a\n    b`,\n);'],
    ['f(/[/*]"/g, b);', 'f(/[/*]"/g /* b */, b);'],
    ['const a = b / c; f("/");', 'const a = b / c; // d\nf("/");'],
  ])('is not changed from %j to %j', (one, other) => {
    expect(script(other)).toEqual(script(one));
  });

  it.each([
    ["f('// a');", "f('// b');"],
    ["f('\\' // a');", "f('\\' // b');"],
    ['f(`// a`);', 'f(`// b`);'],
    ["f(`${g('}')} // a`);", "f(`${g('}')} // b`);"],
    ['f(`${`}`} /* a */`);', 'f(`${`}`} /* b */`);'],
    ['return /[//]a/;', 'return /[//]b/;'],
    ["f(/'/); // '\ng(1);", "f(/'/); // '\ng(2);"],
    ['a + +b;', 'a++ + b;'],
    ["import('./a.js');", "import('./b.js');"],
    ['f(a);', 'f(b);'],
    ['ab;', 'a b;'],
  ])('is changed from %j to %j', (one, other) => {
    expect(script(other)).not.toEqual(script(one));
  });
});

describe('a build that was made under another hash', () => {
  const sameRows = { hash: 'now', as: ['before'] };

  it('is taken where the sources as they are make its rows', () => {
    expect(makesRowsOf({}, 'now', 'now')).toBe(true);
    expect(makesRowsOf({ sameRows }, 'now', 'before')).toBe(true);
  });

  it('is refused where they were changed since, or are of another one', () => {
    expect(makesRowsOf({ sameRows }, 'changed', 'before')).toBe(false);
    expect(makesRowsOf({ sameRows }, 'now', 'another')).toBe(false);
    expect(makesRowsOf({}, 'now', 'before')).toBe(false);
  });
});
