import { EsdbEventLog } from '#event-log/esdb.js';
import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { SetElements } from '../../product/commands.js';
import { ProductRegistry } from '../../registry.js';
import { stateOf } from '../../testing/identity.js';
import { makeManufacturer, makeProduct, newMeta, uniqueName } from '../../testing/make.js';
import { DecideReview, type ReviewRequest } from '../commands.js';
import { importDecider } from '../decider.js';
import { importStream, type RowOutcome } from '../events.js';
import { decideReview } from '../review/decide-review.js';

let node: TestNode;
/** Of the node that `startReviews` started. */
export let log: EsdbEventLog;

export const startReviews = async (): Promise<void> => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
};
export const stopReviews = async (): Promise<void> => {
  await log.close();
  await node.stop();
};

export const fresh = () => new ProductRegistry(log);
export const tools = (own: EventLog = log) => ({
  ...{ log: own, registry: new ProductRegistry(own) },
  imports: new States(own, importDecider),
});
export const decide = async (
  id: string,
  data: ReviewRequest,
  meta = newMeta(),
  own: EventLog = log,
) => {
  const command = new DecideReview(data, { ...meta, reason: 'notice' });
  const { outcome, state } = await decideReview(tools(own), id, command);
  const refused = state.refused.map(({ item, refusal }) => ({ ...item, code: refusal.code }));
  return { outcome, ...state, refused };
};

const capacity = (value: string) => ({
  ...{ state: 'submitted', value, unit: 'kWh', decimals: 1 },
});
const path = '/elements/EnergyCapacityNominal';

/** A product whose capacity a curator has set to 6.0, and a list says 5.2. */
export const inConflict = async (row: number, maker: string, name: string): Promise<RowOutcome> => {
  const { id: productId } = await makeProduct(fresh(), maker, `C-${String(row)}`);
  const elements = { EnergyCapacityNominal: { value: '6.0', unit: 'kWh' } };
  const set = new SetElements(productId, { elements }, newMeta());
  await handleCommand(log, fresh().products, productId, set);
  const about = { manufacturer: name, model: `C-${String(row)}` };
  const conflicts = [{ path, listed: capacity('5.2') }];
  return { row, outcome: 'needsReview', productId, about, conflicts };
};

/** A product, and a row that calls it otherwise. */
export const proposed = async (row: number, maker: string, name: string): Promise<RowOutcome> => {
  const model = `P-${String(row)}`;
  const { id: productId } = await makeProduct(fresh(), maker, model);
  const about = { manufacturer: name.toUpperCase(), model: `${model} Plus` };
  const proposal = { kind: 'rename', manufacturer: name, model } as const;
  return { row, outcome: 'needsReview', productId, about, proposal };
};

export const madeMaker = async () => {
  const name = uniqueName();
  return { name, maker: await makeManufacturer(fresh(), name) };
};

export const capacityOf = async (productId = '') =>
  (await stateOf(fresh(), productId)).elements['EnergyCapacityNominal']?.value?.value;
export const modelOf = async (productId = '') =>
  (await stateOf(fresh(), productId)).identities.at(-1)?.modelKey;

export const decisionsOn = async (id: string) => {
  const found: unknown[] = [];
  for await (const { type, data, metadata } of log.readStream(importStream(id))) {
    const { actor, reason } = metadata;
    if (type === 'ImportReviewDecided') found.push({ ...data, by: actor.id, reason });
  }
  return found;
};

export const eventsOf = async (productId = '', type = '') => {
  const found = [];
  for await (const event of log.readStream(`product-${productId}`)) {
    if (event.type === type) found.push(event.metadata);
  }
  return found;
};
