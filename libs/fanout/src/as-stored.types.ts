import { Type } from 'typebox';

import { asStored } from './as-stored.js';

// What the compiler must refuse. Checked by `npm run typecheck`, which fails where one of these compiles; never run.

interface Weighed {
  readonly mass: string;
  readonly note?: string;
}
const example: Weighed = { mass: '1.50' };
const named = { name: 'voltrace.example.Weighed.v1', summary: 'Weighed.', example };
const mass = Type.String();
const note = Type.Optional(Type.String());

export const refused = [
  // @ts-expect-error -- an optional member is not decided on
  () => asStored({ ...named, schema: Type.Object({ mass }) }),
  // @ts-expect-error -- a member is of another type
  () => asStored({ ...named, schema: Type.Object({ mass: Type.Number(), note }) }),
  // @ts-expect-error -- what may be absent is required
  () => asStored({ ...named, schema: Type.Object({ mass, note: Type.String() }) }),
  // @ts-expect-error -- a member that is not stored
  () => asStored({ ...named, schema: Type.Object({ mass, note, unit: Type.String() }) }),
];
