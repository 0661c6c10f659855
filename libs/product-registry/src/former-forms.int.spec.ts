import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { handleCommand } from '#event-log/handle-command.js';
import { claimKey } from '#event-log/key/claim-key.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { addManufacturerAlias } from './manufacturer/change-manufacturer.js';
import { AddManufacturerAlias } from './manufacturer/commands.js';
import { nameKey } from './manufacturer/decider.js';
import { resolveManufacturer } from './manufacturer/resolve-manufacturer.js';
import { type ListedFacts, RegisterProduct } from './product/commands.js';
import { productKey } from './product/decider.js';
import { findProductId } from './product/find-product.js';
import { reconcileListing } from './product/reconcile-listing.js';
import { ProductRegistry } from './registry.js';
import { makeManufacturer, makeProduct, newMeta, uniqueName } from './testing/make.js';

// Earlier versions composed letters and accents before they removed what shows nothing, and only then.
const written = 'Cafe\u200b\u0301';
const former = 'Cafe\u0301';

let node: TestNode;
let log: EsdbEventLog;
beforeAll(async () => {
  node = await startTestNode();
  log = EsdbEventLog.connect(node.url);
});
afterAll(async () => {
  await log.close();
  await node.stop();
});

const fresh = () => new ProductRegistry(log);

describe('what was registered under a former normal form', () => {
  it('is the product of that model: it is not registered again', async () => {
    const maker = await makeManufacturer(fresh(), uniqueName());
    const id = randomUUID();
    const { products } = fresh();
    const meta = newMeta();
    const claim = await claimKey(log, products, productKey(maker, former), id, meta);
    const data = {
      productType: 'ProdBattery',
      manufacturer: maker,
      model: written,
      elements: {},
    } as const;
    const lookedUp = { manufacturerId: maker, modelKey: former, code: null };
    const claims = [claim];
    await handleCommand(log, products, id, new RegisterProduct(id, data, meta, lookedUp), {
      claims,
    });

    expect(await findProductId(fresh(), maker, written)).toBe(id);
    await expect(makeProduct(fresh(), maker, written)).rejects.toMatchObject({
      code: 'PRODUCT_EXISTS',
    });
    const facts: ListedFacts = {
      list: 'cec-batteries',
      productType: 'ProdBattery',
      manufacturer: maker,
      model: written,
      elements: {},
    };
    expect(await reconcileListing(fresh(), facts, newMeta())).toMatchObject({ productId: id });
  });

  it('is the manufacturer of that name, which nobody else gets', async () => {
    const id = randomUUID();
    const unique = uniqueName();
    const { manufacturers } = fresh();
    const meta = newMeta();
    await claimKey(log, manufacturers, nameKey(`${former} ${unique}`.toLowerCase()), id, meta);
    const event = {
      id: randomUUID(),
      type: 'ManufacturerRegistered',
      data: { name: `${former} ${unique}` },
      metadata: {
        ...meta,
        $correlationId: meta.correlationId,
        $causationId: meta.commandId,
        commandHash: 'of a former version',
        recordedAt: meta.occurredAt,
      },
    };
    await log.append(`manufacturer-${id}`, [event], 'no_stream');

    const name = `${written} ${unique}`;
    expect((await resolveManufacturer(fresh(), name))?.id).toBe(id);
    await expect(makeManufacturer(fresh(), name)).rejects.toMatchObject({
      code: 'MANUFACTURER_EXISTS',
    });
    const another = await makeManufacturer(fresh(), uniqueName());
    const alias = new AddManufacturerAlias(another, { alias: name }, newMeta());
    await expect(addManufacturerAlias(fresh(), alias)).rejects.toMatchObject({
      details: { manufacturerId: id },
    });
  });
});
