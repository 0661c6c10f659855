import { randomUUID } from 'node:crypto';

import type { EventLog, NewEvent } from '#event-log/event-log.js';
import type { EventMetadata } from '#kernel/event.js';
import type { ProductEvent } from '#product-registry/product/events.js';

/** Appends under way at once. */
const lanes = 128;
export const eventsPerProduct = 4;

/** What an import of one listed battery appends, in one write. */
const productEvents = (n: number, manufacturerId: string): readonly ProductEvent[] => [
  {
    type: 'ProductRegistered',
    data: {
      productType: 'ProdBattery',
      manufacturerId,
      model: `BX-${n}`,
      modelKey: `BX-${n}`,
      code: `BENCH-BX_${n}`,
    },
  },
  {
    type: 'ElementsSet',
    data: {
      elements: {
        BatteryChemistryType: { state: 'submitted', value: n % 7 === 0 ? 'LiIon' : 'LiFePO4' },
        Description: { state: 'submitted', value: `${n % 40} kWh stackable battery, series ${n}` },
        EnergyCapacityNominal: {
          state: 'submitted',
          value: `${n % 40}.12`,
          unit: 'kWh',
          decimals: 2,
        },
        PowerDCContinuousMax: { state: 'submitted', value: `${n % 20}`, unit: 'kW', decimals: 0 },
        EfficiencyBatteryRoundTrip: { state: 'notSubmitted', value: null },
      },
    },
  },
  {
    type: 'CertificationRecorded',
    data: {
      certificationId: randomUUID(),
      agency: 'CSA Group',
      standard: 'UL1973',
      edition: 'Ed. 3 : 2022',
      certificateDate: '2025-12-29',
    },
  },
  {
    type: 'ListingPublished',
    data: {
      agency: 'CEC',
      listingDate: '2025-03-21',
      lastUpdate: null,
      notes: null,
      remarks: {},
    },
  },
];

const metadata = (): EventMetadata => {
  const commandId = randomUUID();
  const now = new Date().toISOString();
  return {
    $correlationId: commandId,
    $causationId: commandId,
    commandId,
    commandHash: '',
    actor: { id: 'bench', kind: 'system', roles: ['service'] },
    source: 'process',
    occurredAt: now,
    recordedAt: now,
  };
};

export const asNew = (events: readonly { type: string; data: object }[]): NewEvent[] => {
  const shared = metadata();
  return events.map(({ type, data }) => ({ type, data, id: randomUUID(), metadata: shared }));
};

/** Appends `products` registrations of `eventsPerProduct` events each, made up but of the real shape. */
export const appendProducts = async (
  log: EventLog,
  products: number,
  atOnce = lanes,
): Promise<void> => {
  const manufacturerId = randomUUID();
  await log.append(
    `manufacturer-${manufacturerId}`,
    asNew([{ type: 'ManufacturerRegistered', data: { name: `Bench Works ${manufacturerId}` } }]),
    'no_stream',
  );
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < products) {
      const events = productEvents(next, manufacturerId);
      next += 1;
      await log.append(`product-${randomUUID()}`, asNew(events), 'no_stream');
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
};

/** Streams of one small event each, under a category that no projection shows. */
export const appendStreams = async (log: EventLog, streams: number): Promise<void> => {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < streams) {
      next += 1;
      const [event] = asNew([{ type: 'Measured', data: { n: next } }]);
      if (event) await log.append(`bench-${randomUUID()}`, [event], 'no_stream');
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
};
