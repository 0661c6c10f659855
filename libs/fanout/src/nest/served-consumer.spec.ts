import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { until } from '#testing/until.js';

import { declared, Delivery, handling, serving, stopServing } from './serving.fixture.js';

afterEach(stopServing);

describe('two consumers of one process', () => {
  const two = () => {
    const seen: string[] = [];
    const consumers = ['one', 'two'].map((name) =>
      declared(
        handling(() => void seen.push(name), name),
        { name },
      ),
    );
    return { consumers, seen };
  };

  it('each get their own batches of the same topic', async () => {
    const { consumers, seen } = two();
    const served = await serving(consumers);
    await served.consumers[1]?.run?.deliver();
    expect(seen).toEqual(['two']);
    await served.consumers[0]?.run?.deliver();
    expect(seen).toEqual(['two', 'one']);
  });

  it('do not keep each other from running: one that is refused is tried until it may start', async () => {
    const { consumers, seen } = two();
    const state = { refused: true };
    const failures: string[] = [];
    const { consumers: served } = await serving(consumers, {
      run: (consumer) =>
        new Delivery(
          consumer,
          consumer.name === 'one' && state.refused ? new Error('another transport') : undefined,
        ),
      onFailure: (name, { message }) => failures.push(`${name}: ${message}`),
    });
    const [one, other] = served;
    expect([one?.failure?.message, other?.failure]).toEqual(['another transport', undefined]);
    await other?.run?.deliver();
    expect(seen).toEqual(['two']);
    await until('it is tried again', () => failures.length >= 3);
    expect(new Set(failures)).toEqual(new Set(['one: another transport']));
    state.refused = false;
    await until('it runs', () => one?.failure === undefined);
    await one?.run?.deliver();
    expect(seen).toEqual(['two', 'one']);
  });

  it('do not end each other: one that ends by an error is stopped, and started anew', async () => {
    const { consumers, seen } = two();
    const lines: string[] = [];
    const log = ({ subscription }: { subscription?: string }, message: string): void =>
      void lines.push(`${String(subscription)}: ${message}`);
    const { consumers: served } = await serving(consumers, { logger: { info: log, error: log } });
    const [one, other] = served;
    const [first, ofOther] = [one?.run, other?.run];
    first?.end(new Error('five sessions without progress'));
    await until('it is started anew', () => one?.run !== first && one?.failure === undefined);
    expect(first?.stopped).toBe(true);
    await one?.run?.deliver();
    expect(seen).toEqual(['one']);
    expect([other?.run, ofOther?.stopped]).toEqual([ofOther, false]);
    expect(lines).toEqual([
      'one: the subscription does not run and is tried every few seconds',
      'one: the subscription runs again',
    ]);
  });

  it('are both stopped with the application, and not started again', async () => {
    const { consumers } = two();
    const begun: Delivery[] = [];
    const served = await serving(consumers, {
      run: (consumer) => {
        const run = new Delivery(consumer);
        begun.push(run);
        return run;
      },
    });
    await served.stop();
    await sleep(20);
    expect(begun.map(({ stopped }) => stopped)).toEqual([true, true]);
  });
});
