import { Type } from 'typebox';

import { type EventOf, eventTypes } from '#kernel/event-types.js';
import { choice, closed, date, id, name, orNull } from '#kernel/schema.js';

import { entityCode } from '../schemas.js';

// The names below are the storage format, and public: the AsyncAPI document is made of them.

export const manufacturerCategory = 'manufacturer';
export const manufacturerStream = (id: string): string => `${manufacturerCategory}-${id}`;

const other = '0d4b3a4e-5a0c-5f5b-8a5c-000000000005';

export const manufacturerEvents = eventTypes({
  ManufacturerRegistered: {
    about: 'A manufacturer of products is known, under this name.',
    data: closed({ name: name('As it is shown.') }),
    example: { name: 'Discover Energy Corp.' },
  },
  ManufacturerAliasAdded: {
    about: 'The manufacturer is also known under this name.',
    data: closed({ alias: name('Another name or spelling of the manufacturer.') }),
    example: { alias: 'Discover Energy Systems Corp.' },
  },
  EntityCodeIssued: {
    about:
      'The manufacturer has an EntityCode, with which the codes of its products begin from now on.',
    data: closed({
      code: entityCode('The code in force.'),
      previous: orNull(entityCode('The code until now.')),
      rule: choice(
        ['published', 'derived', 'manual'],
        '`published`: from a list of codes; `derived`: by rule from the name; `manual`: a person chose it.',
      ),
      asOf: Type.Optional(
        date('The date of the list that says so. Absent: the list has none, or no list says so.'),
      ),
    }),
    example: { code: 'DISCE', previous: 'DISCO', rule: 'published', asOf: '2025-06-10' },
  },
  EntityCodeListed: {
    about:
      'A newer list of codes says the code in force again. Lists that are older than it give the manufacturer no other code from now on.',
    data: closed({
      code: entityCode('The code in force.'),
      asOf: date('The list’s own date.'),
    }),
    example: { code: 'DISCE', asOf: '2026-02-11' },
  },
  ManufacturerMerged: {
    about:
      'The manufacturer is another name of one that answers for its names and products from now on.',
    data: closed({ into: id('The manufacturer that answers.') }),
    example: { into: other },
  },
  ManufacturerAbsorbed: {
    about:
      'The manufacturer answers for another one. Comes before that one’s ManufacturerMerged, and means nothing without it.',
    data: closed({ manufacturerId: id('The manufacturer that is answered for.') }),
    example: { manufacturerId: other },
  },
});

export type ManufacturerEvent = EventOf<typeof manufacturerEvents>;
