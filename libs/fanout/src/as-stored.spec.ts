import { describe, expect, it } from '@jest/globals';
import { Type } from 'typebox';

import { asStored } from './as-stored.js';

interface Weighed {
  readonly mass: string;
  readonly note?: string;
}
const example: Weighed = { mass: '1.50' };
const named = { name: 'voltrace.example.Weighed.v1', summary: 'Weighed.', example };
const mass = Type.String();
const note = Type.Optional(Type.String());

describe('a message that says what was stored', () => {
  it('has the members of its schema and no others', () => {
    const { publish } = asStored({ ...named, schema: Type.Object({ mass, note }) });
    expect(publish({ mass: '1.50' })).toStrictEqual({ mass: '1.50' });
    expect(publish({ mass: '1.50', note: 'dry' })).toStrictEqual({ mass: '1.50', note: 'dry' });
    const ofLater = { mass: '1.50', operator: 'somebody' };
    expect(publish(ofLater)).toStrictEqual({ mass: '1.50' });
  });
});
