import { Catch, Controller, type RpcExceptionFilter, UseFilters } from '@nestjs/common';
import {
  BaseRpcExceptionFilter,
  EventPattern,
  MessagePattern,
  RpcException,
} from '@nestjs/microservices';
import { concat, Observable, of, throwError, timer } from 'rxjs';
import { mergeMap } from 'rxjs/operators';
import { afterEach, describe, expect, it } from 'vitest';

import type { Batch, ConsumerClient } from '../consumer.js';
import type { DeclaredConsumer } from './declared-consumer.js';
import {
  aBatch,
  declared,
  Delivery,
  handling,
  serving,
  servingOne,
  stopServing,
  topic,
} from './serving.fixture.js';

afterEach(stopServing);

/** As Postgres refuses a row: it is told by its code. */
const storeError = (): Error =>
  Object.assign(new Error('violates check constraint'), { code: '23514', severity: 'ERROR' });

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('a consumer as a Nest controller', () => {
  it('gets batches, and a client that is good until it ends', async () => {
    const seen: { batch?: Batch; client?: ConsumerClient } = {};
    const delivery = await servingOne(
      handling(async (batch, { client }) => {
        await client.query('select 1');
        Object.assign(seen, { batch, client });
      }),
    );
    await delivery.deliver();
    expect(seen.batch).toBe(aBatch);
    expect(delivery.statements).toEqual(['select 1']);
    expect(() => seen.client?.query('select 2')).toThrow('the handler has ended');
    expect(delivery.statements).toEqual(['select 1']);
  });

  it('gets the batches of each topic in the handler of that topic', async () => {
    const other = 'voltrace.other.v1';
    const seen: string[] = [];
    @Controller()
    class Handler {
      @EventPattern<typeof topic>(topic, { consumer: 'counter' })
      one(): void {
        seen.push('one');
      }
      @EventPattern<typeof other>(other, { consumer: 'counter' })
      two(): void {
        seen.push('two');
      }
    }
    const { consumers } = await serving([declared(Handler, { topics: [topic, other] })]);
    const run = consumers[0]?.run;
    expect(run?.consumer.topics).toEqual([topic, other]);
    await run?.deliver({ ...aBatch, topic: other });
    await run?.deliver();
    expect(seen).toEqual(['two', 'one']);
  });

  it('forgets what it says it forgets, and from the start only where it says so', async () => {
    const forgotten: unknown[] = [];
    const forget: DeclaredConsumer['forget'] = (after) => {
      forgotten.push(after);
      return Promise.resolve();
    };
    const controller = handling(() => undefined);
    const after = { commit: 5n, prepare: 5n };
    const forgets = async (startOnly: string | null, from: typeof after | undefined) => {
      const { consumers } = await serving([declared(controller, { forget, startOnly })]);
      const run = consumers[0]?.run;
      await run?.consumer.forget?.(from, run.client);
    };
    await forgets(null, after);
    await forgets('it keeps counts', undefined);
    expect(forgotten).toEqual([after, undefined]);
    await expect(forgets('it keeps counts', after)).rejects.toThrow(
      'counter can be reset to the start only (--to start): it keeps counts',
    );
    expect(forgotten).toHaveLength(2);
  });

  it('is waited for: a promise, and an Observable to its completion', async () => {
    const done: string[] = [];
    const late = async (what: string): Promise<void> => {
      await soon();
      done.push(what);
    };
    const delivery = await servingOne(
      handling(() => concat(of(1), timer(5).pipe(mergeMap(() => late('observed'))))),
    );
    await delivery.deliver();
    expect(done).toEqual(['observed']);
    const promised = await servingOne(handling(() => late('promised')));
    await promised.deliver();
    expect(done).toEqual(['observed', 'promised']);
  });

  const failures: [string, (error: Error) => unknown][] = [
    [
      'throws',
      (error) => {
        throw error;
      },
    ],
    ['rejects', (error) => soon().then(() => Promise.reject(error))],
    ['gives an Observable that errs', (error) => throwError(() => error)],
    [
      'gives an Observable that errs late',
      (error) => concat(of(1, 2), timer(20).pipe(mergeMap(() => throwError(() => error)))),
    ],
    ['promises an Observable that errs', (error) => Promise.resolve(throwError(() => error))],
  ];

  it.each(failures)('fails by its own error where it %s', async (_, fail) => {
    const error = storeError();
    const delivery = await servingOne(handling(() => fail(error)));
    const caught = await delivery.deliver().catch((thrown: unknown) => thrown);
    expect(caught).toBe(error);
  });

  it('fails by the RpcException that it throws', async () => {
    const error = new RpcException({ status: 'fine' });
    const delivery = await servingOne(
      handling(() => {
        throw error;
      }),
    );
    await expect(delivery.deliver()).rejects.toBe(error);
  });

  it('fails where it does not end in time, and is stopped', async () => {
    const state = { open: false };
    const endless = new Observable<number>(() => {
      state.open = true;
      return () => (state.open = false);
    });
    const delivery = await servingOne(
      handling(() => endless),
      { handlerTimeoutMs: 30 },
    );
    await expect(delivery.deliver()).rejects.toThrow('has not ended within 30 ms');
    expect(state.open).toBe(false);
    const hanging = await servingOne(
      handling(() => new Promise(() => undefined)),
      { handlerTimeoutMs: 30 },
    );
    await expect(hanging.deliver()).rejects.toThrow('has not ended within 30 ms');
  });

  it('has the time that it says it needs', async () => {
    const slow = declared(
      handling(() => soon()),
      { handlerTimeoutMs: 10_000 },
    );
    const { consumers } = await serving([slow], { handlerTimeoutMs: 1 });
    await expect(consumers[0]?.run?.deliver()).resolves.toBeUndefined();
  });

  it('is held to its time, however much an Observable says meanwhile', async () => {
    const delivery = await servingOne(
      handling(() => timer(0, 5)),
      { handlerTimeoutMs: 60 },
    );
    await expect(delivery.deliver()).rejects.toThrow('has not ended within 60 ms');
  });

  it('fails all the same where a filter of its own replaced the error, and says so', async () => {
    @Catch()
    class Replacing extends BaseRpcExceptionFilter implements RpcExceptionFilter {}
    @Controller()
    @UseFilters(new Replacing())
    class Handler {
      @EventPattern<typeof topic>(topic, { consumer: 'counter' })
      handle(): never {
        throw storeError();
      }
    }
    const delivery = await servingOne(Handler);
    await expect(delivery.deliver()).rejects.toThrow(
      /status":"error".*a filter of the application/,
    );
  });
});

describe('consumers whose handlers do not fit', () => {
  const unknown = 'voltrace.counter.v2';
  @Controller()
  class Unknown {
    @EventPattern<typeof unknown>(unknown, { consumer: 'counter' })
    handle(): void {
      return;
    }
  }
  @Controller()
  class Asking {
    @MessagePattern(topic)
    answer(): number {
      return 1;
    }
  }
  @Controller()
  class Odd {
    @EventPattern({ topic }, { consumer: 'counter' })
    handle(): void {
      return;
    }
  }
  @Controller()
  class Nobodys {
    @EventPattern<typeof topic>(topic)
    handle(): void {
      return;
    }
  }
  @Controller()
  class Twice {
    @EventPattern<typeof topic>(topic, { consumer: 'counter' })
    one(): void {
      return;
    }
    @EventPattern<typeof topic>(topic, { consumer: 'counter' })
    two(): void {
      return;
    }
  }
  @Controller()
  class Nothing {}
  const fine = declared(handling(() => undefined));
  const ofOther = handling(() => undefined, 'other');
  const cases: [string, DeclaredConsumer[], RegExp][] = [
    [
      'a topic of no consumer',
      [declared(Unknown)],
      /'voltrace\.counter\.v2'\) is no topic of counter/,
    ],
    [
      'a pattern that is no name',
      [declared(Odd)],
      /@EventPattern\(\{"topic":"voltrace\.counter\.v1"\}\) is no topic of counter/,
    ],
    [
      'a handler that answers',
      [declared(Asking)],
      /@MessagePattern\('voltrace\.counter\.v1'\) answers/,
    ],
    [
      'a handler of nobody',
      [declared(Nobodys)],
      /'voltrace\.counter\.v1'\) names no consumer as \{ consumer \}; known are counter/,
    ],
    [
      'a handler of a consumer that is not listed',
      [declared(ofOther)],
      /names no consumer as \{ consumer \}; known are counter/,
    ],
    [
      'two handlers of one topic',
      [declared(Twice)],
      /counter has 2 handlers for voltrace\.counter\.v1/,
    ],
    ['no handler', [declared(Nothing)], /counter has 0 handlers for voltrace\.counter\.v1/],
    [
      'a second consumer without one',
      [fine, declared(Nothing, { name: 'other' })],
      /other has 0 handlers for voltrace\.counter\.v1/,
    ],
    ['two of one name', [fine, fine], /two consumers are named counter/],
  ];

  it.each(cases)('are refused for %s, and none is started', async (_, consumers, message) => {
    const started: string[] = [];
    const run = (consumer: Delivery['consumer']) => {
      started.push(consumer.name);
      return new Delivery(consumer);
    };
    await expect(serving(consumers, { run })).rejects.toThrow(message);
    expect(started).toEqual([]);
  });
});
