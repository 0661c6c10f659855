import { Type } from 'typebox';

import type { DeepReadonly } from '#kernel/event-types.js';
import { type FieldError, Refusal } from '#kernel/refusal.js';
import { choice, closed } from '#kernel/schema.js';

import type { Battery } from '../battery/document.js';
import { polarities } from '../battery/events.js';
import { range, rangeErrors } from '../ranges.js';

/** What is filled into a redox flow battery for one experiment. */
export const electrolyteSchema = closed({
  polarity: choice(polarities, 'Side that it flows on.'),
  volumeL: Type.Number({ exclusiveMinimum: 0, description: 'In L.' }),
  initialStateOfCharge: Type.Number({
    ...{ minimum: 0, maximum: 1 },
    description: 'At the start, from 0 (empty) to 1 (full).',
  }),
  flowLPerMin: range('Least and greatest flow of the experiment, in L/min.'),
});
export type Electrolyte = DeepReadonly<Type.Static<typeof electrolyteSchema>>;

/** Throws where these are not the electrolytes of an experiment with this battery. */
export const requireElectrolytes = (
  electrolytes: readonly Electrolyte[],
  { technology, redoxFlow }: Pick<Battery, 'technology' | 'redoxFlow'>,
): void => {
  const errors = redoxFlow
    ? ofStack(electrolytes, redoxFlow)
    : electrolytes.length > 0
      ? [{ pointer: '/electrolytes', reason: `expected none for ${technology}` }]
      : [];
  if (errors.length === 0) return;
  const message = 'the battery is not tested with these electrolytes';
  throw new Refusal('ELECTROLYTES_INVALID', 'unprocessable', message, { errors });
};

const ofStack = (
  electrolytes: readonly Electrolyte[],
  { electrolytes: pumps }: NonNullable<Battery['redoxFlow']>,
): readonly FieldError[] => {
  if (electrolytes.length === 0) {
    const reason = 'expected the electrolytes of the redox flow battery';
    return [{ pointer: '/electrolytes', reason }];
  }
  return electrolytes.flatMap(({ polarity, flowLPerMin }, at) => {
    const own = `/electrolytes/${String(at)}`;
    const isSecond = electrolytes.findIndex((one) => one.polarity === polarity) < at;
    const pump = pumps.find((one) => one.polarity === polarity);
    return [
      ...(isSecond
        ? [{ pointer: `${own}/polarity`, reason: 'expected at most one for each polarity' }]
        : []),
      // Where the battery says what its pumps may do, it says so of every side.
      ...(pumps.length > 0 && !pump
        ? [{ pointer: `${own}/polarity`, reason: 'expected a side that the battery has' }]
        : []),
      ...rangeErrors(own, { flowLPerMin }),
      ...(pump ? beyondPump(flowLPerMin, pump.flowLPerMin, `${own}/flowLPerMin`) : []),
    ];
  });
};

type Flow = Electrolyte['flowLPerMin'];

const beyondPump = (flow: Flow, pump: Flow, pointer: string): readonly FieldError[] => [
  ...(flow.min < pump.min
    ? [{ pointer: `${pointer}/min`, reason: `expected at least ${String(pump.min)} L/min` }]
    : []),
  ...(flow.max > pump.max
    ? [{ pointer: `${pointer}/max`, reason: `expected at most ${String(pump.max)} L/min` }]
    : []),
];
