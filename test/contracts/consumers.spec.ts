import { describe, expect, it } from 'vitest';

import { contracts } from '#apps/contracts.js';
import { serveConsumers } from '#fanout/nest/serve-consumers.js';
import { consumers } from '#projections/consumers.js';

import 'reflect-metadata';

/** Never ends by itself. */
const idle = () => {
  let end: (error?: Error) => void = () => undefined;
  const ended = new Promise<Error | undefined>((resolve) => (end = resolve));
  const stop = (): Promise<void> => {
    end();
    return Promise.resolve();
  };
  return { start: () => Promise.resolve(), ended, stop };
};

describe('the consumers of the list', () => {
  it('have one handler for each of their topics', async () => {
    const served = await serveConsumers({ consumers, run: idle });
    await served.start();
    expect(served.consumers.map(({ failure }) => failure)).toEqual(consumers.map(() => undefined));
    await served.stop();
  });

  it.each(consumers.map(({ name, topics }) => [name, topics] as const))(
    '%s takes what a contract publishes',
    (_, topics) => {
      const published = contracts.map(({ topic }) => topic);
      expect(topics.filter((topic) => !published.includes(topic))).toEqual([]);
      expect(topics.length).toBeGreaterThan(0);
    },
  );
});
