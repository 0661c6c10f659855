import { describe, expect, it } from 'vitest';

import { ReadSlots } from './read-slots.js';

const gate = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
};

describe('look-ups of keys that were not met', () => {
  it('are so many at once, and the others wait in their order', async () => {
    const slots = new ReadSlots(2, 10);
    const gates = Array.from({ length: 4 }, gate);
    const started: number[] = [];
    const calls = gates.map(({ opened }, i) =>
      slots.run(async () => {
        started.push(i);
        await opened;
        if (i === 0) throw new Error('failed');
        return i;
      }),
    );
    const failure = expect(calls[0]).rejects.toThrow('failed');
    expect(started).toEqual([0, 1]);
    gates[0]?.open();
    await failure;
    await Promise.resolve();
    expect(started).toEqual([0, 1, 2]);
    for (const { open } of gates) open();
    expect(await Promise.all(calls.slice(1))).toEqual([1, 2, 3]);
    expect(await slots.run(() => Promise.resolve('free again'))).toBe('free again');
  });

  it('are refused where too many wait', async () => {
    const slots = new ReadSlots(1, 1);
    const { open, opened } = gate();
    const calls = [slots.run(() => opened), slots.run(() => opened)];
    await expect(slots.run(() => opened)).rejects.toMatchObject({
      code: 'TOO_MANY_UNKNOWN_KEYS',
      kind: 'too-many',
    });
    open();
    await Promise.all(calls);
  });
});
