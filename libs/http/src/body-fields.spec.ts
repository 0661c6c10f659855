import { describe, expect, it } from 'vitest';

import { Refusal } from '#kernel/refusal.js';

import { ChoicesField, TextsField } from './body-fields.js';
import { ReasonedBody } from './command-route.js';
import { BodyValidationPipe } from './validation.js';

import 'reflect-metadata';

class LabelsBody extends ReasonedBody {
  @TextsField(2, 5, { optional: true })
  labels?: string[];

  @ChoicesField(['red', 'green'], { optional: true })
  colours?: string[];
}

const reasonsOf = async (fields: object): Promise<Record<string, string>> => {
  const body = { reason: 'a test', ...fields };
  const done: unknown = await new BodyValidationPipe()
    .transform(body, { type: 'body', metatype: LabelsBody })
    .catch((error: unknown) => error);
  const errors = done instanceof Refusal ? (done.details.errors ?? []) : [];
  return Object.fromEntries(errors.map(({ pointer, reason }) => [pointer, reason]));
};

const labels = 'expected a list of at most 2 texts of 1 to 5 characters without control characters';
const colours = 'expected a list of one or more of red, green, each once';

describe('a refused field', () => {
  it.each([['a'], [['a', 'b', 'c']], [['']], [null]])('says which texts: %j', async (value) => {
    expect(await reasonsOf({ labels: value })).toEqual({ '/labels': labels });
  });

  it.each([['red'], [[]], [['blue']], [['red', 'red']], [['red', 'green', 'blue']]])(
    'says which choices: %j',
    async (value) => {
      expect(await reasonsOf({ colours: value })).toEqual({ '/colours': colours });
    },
  );

  it('says what evidence is', async () => {
    expect(await reasonsOf({ evidence: 5 })).toEqual({
      '/evidence': 'expected an object with sha256, and file and row where known',
    });
    const evidence = { sha256: 'a'.repeat(64), row: 0 };
    expect(await reasonsOf({ evidence })).toEqual({
      '/evidence/row': 'expected the number of a data row, counted from 1',
    });
  });

  it('is none where all are as expected', async () => {
    expect(await reasonsOf({ labels: ['a', 'b'], colours: ['green'] })).toEqual({});
  });
});
