import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { closed, id, name, orNull, text } from '#kernel/schema.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const formulaCategory = 'formula';

const version = Type.Integer({ minimum: 1, description: 'Counts the definitions of the formula.' });
const definition = {
  version,
  expression: name('The expression, as it was written.'),
  unit: orNull(text('Unit of its values; null where it has none or nobody said.')),
  description: text('What it stands for; empty where nobody said.'),
  devices: Type.Optional(
    Type.Record(Type.String(), id('The device.'), {
      description:
        'The devices that it names, by these names: they are meant whatever they are called later, as long as they are at the site. Else, and for others, whichever has the name.',
    }),
  ),
};

export const formulaEvents = eventTypes({
  FormulaDefined: {
    about: 'A series of a site that is computed from others.',
    data: closed({
      siteId: id('The site.'),
      name: name('Letter first, then letters, digits and underscores; unique within the site.'),
      ...definition,
    }),
    example: {
      siteId: '0a5f0f59-6a51-5f50-8a6e-9a0f6f3f7b11',
      name: 'solar',
      version: 1,
      expression: 'pos(egauge.A.Solar)',
      unit: 'kW',
      description: 'Power of the panels',
    },
  },
  FormulaRevised: {
    about: 'The formula is computed in another way; what it was before can still be asked for.',
    data: closed(definition),
    example: {
      version: 2,
      expression: 'pos(egauge.A.Solar) * 0.98',
      unit: 'kW',
      description: 'Power of the panels behind the inverter',
      devices: { egauge: '8a5f0f59-6a51-4f50-8a6e-9a0f6f3f7b22' },
    },
  },
  FormulaWithdrawn: {
    about: 'The formula is not used any more.',
    data: closed({}),
    example: {},
  },
});

export type FormulaEvent = EventOf<typeof formulaEvents>;
