import type { CommandMeta } from '#kernel/command.js';

import * as commands from './commands.js';
import type { ProductEvent } from './events.js';

// One valid example of each message, for tests, documents and seeds.

export const exampleMeta: CommandMeta = {
  commandId: '6f1c7a52-58a5-5d0e-9a51-2f6d6a2f0c01',
  actor: { id: 'c1d9a3de-0000-4000-8000-000000000001', kind: 'user', roles: ['curator'] },
  source: 'http',
  occurredAt: '2026-02-12T09:30:00.000Z',
  correlationId: '6f1c7a52-58a5-4d0e-8a51-2f6d6a2f0c02',
  reason: 'data sheet of 2026-01',
};

const productId = '0d4b3a4e-5a0c-5f5b-8a5c-000000000001';
const manufacturerId = '0d4b3a4e-5a0c-5f5b-8a5c-000000000002';
const certificationId = '0d4b3a4e-5a0c-5f5b-8a5c-000000000003';
const list = 'cec-batteries';
const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

const certification = {
  agency: 'CSA Group',
  standard: 'UL1973',
  edition: 'Ed. 3 : 2022',
  certificateDate: '2025-12-29',
};
const listing = {
  agency: 'CEC',
  listingDate: '2025-02-11',
  lastUpdate: '2026-02-02',
  notes: null,
  remarks: { 'Declaration for JA12 Submitted': 'N' },
};

export const productEventExamples: {
  readonly [T in ProductEvent['type']]: Extract<ProductEvent, { type: T }>;
} = {
  ProductRegistered: {
    type: 'ProductRegistered',
    data: {
      productType: 'ProdBattery',
      manufacturerId,
      model: 'APbattery-51.2V/10.24kWh-U(N=1)',
      modelKey: 'APbattery-51.2V/10.24kWh-U(N=1)',
      code: 'APSYS-APBATTERY_51_2V_10_24KWH_U_N_1_',
      list,
    },
  },
  ProdCodeAssigned: {
    type: 'ProdCodeAssigned',
    data: {
      code: 'ALTEN-APBATTERY_51_2V_10_24KWH_U_N_1_',
      previous: 'APSYS-APBATTERY_51_2V_10_24KWH_U_N_1_',
    },
  },
  ElementsSet: {
    type: 'ElementsSet',
    data: {
      elements: {
        EnergyCapacityNominal: {
          state: 'submitted',
          value: '10.24',
          unit: 'kWh',
          decimals: 2,
        },
        EfficiencyBatteryRoundTrip: {
          state: 'submitted',
          value: [{ percent: '98', inverter: 'Sol-Ark 5K' }],
          unit: 'percent',
          raw: '98 [Sol-Ark 5K]',
        },
        PowerDCContinuousMax: {
          state: 'notSubmitted',
          value: null,
          raw: 'No Information Submitted',
        },
      },
      list,
    },
  },
  ElementsWithdrawn: { type: 'ElementsWithdrawn', data: { names: ['PowerDCContinuousMax'] } },
  CertificationRecorded: {
    type: 'CertificationRecorded',
    data: { certificationId, ...certification, raw: { edition: 'Ed 3: 2022' }, list },
  },
  CertificationSuperseded: {
    type: 'CertificationSuperseded',
    data: { certificationId, by: '0d4b3a4e-5a0c-5f5b-8a5c-000000000004' },
  },
  ListingPublished: { type: 'ListingPublished', data: { ...listing, list } },
  ListingRevised: {
    type: 'ListingRevised',
    data: { ...listing, notes: 'Formerly Stored Energy Inc' },
  },
  ListingWithdrawn: { type: 'ListingWithdrawn', data: { agency: 'CEC' } },
};

export const productCommandExamples: {
  readonly [T in commands.ProductCommands['type']]: Extract<commands.ProductCommands, { type: T }>;
} = {
  RegisterProduct: new commands.RegisterProduct(
    productId,
    {
      productType: 'ProdBattery',
      manufacturer: 'Altenergy Power System Inc.',
      model: 'APbattery-48V/5.76kWh',
      elements: { EnergyCapacityNominal: { value: '5.76', unit: 'kWh' } },
    },
    exampleMeta,
    {
      manufacturerId,
      modelKey: 'APbattery-48V/5.76kWh',
      code: 'APSYS-APBATTERY_48V_5_76KWH',
    },
  ),
  AssignProdCode: new commands.AssignProdCode(
    productId,
    { code: 'ALTEN-APBATTERY_48V_5_76KWH' },
    exampleMeta,
  ),
  SetElements: new commands.SetElements(
    productId,
    { elements: { EnergyCapacityNominal: { value: '5.80', unit: 'kWh' } } },
    exampleMeta,
  ),
  WithdrawElements: new commands.WithdrawElements(
    productId,
    { names: ['EnergyCapacityNominal'] },
    exampleMeta,
  ),
  RecordCertification: new commands.RecordCertification(productId, certification, exampleMeta),
  SupersedeCertification: new commands.SupersedeCertification(
    productId,
    { certificationId, by: '0d4b3a4e-5a0c-5f5b-8a5c-000000000004' },
    exampleMeta,
  ),
  PublishListing: new commands.PublishListing(productId, listing, exampleMeta),
  WithdrawListing: new commands.WithdrawListing(productId, { agency: 'CEC' }, exampleMeta),
  ReconcileListing: new commands.ReconcileListing(
    productId,
    {
      list,
      productType: 'ProdBattery',
      manufacturer: 'Altenergy Power System Inc.',
      model: 'APbattery-48V/5.76kWh',
      elements: {
        EnergyCapacityNominal: { value: '5.76', unit: 'kWh' },
        PowerDCContinuousMax: null,
      },
      certification,
      listing,
    },
    { ...exampleMeta, source: 'import', evidence: { sha256, file: 'batteries.csv', row: 2 } },
    {
      manufacturerId,
      modelKey: 'APbattery-48V/5.76kWh',
      code: 'APSYS-APBATTERY_48V_5_76KWH',
    },
  ),
};
