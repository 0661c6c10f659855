import { Type } from 'typebox';

import { asStored } from '#fanout/as-stored.js';
import type { PublishedCategory } from '#fanout/contract.js';

import { closed, entityCode, id, name, orNull } from '../published-parts.js';
import { manufacturerDecider } from './decider.js';
import type { ManufacturerEvent } from './events.js';
import { manufacturerEventExamples as examples } from './examples.js';

/** What others are told of manufacturers. The names are permanent. */
export const publishedManufacturers: PublishedCategory<ManufacturerEvent> = {
  types: manufacturerDecider,
  messages: {
    ManufacturerRegistered: asStored({
      name: 'voltrace.product-registry.ManufacturerRegistered.v1',
      summary: 'A maker of products is known, under this name.',
      schema: closed({ name: name('As it is shown.') }),
      example: examples.ManufacturerRegistered.data,
    }),
    ManufacturerAliasAdded: asStored({
      name: 'voltrace.product-registry.ManufacturerAliasAdded.v1',
      summary: 'The maker is also known under this name.',
      schema: closed({ alias: name('Another name or spelling of the maker.') }),
      example: examples.ManufacturerAliasAdded.data,
    }),
    EntityCodeIssued: asStored({
      name: 'voltrace.product-registry.EntityCodeIssued.v1',
      summary:
        'The maker has an EntityCode, with which the codes of its products begin from now on.',
      schema: closed({
        code: entityCode('The code in force.'),
        previous: orNull(entityCode('The code until now.')),
        rule: Type.Union(
          [Type.Literal('published'), Type.Literal('derived'), Type.Literal('manual')],
          {
            description:
              '`published`: from a list of codes; `derived`: by rule from the name; `manual`: a person chose it.',
          },
        ),
      }),
      example: examples.EntityCodeIssued.data,
    }),
    ManufacturerMerged: asStored({
      name: 'voltrace.product-registry.ManufacturerMerged.v1',
      summary:
        'The maker is another name of a maker that answers for its names and products from now on.',
      schema: closed({ into: id('The maker that answers.') }),
      example: examples.ManufacturerMerged.data,
    }),
    ManufacturerAbsorbed: asStored({
      name: 'voltrace.product-registry.ManufacturerAbsorbed.v1',
      summary:
        'The maker answers for another one. Comes before that one’s ManufacturerMerged, and means nothing without it.',
      schema: closed({ manufacturerId: id('The maker that is answered for.') }),
      example: examples.ManufacturerAbsorbed.data,
    }),
  },
};
