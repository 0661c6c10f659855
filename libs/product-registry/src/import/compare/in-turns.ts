import { setImmediate as turn } from 'node:timers/promises';

/** Rows that are looked at in one turn of the event loop. */
const rowsPerTurn = 500;

/** Items one after the other, with turns for others in between. */
export async function* inTurns<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const [index, item] of items.entries()) {
    if (index % rowsPerTurn === rowsPerTurn - 1) await turn();
    yield item;
  }
}
