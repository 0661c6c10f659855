import { describe, expect, it } from '@jest/globals';

import { Refusal } from '#kernel/refusal.js';

import { parseAsOf } from './as-of.js';

describe('asOf', () => {
  it('is a time with zone or a position', () => {
    expect(parseAsOf('2026-02-11T08:00:00Z')).toEqual({ at: new Date('2026-02-11T08:00:00Z') });
    expect(parseAsOf('2026-02-11T08:00:00.250+02:00')).toEqual({
      at: new Date('2026-02-11T06:00:00.250Z'),
    });
    expect(parseAsOf('@4711')).toEqual({ position: { commit: 4711n, prepare: 4711n } });
  });

  it.each([
    '',
    'yesterday',
    '2026-02-11',
    '2026-02-11T08:00:00',
    '2026-02-31T25:00:00Z',
    '@',
    '@-1',
    '@1.5',
    '@99999999999999999999',
    '4711',
  ])('refuses "%s" and says what is expected', (text) => {
    const refused = (): unknown => parseAsOf(text);
    expect(refused).toThrow(Refusal);
    expect(refused).toThrow(
      expect.objectContaining({
        code: 'AS_OF_INVALID',
        kind: 'invalid',
        details: {
          errors: [
            { pointer: '?asOf', reason: expect.stringContaining('expected an ISO 8601 time') },
          ],
        },
      }),
    );
  });
});
