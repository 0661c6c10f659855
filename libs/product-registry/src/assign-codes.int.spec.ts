import { randomUUID } from 'node:crypto';

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { AppendTooLarge, type EventLog } from '#event-log/event-log.js';
import { LogTail } from '#event-log/log-tail.js';
import { migrate } from '#read-store/migrate.js';
import { ReadStore } from '#read-store/read-store.js';
import { logSource } from '#subscription/log-source.js';
import { SubscriptionRunner } from '#subscription/runner.js';
import { type TestDatabase, testDatabase } from '#testing/embedded.js';
import { newEvent } from '#testing/new-event.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';
import { eventually } from '#testing/until.js';

import { AssignCodes } from './assign-codes.process.js';
import { issueEntityCode, mergeManufacturer } from './manufacturer/change-manufacturer.js';
import { IssueEntityCode, MergeManufacturer } from './manufacturer/commands.js';
import { findProductId, productIdOfCode } from './product/find-product.js';
import { ProductRegistry } from './registry.js';
import { dyingLog } from './testing/halting-log.js';
import { merge, split, stateOf, transfer } from './testing/identity.js';
import {
  makeManufacturer,
  makeProduct,
  makeTwoManufacturers,
  newMeta,
  uniqueCode,
  uniqueName,
} from './testing/make.js';

let node: TestNode;
let database: TestDatabase;
let log: EsdbEventLog;
let tail: LogTail;
let store: ReadStore;
const running: SubscriptionRunner<unknown>[] = [];
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

beforeAll(async () => {
  node = await startTestNode();
  database = await testDatabase();
  await migrate(database.url);
  log = EsdbEventLog.connect(node.url);
  tail = new LogTail(log);
  await tail.start();
  store = new ReadStore(database.url);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.stop()));
});
afterAll(async () => {
  await tail.stop();
  await log.close();
  await store.close();
  await node.stop();
  await database.drop();
});

const fresh = () => new ProductRegistry(log);

/** The log, where appends to one stream are refused. */
const refusing = (refused: string): EventLog => ({
  append: (stream, ...rest) =>
    stream === refused
      ? Promise.reject(new AppendTooLarge('refused by the test'))
      : log.append(stream, ...rest),
  readStream: (...call) => log.readStream(...call),
  readAll: (...call) => log.readAll(...call),
  subscribeToAll: (...call) => log.subscribeToAll(...call),
  head: () => log.head(),
  idAt: (position) => log.idAt(position),
  get epoch() {
    return log.epoch;
  },
  close: () => Promise.resolve(),
});

const startProcess = async (through: EventLog = log): Promise<SubscriptionRunner<unknown>> => {
  const source = logSource<unknown>(through, tail, { gatherMs: 20 });
  const parts = { store, log: through, tail, logger: silent };
  const process = new SubscriptionRunner(new AssignCodes(through, store, silent), source, parts);
  running.push(process);
  await process.start();
  return process;
};

const issue = (maker: string, code: string) =>
  issueEntityCode(fresh(), new IssueEntityCode(maker, { rule: 'manual', code }, newMeta()));

const codesOf = async (id: string): Promise<readonly string[]> => {
  const { state } = await fresh().products.refresh(id);
  return state.status === 'registered' ? state.codes : [];
};

const revisionOf = async (id: string): Promise<bigint> =>
  (await fresh().products.refresh(id)).revision;

describe('the checkpoint', () => {
  it('moves over what teaches the process nothing, now and then', async () => {
    await startProcess();
    const noted = () => log.append(`other-${randomUUID()}`, [newEvent('Noted', {})], 'no_stream');
    for (let n = 0; n < 2; n += 1) {
      const { position } = await noted();
      await eventually(async () => {
        const { rows } = await store.pool.query(
          'select commit_position from subscription.checkpoint',
        );
        expect(rows).toEqual([{ commit_position: position.commit.toString() }]);
      }, 20_000);
    }
  });
});

describe('when an EntityCode is issued', () => {
  it('products without a code get one', async () => {
    const maker = await makeManufacturer(fresh(), uniqueName(), null);
    const { id } = await makeProduct(fresh(), maker, 'EFL-48');
    await startProcess();
    const code = uniqueCode();
    await issue(maker, code);
    await eventually(async () => {
      expect(await codesOf(id)).toEqual([`${code}-EFL_48`]);
    });
  });

  it('products get new codes, the old ones keep leading to them, and a code comes back', async () => {
    const [first, second] = [uniqueCode(), uniqueCode()];
    const maker = await makeManufacturer(fresh(), uniqueName(), { rule: 'manual', code: first });
    const { id } = await makeProduct(fresh(), maker, 'A');
    const { id: twin } = await makeProduct(fresh(), maker, 'a');
    await startProcess();
    await issue(maker, second);
    await eventually(async () => {
      // Which of the two comes first depends on their ids.
      const codes = [await codesOf(id), await codesOf(twin)];
      expect(codes.map(([old]) => old)).toEqual([`${first}-A`, `${first}-A-1`]);
      expect(codes.map(([, now]) => now).toSorted()).toEqual([`${second}-A`, `${second}-A-1`]);
    });
    expect(await productIdOfCode(fresh(), `${first}-A`)).toBe(id);
    await issue(maker, first);
    await eventually(async () => {
      expect((await codesOf(id)).at(-1)).toBe(`${first}-A`);
      expect((await codesOf(twin)).at(-1)).toBe(`${first}-A-1`);
    });
  });

  it('a product that was registered with the old code meanwhile is put right', async () => {
    const [first, second] = [uniqueCode(), uniqueCode()];
    const maker = await makeManufacturer(fresh(), uniqueName(), { rule: 'manual', code: first });
    const stale = fresh();
    await stale.manufacturers.refresh(maker);
    await startProcess();
    await issue(maker, second);
    const { id } = await makeProduct(stale, maker, 'B');
    expect(await codesOf(id)).toContain(`${first}-B`);
    await eventually(async () => {
      expect((await codesOf(id)).at(-1)).toBe(`${second}-B`);
    });
  });

  it('the others go on where one product is refused', async () => {
    const maker = await makeManufacturer(fresh(), uniqueName(), null);
    const made = [
      await makeProduct(fresh(), maker, 'F'),
      await makeProduct(fresh(), maker, 'G'),
    ].map(({ id }) => id);
    // They are assigned in the order of their ids.
    const [refused = '', other = ''] = made.toSorted();
    const process = await startProcess(refusing(`product-${refused}`));
    const code = uniqueCode();
    await issue(maker, code);
    await eventually(async () => {
      expect(await codesOf(other)).toHaveLength(1);
    });
    expect(await codesOf(refused)).toEqual([]);
    await eventually(() => {
      expect(process.status()).toMatchObject({ state: 'running' });
      return Promise.resolve();
    });
  });

  it('a product of a maker without a code gets that of the maker it was merged into', async () => {
    const code = uniqueCode();
    const into = await makeManufacturer(fresh(), uniqueName(), { rule: 'manual', code });
    const maker = await makeManufacturer(fresh(), uniqueName(), null);
    const { id } = await makeProduct(fresh(), maker, 'C');
    await startProcess();
    await mergeManufacturer(fresh(), new MergeManufacturer(maker, { into }, newMeta()));
    await eventually(async () => {
      expect(await codesOf(id)).toEqual([`${code}-C`]);
    });
  });

  it('it is made up for after a stop; a replay from the beginning and a second process change nothing', async () => {
    const [first, second] = [uniqueCode(), uniqueCode()];
    const maker = await makeManufacturer(fresh(), uniqueName(), { rule: 'manual', code: first });
    const { id } = await makeProduct(fresh(), maker, 'D');
    await issue(maker, second);
    await startProcess();
    await startProcess();
    await eventually(async () => {
      expect(await codesOf(id)).toEqual([`${first}-D`, `${second}-D`]);
    });
    await Promise.all(running.splice(0).map((process) => process.stop()));
    const revision = await revisionOf(id);
    await store.pool.query('delete from subscription.checkpoint');
    await store.pool.query('truncate assign_codes.product, assign_codes.manufacturer');
    const { id: marker } = await makeProduct(fresh(), maker, 'E');
    await issue(maker, uniqueCode());
    await startProcess();
    await eventually(async () => {
      expect(await codesOf(marker)).toHaveLength(2);
    });
    // The replay met both older codes again: only the newest one led to a change.
    expect(await revisionOf(id)).toBe(revision + 1n);
  });
});

describe('when a product is transferred', () => {
  it('its codes follow the EntityCode of its manufacturer of today, and of no other', async () => {
    const [first, second] = [uniqueCode(), uniqueCode()];
    const maker = await makeManufacturer(fresh(), uniqueName(), { rule: 'manual', code: first });
    const to = await makeManufacturer(fresh(), uniqueName(), null);
    const { id } = await makeProduct(fresh(), maker, 'T');
    await startProcess();
    await transfer(fresh(), id, to);
    await issue(to, second);
    await eventually(async () => {
      expect(await codesOf(id)).toEqual([`${first}-T`, `${second}-T`]);
    });
    const { id: marker } = await makeProduct(fresh(), maker, 'U');
    await issue(maker, uniqueCode());
    await eventually(async () => {
      expect(await codesOf(marker)).toHaveLength(2);
    });
    expect(await codesOf(id)).toHaveLength(2);
  });
});

describe('when manufacturers are merged', () => {
  it('products of the same model become one: that which was registered first', async () => {
    const [into, maker] = await makeTwoManufacturers(fresh());
    const { id: later } = await makeProduct(fresh(), into, 'only here');
    const { id: older } = await makeProduct(fresh(), maker, 'V');
    const { id: younger } = await makeProduct(fresh(), into, 'V');
    await startProcess();
    await mergeManufacturer(fresh(), new MergeManufacturer(maker, { into }, newMeta()));
    await eventually(async () => {
      expect((await stateOf(fresh(), older)).absorbed).toMatchObject([{ productId: younger }]);
    });
    expect((await stateOf(fresh(), younger)).mergedInto).toMatchObject({ productId: older });
    expect(await findProductId(fresh(), into, 'V')).toBe(older);
    expect((await stateOf(fresh(), later)).mergedInto).toBeNull();

    // A person parts them again, and a replay of the merger leaves them so.
    await split(fresh(), younger);
    await Promise.all(running.splice(0).map((process) => process.stop()));
    await store.pool.query('delete from subscription.checkpoint');
    await store.pool.query('truncate assign_codes.product, assign_codes.manufacturer');
    await startProcess();
    const noted = await log.append(`other-${randomUUID()}`, [newEvent('Noted', {})], 'no_stream');
    await eventually(async () => {
      const { rows } = await store.pool.query(
        'select commit_position::text as at from subscription.checkpoint',
      );
      expect(rows).toEqual([{ at: noted.position.commit.toString() }]);
    }, 20_000);
    expect((await stateOf(fresh(), younger)).mergedInto).toBeNull();
  });
});

describe('a merger of products that ended with its process', () => {
  it('is brought to its end, and so is the undoing of one', async () => {
    const [maker, other] = await makeTwoManufacturers(fresh());
    const { id: into } = await makeProduct(fresh(), maker, 'X');
    const { id } = await makeProduct(fresh(), other, 'Y');
    const dying = (at: number) => new ProductRegistry(dyingLog(log, at));
    await merge(dying(2), id, into).catch(() => undefined);
    expect((await stateOf(fresh(), into)).absorbed).toEqual([]);
    await startProcess();
    await eventually(async () => {
      expect((await stateOf(fresh(), into)).absorbed).toMatchObject([{ productId: id }]);
    });
    await split(dying(1), id).catch(() => undefined);
    await eventually(async () => {
      expect((await stateOf(fresh(), id)).mergedInto).toBeNull();
    });
  });
});
