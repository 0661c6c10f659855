import type { FactLayout } from './fact-layout.js';
import { notManufacturerCodes } from './known-lists.js';

/** Stored with the facts that a list of entity codes asserts. */
export const entityCodesList = 'entity-codes';

/**
 * Published manufacturer codes: the code, the manufacturer's name and, in the longer form, the
 * spelling that the CEC uses for it.
 */
export const entityCodes = {
  name: entityCodesList,
  title: 'a list of manufacturer codes',
  others: notManufacturerCodes,
  columns: {
    code: { names: ['entitycode', 'entity code', 'code'], required: true, fact: '/code' },
    name: {
      names: ['prodmfr_value', 'prodmfr_value__cleaned', 'manufacturer', 'name'],
      required: true,
      fact: '/name',
    },
    alias: { names: ['prodmfr_value__cec', 'alias', 'cec manufacturer'] },
  },
} as const satisfies FactLayout;

export type EntityCodeColumn = keyof typeof entityCodes.columns;
