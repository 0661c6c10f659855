import { type Static, Type } from 'typebox';

import { choice, closed, text } from '#kernel/schema.js';

import { type Field, fields } from './fields.js';
import type { FileLayout } from './layouts.js';

const fieldNames = Object.keys(fields) as Field[];

/** What the columns of a file are, where it is in no layout that is known. */
export const FileMapping = closed({
  columns: Type.Array(
    closed({
      column: Type.String({
        minLength: 1,
        description: 'Title as it stands in the file, with its unit or without.',
      }),
      as: choice(fieldNames, 'What the column is.'),
      unit: Type.Optional(
        text(
          'Unit where the title says none, such as `mA` or `h`; of a clock in numbers `excel-days`, `matlab-days` or `unix-s`.',
        ),
      ),
      optional: Type.Optional(
        Type.Boolean({ description: 'Whether the file may lack the column.' }),
      ),
    }),
    { minItems: 3 },
  ),
  dateOrder: Type.Optional(choice(['dmy', 'mdy'], 'How dates such as 5/11/2021 are meant.')),
  positiveDischarges: Type.Optional(
    Type.Boolean({ description: 'Whether a positive current discharges.' }),
  ),
});
export type FileMapping = Static<typeof FileMapping>;

/** The layout that a mapping describes. */
export const layoutOf = ({ columns, dateOrder, positiveDischarges }: FileMapping): FileLayout => ({
  name: 'mapping',
  title: 'a file with the columns of the mapping',
  columns: Object.fromEntries(
    columns.map(({ column, as, unit, optional }) => [
      as,
      {
        names: [
          column
            .replace(/[_\s]+/g, ' ')
            .trim()
            .toLowerCase(),
        ],
        ...(unit !== undefined && { unit }),
        ...(optional !== true && { required: true as const }),
      },
    ]),
  ),
  ...(dateOrder && { dateOrder }),
  ...(positiveDischarges !== undefined && { positiveDischarges }),
});
