import { rm, symlink } from 'node:fs/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { handleCommand } from '#event-log/handle-command.js';

import { delistAbsent } from '../../product/delist-absent.js';
import { merge, rename, stateOf, transfer } from '../../testing/identity.js';
import { newMeta } from '../../testing/make.js';
import { RetryImport } from '../commands.js';
import { registeredProduct } from '../plan/product-rows.js';
import { absenceCountsOf } from '../state.js';
import { ListsBench, textsOf } from '../testing/lists-bench.js';

// Each test has a year of its own, in the order of the tests: lists of earlier ones are older.
let lists: ListsBench;
beforeAll(async () => {
  lists = await ListsBench.start();
});
afterAll(async () => {
  await lists.stop();
});

const productOf = async (manufacturer: string, model: string): Promise<string> => {
  const found = await registeredProduct(lists.tools.registry, { manufacturer, model });
  if (found === undefined) throw new Error(`${manufacturer} ${model} is not registered`);
  return found;
};

describe('a list after an earlier one', () => {
  const tooLong = `T-${'0'.repeat(60)}`;
  const earlier = [
    'Alder,A-1,LFP,5,2',
    'Alder,A-2,LFP,6,2',
    'Birch Inc,B-1,LFP,7,2',
    'Cedar,C-1,LFP,8,2',
    `Alder,${tooLong},LFP,9,2`,
  ];
  const later = ['Alder,A-1,LFP,5,2', 'Birch Inc.,B-1,LFP,7,2', 'Elm,C-1,LFP,8,2'];
  const texts = ['gone Alder A-2', 'transferred Cedar C-1', 'renamed Birch Inc B-1'];

  it('names what that one names and it does not, by what became of it', async () => {
    const before = await lists.import(earlier, '2001-01-01');
    expect(before.state).toMatchObject({ status: 'completed', absent: null, notCompared: null });
    const { id, state, absences } = await lists.import(later, '2001-02-01');
    expect(textsOf(absences)).toEqual(texts);
    expect(absences[0]?.productId).toBe(await productOf('Alder', 'A-2'));
    expect([state.absent?.previous, state.absent && absenceCountsOf(state.absent)]).toEqual([
      before.id,
      { gone: 1, transferred: 1, renamed: 1 },
    ]);

    const shown = await lists.shown(id);
    expect(textsOf(shown)).toEqual([texts[0], texts[2], texts[1]]);
    expect(shown[0]).toEqual({ ...absences[0], previous: before.id });
    expect(textsOf(await lists.shown(id, 'renamed'))).toEqual([texts[2]]);
  });

  it('names the same when it is sent again, and the earlier one names nothing', async () => {
    const [before, after] = [
      await lists.receive(earlier, '2001-01-01'),
      await lists.receive(later, '2001-02-01'),
    ];
    const again = await lists.run(after);
    expect([again.state.run, textsOf(again.absences)]).toEqual([2, texts]);
    expect(textsOf(await lists.shown(after))).toHaveLength(3);
    const older = await lists.run(before);
    expect(older.state).toMatchObject({ run: 2, status: 'completed', absent: null });
  });

  it('names nothing where it says the same, and replaces what it found before', async () => {
    const first = await lists.import(['Fir,F-1,LFP,5,2', 'Fir,F-2,LFP,6,2'], '2002-01-01');
    const second = await lists.import(
      ['Fir,F-1,LFP,5,2', 'Fir,F-2,LFP,6,2', 'Fir,,LFP,6,2'],
      '2002-02-01',
    );
    expect(second.state.absent).toMatchObject({ previous: first.id, run: 1 });
    expect(second.absences).toEqual([]);
    const third = await lists.import(['Fir,F-1,LFP,5,2', 'Fir,,LFP,6,2'], '2002-03-01');
    expect(textsOf(third.absences)).toEqual(['gone Fir F-2']);
    // The product turns up under a name of the later list: a retry finds that.
    await rename(lists.tools.registry, await productOf('Fir', 'F-2'), 'F-3');
    await merge(lists.tools.registry, await productOf('Fir', 'F-3'), await productOf('Fir', 'F-1'));
    const { log, imports } = lists.tools;
    await handleCommand(log, imports, third.id, new RetryImport(newMeta()));
    const retried = await lists.run(third.id);
    expect([retried.state.absent?.run, retried.absences]).toEqual([2, []]);
    expect(await lists.shown(third.id)).toEqual([]);
  });

  it('names no product that it has under another of its names', async () => {
    await lists.import(
      [
        ...['Gum,G-1,LFP,1,1', 'Gum,G-2,LFP,2,1', 'Gum,G-3,LFP,3,1', 'Gum,G-4,LFP,4,1'],
        ...['Gum,G-5,LFP,5,1', 'Holly,H-1,LFP,6,1'],
      ],
      '2003-01-01',
    );
    const { registry } = lists.tools;
    await rename(registry, await productOf('Gum', 'G-1'), 'G-1 Plus');
    await merge(registry, await productOf('Gum', 'G-2'), await productOf('Holly', 'H-1'));
    await transfer(registry, await productOf('Gum', 'G-3'), 'Holly');
    const after = await lists.import(
      [
        ...['Gum,G-1 Plus,LFP,10,1', 'Holly,G-3,LFP,30,1', 'GUM,G-4,LFP,4,1', 'Holly,H-1,LFP,6,1'],
        // Looks like the model that was there, and waits for review beside it.
        'Gum,G‐5,LFP,5,1',
      ],
      '2003-02-01',
    );
    expect(textsOf(after.absences)).toEqual(['renamed Gum G-5']);
  });

  it('without a date comes after what was completed last', async () => {
    const dated = await lists.import(['Ivy,I-1,LFP,1,1', 'Ivy,I-2,LFP,2,1'], '2004-01-01');
    const undated = await lists.import(['Ivy,I-1,LFP,1,1']);
    expect([undated.state.absent?.previous, textsOf(undated.absences)]).toEqual([
      dated.id,
      ['gone Ivy I-2'],
    ]);
  });

  it('that is retried is compared with what came before its first run', async () => {
    const first = await lists.import(['Ivy,I-3,LFP,1,1', 'Ivy,,LFP,2,1']);
    expect(textsOf(first.absences)).toEqual(['gone Ivy I-1']);
    await lists.import(['Ivy,I-3,LFP,1,1', 'Ivy,I-4,LFP,2,1']);
    const { log, imports } = lists.tools;
    await handleCommand(log, imports, first.id, new RetryImport(newMeta()));
    const { state, absences } = await lists.run(first.id);
    expect([state.run, state.absent?.previous, textsOf(absences)]).toEqual([
      ...[2, first.state.absent?.previous, ['gone Ivy I-1']],
    ]);
  });
});

describe('a list that cannot be compared', () => {
  const logger = { info: () => undefined, warn: () => undefined, error: console.error };
  const quietly = (more: object = {}) => ({ ...lists.tools, logger, ...more });
  const imported = async (asOf: string, model: string): Promise<string> => {
    const { state } = await lists.run(await lists.receive([`Juniper,${model},LFP,1,1`], asOf));
    expect(state.status).toBe('completed');
    return lists.tools.files.pathOf(state.received.sha256);
  };
  const outcomeOf = async (asOf: string, model: string, tools = quietly()) => {
    const id = await lists.receive([`Juniper,${model},LFP,1,1`], asOf);
    const { state } = await lists.run(id, tools);
    return [state.status, state.absent, state.notCompared?.code];
  };

  it('is imported all the same, and says why', async () => {
    const file = await imported('2005-01-01', 'J-1');
    await rm(file);
    expect(await outcomeOf('2005-01-02', 'J-2')).toEqual(['completed', null, 'FILE_MISSING']);
    const second = await imported('2005-01-03', 'J-3');
    await rm(second);
    // A file whose every read fails.
    await symlink('/proc/self/mem', second);
    expect(await outcomeOf('2005-01-04', 'J-4')).toEqual([
      ...['completed', null, 'COMPARISON_FAILED'],
    ]);
    await imported('2005-01-05', 'J-5');
    const late = quietly({ compareWithinMs: 1 });
    expect(await outcomeOf('2005-01-06', 'J-6', late)).toEqual([
      ...['completed', null, 'COMPARISON_TOO_LONG'],
    ]);
    // Sent again when that has passed, it is compared.
    const again = await lists.receive(['Juniper,J-6,LFP,1,1'], '2005-01-06');
    const { absences, state } = await lists.run(again);
    expect([textsOf(absences), state.notCompared]).toEqual([['gone Juniper J-5'], null]);
  });
});

describe('a product that is gone from a list', () => {
  const agency = 'CEC';
  const list = 'cec-batteries';
  const delist = (productId: string, asOf: string | null) =>
    delistAbsent(lists.tools.registry, { productId, agency, list, asOf }, newMeta());
  const listingOf = async (id: string) =>
    (await stateOf(lists.tools.registry, id)).listings[agency];

  it('is delisted by whoever confirms it, and listed again by a later list', async () => {
    const both = ['Larch,L-1,LFP,1,1', 'Larch,L-2,LFP,2,1'];
    await lists.import(both, '2006-01-01');
    const { absences } = await lists.import(['Larch,L-1,LFP,1,1'], '2006-02-01');
    const productId = absences[0]?.productId ?? '';
    expect(await delist(productId, '2006-02-01')).toMatchObject({ outcome: 'accepted' });
    expect(await delist(productId, '2006-02-01')).toMatchObject({ outcome: 'unchanged' });
    expect(await listingOf(productId)).toMatchObject({ value: null, by: 'list' });

    // A list from between changes nothing of it: the newer one does not name it.
    await lists.import([...both].reverse(), '2006-01-15');
    expect((await listingOf(productId))?.value).toBeNull();

    const back = await lists.import([...both, ''], '2006-03-01');
    expect(back.state.outcomes.accepted.has(2)).toBe(true);
    expect(await listingOf(productId)).toMatchObject({ value: { agency }, by: 'list' });
    await expect(delist(productId, '2006-02-01')).rejects.toMatchObject({
      code: 'PRODUCT_LISTED_AGAIN',
      details: { asOf: '2006-03-01' },
    });
  });
});
