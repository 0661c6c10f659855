import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { keyOwner } from '#event-log/key/claim-key.js';
import { newIdOf } from '#kernel/ids.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

import { derivedEntityCodeOf } from './codes.js';
import {
  addManufacturerAlias,
  issueEntityCode,
  mergeManufacturer,
} from './manufacturer/change-manufacturer.js';
import {
  AddManufacturerAlias,
  IssueEntityCode,
  MergeManufacturer,
  RegisterManufacturer,
} from './manufacturer/commands.js';
import { entityCodeKey, manufacturerNameKey } from './manufacturer/decider.js';
import { registerManufacturer } from './manufacturer/register-manufacturer.js';
import { ProductRegistry } from './registry.js';
import { haltingLog, ProcessDied } from './testing/halting-log.js';
import {
  makeManufacturer,
  makeTwoManufacturers,
  newMeta,
  uniqueCode,
  uniqueName,
} from './testing/make.js';

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

const merge = (id: string, into: string, commandId?: string) =>
  mergeManufacturer(fresh(), new MergeManufacturer(id, { into }, newMeta(commandId)));

const dying = () => haltingLog(log, 1, () => Promise.reject(new ProcessDied()));

/** Its process ends after the name's claim: whoever claims the name next fences the maker that it was for. */
const claimedAndUnused = async (name: string): Promise<string> => {
  const meta = newMeta();
  const command = new RegisterManufacturer(
    newIdOf(meta.commandId),
    { name, aliases: [], code: null },
    meta,
  );
  await expect(registerManufacturer(new ProductRegistry(dying()), command)).rejects.toBeInstanceOf(
    ProcessDied,
  );
  return command.manufacturerId;
};

describe('a refused command', () => {
  const expectNoTrace = async (name: string, stranger: string): Promise<void> => {
    expect(await keyOwner(log, manufacturerNameKey(name))).toBe(stranger);
    expect((await fresh().manufacturers.refresh(stranger)).revision).toBe(-1n);
  };

  it('that registers a name with a taken code leaves no claim, and no stranger fenced', async () => {
    const code = uniqueCode();
    await makeManufacturer(fresh(), uniqueName(), { rule: 'manual', code });
    const name = uniqueName();
    await expect(makeManufacturer(fresh(), name, { rule: 'manual', code })).rejects.toMatchObject({
      code: 'ENTITY_CODE_TAKEN',
    });
    expect(await keyOwner(log, manufacturerNameKey(name))).toBeUndefined();
    const stranger = await claimedAndUnused(name);
    for (const refused of [code, 'no code']) {
      await expect(
        makeManufacturer(fresh(), name, { rule: 'manual', code: refused }),
      ).rejects.toMatchObject({ code: expect.stringMatching(/^ENTITY_CODE_/) });
    }
    await expectNoTrace(name, stranger);
  });

  it('that adds a name leaves no claim where its revision is stale or its id was used', async () => {
    const maker = await makeManufacturer(fresh(), uniqueName());
    const name = uniqueName();
    const stranger = await claimedAndUnused(name);
    const used = newMeta();
    await addManufacturerAlias(
      fresh(),
      new AddManufacturerAlias(maker, { alias: uniqueName() }, used),
    );
    const stale = new AddManufacturerAlias(maker, { alias: name }, newMeta());
    await expect(addManufacturerAlias(fresh(), stale, { ifMatch: 77n })).rejects.toMatchObject({
      code: 'STALE_REVISION',
    });
    await expect(
      addManufacturerAlias(fresh(), new AddManufacturerAlias(maker, { alias: name }, used)),
    ).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await expectNoTrace(name, stranger);
  });

  it('that issues a code leaves no claim where its revision is stale, its id used or its maker merged', async () => {
    const [merged, into] = await makeTwoManufacturers(fresh());
    const used = newMeta();
    const issue = (maker: string, code: string, meta = newMeta(), options = {}) =>
      issueEntityCode(fresh(), new IssueEntityCode(maker, { rule: 'manual', code }, meta), options);
    await issue(into, uniqueCode(), used);
    await merge(merged, into);
    const code = uniqueCode();
    await expect(issue(into, code, newMeta(), { ifMatch: 77n })).rejects.toMatchObject({
      code: 'STALE_REVISION',
    });
    await expect(issue(into, code, used)).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    await expect(issue(merged, code)).rejects.toMatchObject({ code: 'MANUFACTURER_MERGED' });
    expect(await keyOwner(log, entityCodeKey(code))).toBeUndefined();
  });

  it('that issues a code by rule leaves none where its maker was merged', async () => {
    const [merged, into] = [
      await makeManufacturer(fresh(), uniqueName(), null),
      await makeManufacturer(fresh(), uniqueName(), null),
    ];
    await merge(merged, into);
    const { state } = await fresh().manufacturers.refresh(merged);
    const name = state.status === 'registered' ? state.name : '';
    await expect(
      issueEntityCode(fresh(), new IssueEntityCode(merged, { rule: 'derived' }, newMeta())),
    ).rejects.toMatchObject({ code: 'MANUFACTURER_MERGED' });
    expect(await keyOwner(log, entityCodeKey(derivedEntityCodeOf(name) ?? ''))).toBeUndefined();
  });
});
