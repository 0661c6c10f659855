import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { SetElements } from '../../product/commands.js';
import { isDeclined } from '../../product/listed-names.js';
import { ProductRegistry } from '../../registry.js';
import { dyingLog, haltingLog, ProcessDied } from '../../testing/halting-log.js';
import { rename, stateOf } from '../../testing/identity.js';
import { makeManufacturer, makeProduct, newMeta, uniqueName } from '../../testing/make.js';
import { DecideReview, RetryImport, type ReviewRequest } from '../commands.js';
import { importDecider } from '../decider.js';
import { importStream, type RowOutcome } from '../events.js';
import { endedImport } from '../testing/ended-import.js';
import { decideReview } from './decide-review.js';

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
const tools = (own: EventLog = log) => ({
  ...{ log: own, registry: new ProductRegistry(own) },
  imports: new States(own, importDecider),
});
const decide = async (id: string, data: ReviewRequest, meta = newMeta(), own: EventLog = log) => {
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
const inConflict = async (row: number, maker: string, name: string): Promise<RowOutcome> => {
  const { id: productId } = await makeProduct(fresh(), maker, `C-${String(row)}`);
  const elements = { EnergyCapacityNominal: { value: '6.0', unit: 'kWh' } };
  const set = new SetElements(productId, { elements }, newMeta());
  await handleCommand(log, fresh().products, productId, set);
  const about = { manufacturer: name, model: `C-${String(row)}` };
  const conflicts = [{ path, listed: capacity('5.2') }];
  return { row, outcome: 'needsReview', productId, about, conflicts };
};

/** A product, and a row that calls it otherwise. */
const proposed = async (row: number, maker: string, name: string): Promise<RowOutcome> => {
  const model = `P-${String(row)}`;
  const { id: productId } = await makeProduct(fresh(), maker, model);
  const about = { manufacturer: name.toUpperCase(), model: `${model} Plus` };
  const proposal = { kind: 'rename', manufacturer: name, model } as const;
  return { row, outcome: 'needsReview', productId, about, proposal };
};

const madeMaker = async () => {
  const name = uniqueName();
  return { name, maker: await makeManufacturer(fresh(), name) };
};

const capacityOf = async (productId = '') =>
  (await stateOf(fresh(), productId)).elements['EnergyCapacityNominal']?.value?.value;
const modelOf = async (productId = '') =>
  (await stateOf(fresh(), productId)).identities.at(-1)?.modelKey;

const decisionsOn = async (id: string) => {
  const found: unknown[] = [];
  for await (const { type, data, metadata } of log.readStream(importStream(id))) {
    const { actor, reason } = metadata;
    if (type === 'ImportReviewDecided') found.push({ ...data, by: actor.id, reason });
  }
  return found;
};

describe('what waits in review', () => {
  it('is decided by a rule, a manufacturer at a time, with who and why', async () => {
    const [one, other] = [await madeMaker(), await madeMaker()];
    const rows = [
      await proposed(1, one.maker, one.name),
      await proposed(2, other.maker, other.name),
      await proposed(3, one.maker, one.name),
      { row: 4, outcome: 'needsReview' as const },
    ];
    const id = await endedImport(log, rows);
    const manufacturer = ` ${one.name.toLowerCase()}`;
    const done = await decide(id, { decision: 'accept', manufacturer });
    expect(done).toEqual({
      ...{ outcome: 'accepted', decided: 2, refused: [], left: 0, next: null },
    });
    const models = await Promise.all(rows.slice(0, 3).map(({ productId }) => modelOf(productId)));
    expect(models).toEqual(['P-1 Plus', 'P-2', 'P-3 Plus']);
    const decision = { decision: 'accept', rows: [1, 3], absent: [] };
    expect(await decisionsOn(id)).toEqual([{ ...decision, by: 'curator-1', reason: 'notice' }]);
    const [renamed] = await eventsOf(rows[0]?.productId, 'ModelRenamed');
    expect(renamed).toMatchObject({ actor: { id: 'curator-1' }, reason: 'notice' });
    expect(renamed?.evidence).toMatchObject({ row: 1 });
    const rest = await decide(id, { decision: 'reject', all: true });
    expect(rest).toMatchObject({ decided: 1, refused: [], left: 0, next: null });
    const about = rows[1]?.about ?? { manufacturer: '', model: '' };
    const declined = { list: 'cec-batteries', ...about };
    expect(isDeclined(await stateOf(fresh(), rows[1]?.productId ?? ''), declined)).toBe(true);
    expect(await modelOf(rows[1]?.productId)).toBe('P-2');
  });

  it('takes what a list says, or keeps what stands', async () => {
    const { name, maker } = await madeMaker();
    const rows = [await inConflict(1, maker, name), await inConflict(2, maker, name)];
    const id = await endedImport(log, rows);
    expect(await decide(id, { decision: 'accept', rows: [1] })).toMatchObject({ decided: 1 });
    expect(await decide(id, { decision: 'reject', kind: 'conflict' })).toMatchObject({
      ...{ decided: 1, left: 0 },
    });
    expect(await capacityOf(rows[0]?.productId)).toBe('5.2');
    expect(await capacityOf(rows[1]?.productId)).toBe('6.0');
  });

  it('is refused by name where it is no such item, and holds nothing else up', async () => {
    const { name, maker } = await madeMaker();
    const rows = [
      await inConflict(1, maker, name),
      { row: 2, outcome: 'needsReview' as const },
      { row: 3, outcome: 'unchanged' as const },
    ];
    const id = await endedImport(log, rows);
    const unknown = randomUUID();
    const asked = { decision: 'accept', rows: [1, 1, 2, 3, 4], absent: [unknown] } as const;
    const done = await decide(id, asked);
    expect(done).toMatchObject({ decided: 1, left: 1, next: null });
    expect(done.refused).toHaveLength(4);
    expect(done.refused).toEqual(
      expect.arrayContaining([
        { row: 2, code: 'REVIEW_UNDECIDABLE' },
        { row: 3, code: 'REVIEW_NOT_OPEN' },
        { row: 4, code: 'ROW_UNKNOWN' },
        { productId: unknown, code: 'ABSENCE_UNKNOWN' },
      ]),
    );
    const again = await decide(id, { decision: 'reject', rows: [1] });
    expect(again).toMatchObject({ outcome: 'unchanged', decided: 0 });
    expect(again.refused).toEqual([{ row: 1, code: 'REVIEW_NOT_OPEN' }]);
    expect(await capacityOf(rows[0]?.productId)).toBe('5.2');
  });

  it('goes on behind what is refused, piece by piece', async () => {
    const { name, maker } = await madeMaker();
    const rows: RowOutcome[] = [];
    for (let row = 1; row <= 5; row += 1) rows.push(await proposed(row, maker, name));
    const id = await endedImport(log, rows);
    // Somebody gave it a name of its own meanwhile.
    for (const stale of [rows[0], rows[1]]) {
      await rename(fresh(), stale?.productId ?? '', `${stale?.about?.model ?? ''} II`);
    }
    const seen: unknown[] = [];
    let after: string | undefined;
    do {
      const all = { decision: 'accept', all: true, limit: 2, after } as const;
      const { decided, refused, left, next } = await decide(id, all);
      seen.push([decided, refused.map(({ code }) => code), left, next]);
      after = next ?? undefined;
    } while (after !== undefined);
    const outdated = ['PROPOSAL_OUTDATED', 'PROPOSAL_OUTDATED'];
    expect(seen).toEqual([
      ...[[0, outdated, 5, 'r2'] as const, [2, [], 3, 'r4'] as const, [1, [], 2, null] as const],
    ]);
  });

  it('is not decided while a run is under way', async () => {
    const id = await endedImport(log, [{ row: 1, outcome: 'needsReview' }]);
    await handleCommand(log, tools().imports, id, new RetryImport(newMeta()));
    await expect(decide(id, { decision: 'accept', rows: [1] })).rejects.toMatchObject({
      ...{ code: 'IMPORT_NOT_FINISHED', kind: 'conflict' },
    });
  });
});

const eventsOf = async (productId = '', type = '') => {
  const found = [];
  for await (const event of log.readStream(`product-${productId}`)) {
    if (event.type === type) found.push(event.metadata);
  }
  return found;
};

describe('a decision that is sent again', () => {
  it('says what it decided first, and does nothing more', async () => {
    const { name, maker } = await madeMaker();
    const rows = [await inConflict(1, maker, name), await inConflict(2, maker, name)];
    const id = await endedImport(log, rows);
    const meta = newMeta();
    const asked = { decision: 'accept', all: true, limit: 1 } as const;
    const first = await decide(id, asked, meta);
    expect(await decide(id, asked, meta)).toEqual({ ...first, outcome: 'repeated' });
    expect(first).toMatchObject({ decided: 1, left: 1, next: 'r1' });
    await expect(decide(id, { ...asked, limit: 2 }, meta)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    expect(await decisionsOn(id)).toHaveLength(1);
  });

  it('does what is missing, wherever the process died', async () => {
    for (let at = 0, isWhole = false; !isWhole; at += 1) {
      const { name, maker } = await madeMaker();
      const rows = [await proposed(1, maker, name), await inConflict(2, maker, name)];
      const id = await endedImport(log, rows);
      const meta = newMeta();
      const all = { decision: 'accept', all: true } as const;
      const died = await decide(id, all, meta, dyingLog(log, at)).then(
        () => false,
        (error: unknown) => {
          expect(error).toBeInstanceOf(ProcessDied);
          return true;
        },
      );
      isWhole = !died;
      expect(await decide(id, all, meta)).toMatchObject({ decided: 2, refused: [], left: 0 });
      expect(await modelOf(rows[0]?.productId)).toBe('P-1 Plus');
      expect(await eventsOf(rows[0]?.productId, 'ModelRenamed')).toHaveLength(1);
      expect(await capacityOf(rows[1]?.productId)).toBe('5.2');
      expect(await decisionsOn(id)).toHaveLength(1);
      expect(at).toBeLessThan(20);
    }
  });
});

it('two who decide the same otherwise at once: the first one of each value counts', async () => {
  const { name, maker } = await madeMaker();
  const rows = [await inConflict(1, maker, name), await inConflict(2, maker, name)];
  const id = await endedImport(log, rows);
  // Of two processes: within one, decisions on an import take turns.
  let goOn: () => void = () => undefined;
  const woken = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const isNoted: Parameters<typeof haltingLog>[1] = ([event]) =>
    event?.type === 'ImportReviewDecided';
  const slow = haltingLog(log, isNoted, () => woken);
  const taken = decide(id, { decision: 'accept', all: true }, newMeta(), slow);
  await slow.halted;
  const kept = await decide(id, { decision: 'reject', all: true });
  const code = 'LIST_CONFLICT_DECIDED';
  expect(kept).toMatchObject({
    decided: 0,
    refused: [
      { row: 1, code },
      { row: 2, code },
    ],
  });
  goOn();
  expect(await taken).toMatchObject({ decided: 2, left: 0 });
  expect(await capacityOf(rows[0]?.productId)).toBe('5.2');
  expect(await decisionsOn(id)).toMatchObject([{ decision: 'accept', rows: [1, 2] }]);
});
