import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';

import { asStored } from './as-stored.js';
import { eventTypes } from './event-types.js';
import { closed, text } from './schema.js';

const data = closed({ mass: text('In kilograms.'), note: Type.Optional(text('As written.')) });
const declared = { about: 'Something was weighed.', data, example: { mass: '1.50' } } as const;
const { messages } = asStored('lab', {
  category: 'scale',
  events: eventTypes({
    Weighed: declared,
    'Weighed.v2': declared,
    Tared: { about: 'Set to zero.', data: closed({}), example: {}, private: true },
  }),
});
const { Weighed: weighed } = messages;

describe('a message that says what was stored', () => {
  it('has the members of its schema and no others', () => {
    if (weighed === undefined || weighed === 'private') throw new Error('expected a message');
    expect(weighed.publish({ mass: '1.50' })).toStrictEqual({ mass: '1.50' });
    const noted = { mass: '1.50', note: 'dry' };
    expect(weighed.publish(noted)).toStrictEqual(noted);
    const ofLater = { mass: '1.50', operator: 'somebody' };
    expect(weighed.publish(ofLater)).toStrictEqual({ mass: '1.50' });
  });

  it('is named by its context, its stored type and a version', () => {
    expect(weighed).toMatchObject({ name: 'voltrace.lab.Weighed.v1' });
    expect(messages['Weighed.v2']).toMatchObject({ name: 'voltrace.lab.Weighed.v2' });
  });

  it('is none where its event is declared private', () => {
    expect(messages['Tared']).toBe('private');
  });
});
