import type { ReadStore } from '#read-store/read-store.js';

/** One thing for each read store, made when it is asked for first: all who use a store in a process share it. */
export const perStore = <T>(make: (store: ReadStore) => T): ((store: ReadStore) => T) => {
  const made = new WeakMap<ReadStore, T>();
  return (store) => {
    const known = made.get(store);
    if (known !== undefined) return known;
    const one = make(store);
    made.set(store, one);
    return one;
  };
};
