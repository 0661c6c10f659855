import { commandMeta } from '#testing/decider-spec.js';

import * as commands from './commands.js';
import { productDecider, type RegisteredProduct } from './decider.js';

const meta = commandMeta({ reason: 'data sheet of 2026-01' });

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

const other = '0d4b3a4e-5a0c-5f5b-8a5c-000000000005';
const mergerId = '0d4b3a4e-5a0c-5f5b-8a5c-000000000006';

const merged = (): RegisteredProduct => {
  const state = productDecider.evolve(productDecider.initialState, {
    type: 'ProductRegistered',
    data: {
      productType: 'ProdBattery',
      manufacturerId,
      model: 'APbattery-48V',
      modelKey: 'APbattery-48V',
      code: null,
    },
  });
  if (state.status === 'absent') throw new Error('a registration makes a product');
  return state;
};

/** One valid example of each command. */
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
    meta,
    {
      manufacturerId,
      modelKey: 'APbattery-48V/5.76kWh',
      code: 'APSYS-APBATTERY_48V_5_76KWH',
    },
  ),
  AssignProdCode: new commands.AssignProdCode(
    productId,
    { code: 'ALTEN-APBATTERY_48V_5_76KWH' },
    meta,
  ),
  SetElements: new commands.SetElements(
    productId,
    { elements: { EnergyCapacityNominal: { value: '5.80', unit: 'kWh' } } },
    meta,
  ),
  WithdrawElements: new commands.WithdrawElements(
    productId,
    { names: ['EnergyCapacityNominal'] },
    meta,
  ),
  RecordCertification: new commands.RecordCertification(productId, certification, meta),
  SupersedeCertification: new commands.SupersedeCertification(
    productId,
    { certificationId, by: '0d4b3a4e-5a0c-5f5b-8a5c-000000000004' },
    meta,
  ),
  PublishListing: new commands.PublishListing(productId, listing, meta),
  WithdrawListing: new commands.WithdrawListing(productId, { agency: 'CEC' }, meta),
  ResolveListConflict: new commands.ResolveListConflict(
    productId,
    {
      list,
      path: '/elements/EnergyCapacityNominal',
      decision: 'keep',
      value: { value: '5.80', unit: 'kWh' },
    },
    meta,
  ),
  DeclineListedName: new commands.DeclineListedName(
    productId,
    { list, manufacturer: 'Altenergy Power System, Inc.', model: 'APbattery-48V' },
    meta,
  ),
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
    { ...meta, source: 'import', evidence: { sha256, file: 'batteries.csv', row: 2 } },
    {
      manufacturerId,
      modelKey: 'APbattery-48V/5.76kWh',
      code: 'APSYS-APBATTERY_48V_5_76KWH',
    },
  ),
  TransferProduct: new commands.TransferProduct(
    productId,
    { manufacturer: 'Altenergy Power System Inc.', from: '2025-07-01' },
    meta,
    { manufacturerId: other, code: 'ALTEN-APBATTERY_48V_5_76KWH' },
  ),
  RenameModel: new commands.RenameModel(productId, { model: 'APbattery 48V/5.76kWh' }, meta, {
    modelKey: 'APbattery 48V/5.76kWh',
    code: null,
  }),
  PrepareMerger: new commands.PrepareMerger(productId, { productId: other }, meta),
  MergeProduct: new commands.MergeProduct(productId, { into: other }, meta, {
    ...{ into: other, productType: 'ProdBattery', mergerId },
  }),
  AbsorbProduct: new commands.AbsorbProduct(
    productId,
    { productId: other, mergerId },
    meta,
    merged(),
  ),
  ReleaseProduct: new commands.ReleaseProduct(productId, { productId: other, mergerId }, meta),
  SplitProduct: new commands.SplitProduct(productId, {}, meta, { mergerId }),
};
