import { describe, expect, it } from 'vitest';

import { type Refusal } from '#kernel/refusal.js';

import type { Battery } from '../battery/document.js';
import { type Electrolyte, requireElectrolytes } from './electrolytes.js';

const stack: Pick<Battery, 'technology'> & {
  readonly redoxFlow: NonNullable<Battery['redoxFlow']>;
} = {
  technology: 'redoxFlow',
  redoxFlow: {
    ...{ electrodeAreaM2: 0.04, electrode: null, bipolarPlate: 'graphite', membrane: 'nafion' },
    electrolytes: (['positive', 'negative'] as const).map((polarity) => ({
      ...{ polarity, volumeL: 20, flowLPerMin: { min: 0.1, max: 1 } },
    })),
  },
};
const filled: Electrolyte = {
  ...{ polarity: 'positive', volumeL: 15, initialStateOfCharge: 0.5 },
  flowLPerMin: { min: 0.2, max: 0.8 },
};
const wrongIn = (
  electrolytes: readonly Electrolyte[],
  battery: Parameters<typeof requireElectrolytes>[1] = stack,
): readonly string[] => {
  try {
    requireElectrolytes(electrolytes, battery);
    return [];
  } catch (error) {
    expect((error as Refusal).code).toBe('ELECTROLYTES_INVALID');
    return ((error as Refusal).details.errors ?? []).map(({ pointer }) => pointer);
  }
};

describe('the electrolytes of an experiment', () => {
  it('are those of a redox flow battery, one for each side, and of no other battery', () => {
    expect(wrongIn([filled, { ...filled, polarity: 'negative' }])).toEqual([]);
    expect(wrongIn([])).toEqual(['/electrolytes']);
    expect(wrongIn([filled, filled])).toEqual(['/electrolytes/1/polarity']);
    const lithium = { technology: 'lithium', redoxFlow: null } as const;
    expect(wrongIn([], lithium)).toEqual([]);
    expect(wrongIn([filled], lithium)).toEqual(['/electrolytes']);
  });

  it('flow as the pumps of the battery may', () => {
    const flow = (min: number, max: number) => [{ ...filled, flowLPerMin: { min, max } }];
    expect(wrongIn(flow(0.1, 1))).toEqual([]);
    expect(wrongIn(flow(0.05, 1.5))).toEqual([
      ...['/electrolytes/0/flowLPerMin/min', '/electrolytes/0/flowLPerMin/max'],
    ]);
    expect(wrongIn(flow(0.5, 0.5))).toEqual(['/electrolytes/0/flowLPerMin/max']);
    const unknown = { ...stack, redoxFlow: { ...stack.redoxFlow, electrolytes: [] } };
    expect(wrongIn(flow(0.05, 1.5), unknown)).toEqual([]);
    const oneSided = { ...stack.redoxFlow, electrolytes: stack.redoxFlow.electrolytes.slice(1) };
    expect(wrongIn([filled], { ...stack, redoxFlow: oneSided })).toEqual([
      '/electrolytes/0/polarity',
    ]);
  });
});
