import { type Static, Type } from 'typebox';

import type { DeepReadonly } from '#kernel/event-types.js';
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
export type FileMapping = DeepReadonly<Static<typeof FileMapping>>;

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

/** What is wrong with a mapping beside its schema: by the index of the column, or -1 for all of them. */
export const mappingProblems = ({
  columns,
}: FileMapping): readonly { readonly column: number; readonly reason: string }[] => {
  const problems = columns.flatMap(({ as }, column) =>
    columns.findIndex((other) => other.as === as) === column
      ? []
      : [{ column, reason: `another column is ${as} already` }],
  );
  const has = (...some: readonly Field[]): boolean => columns.some(({ as }) => some.includes(as));
  if (has('voltage') && has('current') && has('testTime', 'stepTime')) return problems;
  const reason = 'expected columns that are voltage, current, and testTime or stepTime';
  return [...problems, { column: -1, reason }];
};
