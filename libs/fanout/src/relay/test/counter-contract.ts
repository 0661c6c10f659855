import Type from 'typebox';

import { counterDecider, type CounterEvent } from '#event-log/counter.fixture.js';
import { type Contract, publishes } from '#kernel/contract.js';

/** The smallest contract: one published type, one private. */
const contractOf = (context: string): Contract => ({
  context,
  topic: `voltrace.${context}.v1`,
  partitions: 3,
  summary: 'Counters of the tests.',
  categories: [
    publishes<CounterEvent>({
      types: { category: context, events: counterDecider.events },
      messages: {
        Counted: {
          name: `voltrace.${context}.Counted.v1`,
          summary: 'Something was counted.',
          schema: Type.Object({ by: Type.Number() }),
          publish: (data) => data,
          example: { by: 1 },
        },
        CounterNamed: 'private',
      },
    }),
  ],
});

export const counterContract = contractOf('counter');
/** Of another context, for a topic that comes later. */
export const gaugeContract = contractOf('gauge');
