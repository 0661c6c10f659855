import fc from 'fast-check';
import { v5 } from 'uuid';
import { describe, expect, it } from 'vitest';

import { contentIdOf } from './ids.js';

const namespace = '5f1f3c5e-6f0b-5a44-9a0e-6c1f0f6f7e21';

describe('a derived id', () => {
  it('is the UUID of version 5 that the library makes of the same name', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(text, fc.array(text), (kind, parts) => {
        const name = JSON.stringify([kind, ...parts]);
        expect(contentIdOf(kind, ...parts)).toBe(v5(name, namespace));
      }),
    );
  });

  it('never changes', () => {
    expect(contentIdOf('import', 'file')).toBe('a13aa22d-b206-562b-9ad8-c20964fb2b89');
  });
});
