import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Catch,
  Controller,
  Module,
  type RpcExceptionFilter,
  type Type,
  UseFilters,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  BaseRpcExceptionFilter,
  EventPattern,
  MessagePattern,
  RpcException,
} from '@nestjs/microservices';
import { concat, Observable, of, throwError, timer } from 'rxjs';
import { mergeMap } from 'rxjs/operators';

import type { Batch, ConsumerClient } from '../consumer.js';
import { FanoutServer } from './fanout-server.js';
import {
  aBatch,
  apps,
  contracts,
  Delivery,
  handling,
  serving,
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
    const { delivery } = await serving([
      handling(async (batch, { client }) => {
        await client.query('select 1');
        Object.assign(seen, { batch, client });
      }),
    ]);
    await delivery.deliver();
    expect(seen.batch).toBe(aBatch);
    expect(delivery.statements).toEqual(['select 1']);
    expect(() => seen.client?.query('select 2')).toThrow('the handler has ended');
    expect(delivery.statements).toEqual(['select 1']);
  });

  it('is asked for the topics of its patterns', async () => {
    const forget = (): Promise<void> => Promise.resolve();
    const { delivery } = await serving([handling(() => undefined)], { forget });
    expect(delivery.consumer).toMatchObject({ name: 'tally', topics: [topic], forget });
  });

  it('is waited for: a promise, and an Observable to its completion', async () => {
    const done: string[] = [];
    const late = async (what: string): Promise<void> => {
      await soon();
      done.push(what);
    };
    const { delivery } = await serving([
      handling(() => concat(of(1), timer(5).pipe(mergeMap(() => late('observed'))))),
    ]);
    await delivery.deliver();
    expect(done).toEqual(['observed']);
    const promised = await serving([handling(() => late('promised'))]);
    await promised.delivery.deliver();
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
    const { delivery } = await serving([handling(() => fail(error))]);
    const caught = await delivery.deliver().catch((thrown: unknown) => thrown);
    expect(caught).toBe(error);
  });

  it('fails by the RpcException that it throws', async () => {
    const error = new RpcException({ status: 'fine' });
    const { delivery } = await serving([
      handling(() => {
        throw error;
      }),
    ]);
    await expect(delivery.deliver()).rejects.toBe(error);
  });

  it('fails where it does not end in time, and is stopped', async () => {
    const state = { open: false };
    const endless = new Observable<number>(() => {
      state.open = true;
      return () => (state.open = false);
    });
    const { delivery } = await serving([handling(() => endless)], { handlerTimeoutMs: 30 });
    await expect(delivery.deliver()).rejects.toThrow('has not ended within 30 ms');
    expect(state.open).toBe(false);
    const hanging = await serving([handling(() => new Promise(() => undefined))], {
      handlerTimeoutMs: 30,
    });
    await expect(hanging.delivery.deliver()).rejects.toThrow('has not ended within 30 ms');
  });

  it('is held to its time, however much an Observable says meanwhile', async () => {
    const { delivery } = await serving([handling(() => timer(0, 5))], { handlerTimeoutMs: 60 });
    await expect(delivery.deliver()).rejects.toThrow('has not ended within 60 ms');
  });

  it('fails all the same where a filter of its own replaced the error, and says so', async () => {
    @Catch()
    class Replacing extends BaseRpcExceptionFilter implements RpcExceptionFilter {}
    @Controller()
    @UseFilters(new Replacing())
    class Handler {
      @EventPattern<typeof topic>(topic)
      handle(): never {
        throw storeError();
      }
    }
    const { delivery } = await serving([Handler]);
    await expect(delivery.deliver()).rejects.toThrow(
      /status":"error".*a filter of the application/,
    );
  });
});

describe('starting consumers', () => {
  const unknown = 'voltrace.tally.v2';
  @Controller()
  class Unknown {
    @EventPattern<typeof unknown>(unknown)
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
    @EventPattern({ topic })
    handle(): void {
      return;
    }
  }
  const fine = handling(() => undefined);
  const cases: [string, Type[], RegExp][] = [
    [
      'a topic that no contract has',
      [Unknown],
      /'voltrace\.tally\.v2'\) is no topic; known are voltrace\.tally\.v1/,
    ],
    [
      'a pattern that is no name',
      [Odd],
      /@EventPattern\(\{"topic":"voltrace\.tally\.v1"\}\) is no topic/,
    ],
    ['a handler that answers', [Asking], /@MessagePattern\('voltrace\.tally\.v1'\) answers/],
    ['an answering handler beside one of its topic', [Asking, fine], /@MessagePattern/],
    ['two handlers of one topic', [fine, handling(() => undefined)], /two handlers for/],
    ['no handler', [], /no controller has an @EventPattern/],
  ];

  it.each(cases)('refuses %s', async (_, controllers, message) => {
    await expect(serving(controllers)).rejects.toThrow(message);
  });

  it('refuses to serve without the filter that keeps errors', async () => {
    const delivery = new Delivery();
    const strategy = new FanoutServer({ name: 'tally', contracts, run: () => delivery });
    @Module({ controllers: [fine] })
    class Bare {}
    const app = await NestFactory.createMicroservice(Bare, { strategy, logger: false });
    apps.push(app);
    await expect(app.listen()).rejects.toThrow('the filter that keeps errors is missing');
  });

  it('fails by the error of the runner that does not start', async () => {
    const delivery = new Delivery();
    delivery.start = () => Promise.reject(new Error('its offsets are of another transport'));
    await expect(serving([fine], { run: () => delivery })).rejects.toThrow(
      'its offsets are of another transport',
    );
  });
});

describe('the end of a consumer', () => {
  it('is told with its error, and shown', async () => {
    const { delivery, app } = await serving([handling(() => undefined)]);
    const statuses: string[] = [];
    app.status.subscribe((status) => statuses.push(status));
    const told = new Promise<Error | undefined>((resolve) => app.on('ended', resolve));
    const error = new Error('five restarts without progress');
    delivery.end(error);
    expect(await told).toBe(error);
    expect(statuses).toEqual(['running', 'ended']);
    expect(app.unwrap<Delivery>()).toBe(delivery);
  });

  it('comes when the application is closed', async () => {
    const { delivery, app } = await serving([handling(() => undefined)]);
    await app.close();
    expect(delivery.stopped).toBe(true);
  });
});
