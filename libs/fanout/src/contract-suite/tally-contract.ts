import { Type } from 'typebox';

import type { DomainEvent } from '#kernel/event.js';

import { type Contract, publishes } from '../contract.js';

/** What the tests publish. `kill`, `fail` and `freeze` tell the tests' handler what to do with it. */
export interface CountedData {
  readonly value: number;
  readonly does?: 'fail' | 'kill' | 'freeze' | 'wait';
}

type Counted = DomainEvent<'Counted', CountedData>;
type Noted = DomainEvent<'Noted', Record<string, never>>;

/** A context of the tests: one kind of fact, one private event. */
export const tallyContract: Contract = {
  context: 'tally',
  topic: 'voltrace.tally.v1',
  partitions: 3,
  summary: 'What was counted.',
  categories: [
    publishes<Counted | Noted>({
      types: { category: 'tally', events: { Counted: true, Noted: true } },
      messages: {
        Counted: {
          name: 'voltrace.tally.Counted.v1',
          summary: 'Something was counted.',
          schema: Type.Object({ value: Type.Number() }),
          publish: (data) => data,
          example: { value: 1 },
        },
        Noted: 'private',
      },
    }),
  ],
};

export const tallyTopic = tallyContract.topic;
