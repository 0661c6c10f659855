import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ANY } from '@eventstore/db-client';
import { afterAll, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { startStore } from './store.js';
import { describeNodeOnly } from './suite.js';
import { appendTo, classic, collect, newStream, thing } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'voltrace-clock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hourMs = 3_600_000;
const offset = join(folder, 'offset-ms');
const setClock = (offsetMs: number): void => writeFileSync(offset, String(offsetMs));

/** Loaded before the node: its wall clock is the machine's and what stands in a file. */
const shiftedClock = (): string => {
  const path = join(folder, 'shifted-clock.mjs');
  writeFileSync(
    path,
    `import { readFileSync } from 'node:fs';
     const machine = Date.now;
     Date.now = () => machine() + Number(readFileSync(${JSON.stringify(offset)}, 'utf8'));`,
  );
  return `--import=${pathToFileURL(path).href}`;
};

describeNodeOnly('the time at which an event was created', () => {
  it('follows the wall clock forwards, and never goes back, not over a restart either', async () => {
    setClock(0);
    const store = await startStore({ NODE_OPTIONS: shiftedClock() });
    try {
      const stream = newStream();
      const created = async (): Promise<number> => {
        // Without a deadline of the client's clock, which the node would find to have passed.
        await appendTo({ client: store.connect() }, stream, thing(), ANY, classic);
        const events = await collect(store.connect().readStream(stream));
        return events.at(-1)!.event!.created.getTime();
      };
      const first = await created();
      expect(Math.abs(first - Date.now())).toBeLessThan(hourMs / 4);

      setClock(3 * hourMs);
      const ahead = await created();
      expect(ahead - first).toBeGreaterThanOrEqual(3 * hourMs);
      expect(ahead - first).toBeLessThan(3.5 * hourMs);

      setClock(0);
      expect(await created()).toBe(ahead);
      await until('it says so', () => store.node.output.includes('clock is behind the log'));

      await store.node.restart();
      await until('it says so', () => store.node.output.includes('clock is behind the log'));
      expect(await created()).toBe(ahead);

      setClock(4 * hourMs);
      expect(await created()).toBeGreaterThan(ahead);
      await until('it says so', () => store.node.output.includes('caught up with the log'));
    } finally {
      await store.stop();
    }
  });
});
