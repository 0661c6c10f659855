import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { SharedReads } from './shared-reads.js';

/** Reads that end when they are told to. */
const pending = () => {
  const ends: { readonly resolve: (value: number) => void; readonly reject: () => void }[] = [];
  const start = () =>
    new Promise<number>((resolve, reject) => {
      ends.push({ resolve, reject: () => reject(new Error('lost')) });
    });
  return { ends, start };
};
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('reads that many ask for', () => {
  it('shares the next read among those who come during one', async () => {
    const { ends, start } = pending();
    const reads = new SharedReads<number>();
    const first = reads.read('a', start);
    const waiting = [reads.read('a', start), reads.read('a', start)];
    expect(ends).toHaveLength(1);
    ends[0]?.resolve(1);
    await turn();
    const late = reads.read('a', start);
    expect(ends).toHaveLength(2);
    ends[1]?.resolve(2);
    await turn();
    ends[2]?.resolve(3);
    expect(await Promise.all([first, ...waiting, late])).toEqual([1, 2, 2, 3]);
  });

  it('reads again for those who waited where the read before them failed', async () => {
    const { ends, start } = pending();
    const reads = new SharedReads<number>();
    const first = reads.read('a', start);
    const second = reads.read('a', start);
    ends[0]?.reject();
    await expect(first).rejects.toThrow('lost');
    ends[1]?.resolve(2);
    expect(await second).toBe(2);
    const third = reads.read('a', start);
    ends[2]?.resolve(3);
    expect(await third).toBe(3);
  });

  it('answers nobody with what was read before they asked, and keeps nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }), async (pauses) => {
        const reads = new SharedReads<number>();
        let clock = 0;
        const start = async (): Promise<number> => {
          const began = clock;
          await turn();
          return began;
        };
        const answers: Promise<void>[] = [];
        for (const pause of pauses) {
          clock += 1;
          const asked = clock;
          answers.push(
            reads.read('a', start).then((read) => expect(read).toBeGreaterThanOrEqual(asked)),
          );
          for (let n = 0; n < pause; n += 1) await turn();
        }
        await Promise.all(answers);
        await turn();
        expect((reads as unknown as { lines: Map<string, unknown> }).lines.size).toBe(0);
      }),
    );
  });
});
