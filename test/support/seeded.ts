/** A repeatable source of numbers in [0, 1): mulberry32, good enough to choose moments and victims. */
export const seeded = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

export const pick = <T>(random: () => number, items: readonly T[]): T => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};

/** The same items in another order: each is put in at a place that is chosen. */
export const shuffled = <T>(random: () => number, items: readonly T[]): readonly T[] => {
  const mixed: T[] = [];
  for (const item of items) mixed.splice(Math.floor(random() * (mixed.length + 1)), 0, item);
  return mixed;
};
