import { type Static, Type } from 'typebox';

import { choice, closed } from '#kernel/schema.js';

import type { Station } from './station.js';

const output = Type.String({ description: 'Serial number of the output that it happens to.' });
const forS = Type.Number({ exclusiveMinimum: 0, description: 'Seconds that it lasts.' });
const sensor = choice(['voltageV', 'currentA', 'temperatureC'], 'Of which sensor.');
const of = <const F extends string>(fault: F) => Type.Literal(fault);

/** What can be made to go wrong in a simulated unit. Times of outputs are simulated, those of the link are real. */
export const faultSchema = Type.Union([
  closed({ fault: of('trip'), output }),
  closed({ fault: of('stuck'), output, sensor, forS }),
  closed({ fault: of('drift'), output, sensor, forS, perHour: Type.Number() }),
  closed({ fault: of('warmth'), output, byK: Type.Number() }),
  closed({ fault: of('regulation'), output, factor: Type.Number({ minimum: -10, maximum: 10 }) }),
  closed({ fault: of('clock-jump'), byS: Type.Number() }),
  closed({ fault: of('refusal'), times: Type.Integer({ minimum: 0 }) }),
  closed({ fault: of('comm-loss'), forS }),
  closed({ fault: of('power-loss') }),
]);

export type Fault = Static<typeof faultSchema>;
export type OutputFault = Extract<Fault, { readonly output: string }>;

/** Has something go wrong with one output. */
export const injectInto = (station: Station, fault: OutputFault): void => {
  const { bench, nowS } = station;
  switch (fault.fault) {
    case 'trip':
      station.trip({ reason: 'device' });
      return;
    case 'warmth':
      bench.change({ warmerK: fault.byK });
      return;
    case 'regulation':
      bench.change({ currentFactor: fault.factor });
      return;
    case 'stuck':
    case 'drift': {
      const { fault: kind, sensor, forS } = fault;
      const value = fault.fault === 'stuck' ? bench.witness[sensor] : fault.perHour;
      bench.fail({ sensor, kind, sinceS: nowS, untilS: nowS + forS, value });
    }
  }
};
