import { Type } from 'typebox';

// Parts of the schemas of this context's events. What is written here is a promise to consumers.

/** The published list that says so. */
export const fromList = {
  list: Type.Optional(
    Type.String({
      description:
        'The published list that the fact is from, such as `cec-batteries`. Absent: a person or a program said it.',
    }),
  ),
};

export const entityCode = (description: string) =>
  Type.String({ pattern: '^[A-Z0-9]{2,6}$', description });

export const prodCode = (description: string) =>
  Type.String({
    pattern: '^[A-Z0-9]{2,6}-[A-Z0-9_]+(-[0-9]+)?$',
    maxLength: 50,
    description,
  });

/** Numbers travel as they were written: a JSON number would lose trailing zeros and digits. */
export const decimalPattern = '^-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,18})?$';
