import { Type } from 'typebox';

import { type EventOf, eventTypes } from './event-types.js';
import { closed, text } from './schema.js';

// What the compiler must refuse. Checked by `npm run typecheck`, which fails where one of these compiles; never run.

const about = 'Something was weighed.';
const data = closed({ mass: text('In kilograms.'), note: Type.Optional(text('As written.')) });
const _events = eventTypes({ Weighed: { about, data, example: { mass: '1.50' } } });
type Weighed = EventOf<typeof _events>;

export const refused = [
  // @ts-expect-error -- an example without a required member
  () => eventTypes({ Weighed: { about, data, example: { note: 'dry' } } }),
  // @ts-expect-error -- an example with a member of another type
  () => eventTypes({ Weighed: { about, data, example: { mass: 1.5 } } }),
  // @ts-expect-error -- a type that is not declared
  (): Weighed => ({ type: 'Tared', data: { mass: '1.50' } }),
  // @ts-expect-error -- data that is not declared
  (): Weighed => ({ type: 'Weighed', data: { mass: '1.50', unit: 'kg' } }),
  // @ts-expect-error -- an optional member is absent, not undefined
  (): Weighed => ({ type: 'Weighed', data: { mass: '1.50', note: undefined } }),
];
