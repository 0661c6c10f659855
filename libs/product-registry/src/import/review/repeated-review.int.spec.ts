import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { dyingLog, haltingLog, ProcessDied } from '../../testing/halting-log.js';
import { newMeta } from '../../testing/make.js';
import { endedImport } from '../testing/ended-import.js';
import {
  capacityOf,
  decide,
  decisionsOn,
  eventsOf,
  inConflict,
  log,
  madeMaker,
  modelOf,
  proposed,
  startReviews,
  stopReviews,
} from '../testing/reviews.js';

beforeAll(startReviews);
afterAll(stopReviews);

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
