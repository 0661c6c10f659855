import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { EsdbEventLog } from '#event-log/esdb.js';
import { LogTail } from '#event-log/log-tail.js';
import { formatPosition } from '#event-log/position.js';
import type { CheckResult } from '#observability/health.js';
import { AssignCodes } from '#product-registry/assign-codes.process.js';
import { issueEntityCode } from '#product-registry/manufacturer/change-manufacturer.js';
import { IssueEntityCode } from '#product-registry/manufacturer/commands.js';
import { ProductRegistry } from '#product-registry/registry.js';
import { makeManufacturer, makeProduct, newMeta } from '#product-registry/testing/make.js';
import { projections } from '#projections/all.js';
import { eventClock } from '#projections/event-clock/event-clock.projection.js';
import type { SubscriptionResponse } from '#subscription/bodies.http.js';
import { logSource } from '#subscription/log-source.js';
import { untilBuilt } from '#subscription/projection/assert-built.js';
import { ProjectionRunner } from '#subscription/projection/run-projections.js';
import { waitForPosition } from '#subscription/projection/wait-for-position.js';
import { SubscriptionRunner } from '#subscription/runner.js';
import { quiet } from '#testing/quiet.js';
import { until } from '#testing/until.js';

import { TestApi } from './api.fixture.js';

import 'reflect-metadata';

describe('an API whose event log is restored from an older backup', () => {
  let api: TestApi;
  let log: EsdbEventLog;
  let tail: LogTail;
  let runner: ProjectionRunner;
  let process: Pick<SubscriptionRunner<unknown>, 'start' | 'stop'>;

  beforeAll(async () => {
    api = await TestApi.start();
    log = EsdbEventLog.connect(api.node.url);
    tail = new LogTail(log);
    await tail.start();
    runner = new ProjectionRunner(projections, { store: api.store, log, tail, pollMs: 100 });
    await runner.start();
    await untilBuilt(api.store, projections, 20_000);
    const parts = { store: api.store, log, tail, logger: quiet, pollMs: 100 };
    const follower = new AssignCodes(log, api.store, quiet);
    process = new SubscriptionRunner(follower, logSource(log, tail), parts);
    await process.start();
  });

  afterAll(async () => {
    await process.stop();
    await runner.stop();
    await tail.stop();
    await log.close();
    await api.stop();
  });

  const register = (name: string) =>
    api.ask('/v1/manufacturers', {
      json: { name, reason: 'test' },
      headers: { 'idempotency-key': `register-${name}` },
    });
  const sameLog = async () => {
    const { body } = await api.ask('/health/ready');
    return (body['checks'] as Record<string, CheckResult>)['same-log'];
  };
  const assignCodes = async () =>
    (await api.ask('/v1/subscriptions/assign-codes')).body as unknown as SubscriptionResponse;

  it('refuses changes with the reason and the cure, until its projections are rebuilt', async () => {
    expect((await register('Before')).status).toBe(201);
    const registry = new ProductRegistry(log);
    const maker = await makeManufacturer(registry, 'Assigned', null);
    const { id: product } = await makeProduct(registry, maker, 'EFL-48');
    const backup = await api.node.copyLog();
    await until('it writes again', async () => (await register('Later')).status === 201);
    const head = await log.head();
    if (!head) throw new Error('the log is empty');
    for (const projection of projections) {
      await waitForPosition(api.store, projection, head, { timeoutMs: 30_000 });
    }
    expect(await sameLog()).toEqual({ status: 'up' });
    await until('the process that assigns codes is that far', async () => {
      return (await assignCodes()).partitions[0]?.position === formatPosition(head);
    });

    await api.node.replaceLog(backup);
    await until('it refuses', async () => (await register('Lost')).status === 503);
    await until('it says why', async () => {
      return (await register('Lost')).body['code'] === 'LOG_REPLACED';
    });
    const refused = await register('Lost');
    expect(refused).toMatchObject({ status: 503, body: { type: 'urn:problem:log-replaced' } });
    expect(refused.headers.get('retry-after')).toBe('30');
    expect(refused.body['detail']).toContain(
      'run "voltrace subscriptions rebuild" for each projection',
    );
    await until('it is not ready', async () => (await sameLog())?.status === 'down');
    expect((await sameLog())?.['reason']).toContain('not the event log');
    await until('the codes stand still', async () => (await assignCodes()).state === 'stopped');
    expect((await assignCodes()).reason).toMatch(
      /not the event log that subscription assign-codes has followed: it took event .* where this log, .* has .*"voltrace subscriptions reset assign-codes --to start"/,
    );
    expect((await api.ask('/v1/manufacturers')).status).toBe(200);

    const reason = 'the log was restored';
    for (const { name } of projections) {
      const asked = await api.ask(`/v1/subscriptions/${name}/rebuild`, { json: { reason } });
      expect(asked.status).toBe(202);
    }
    const json = { to: 'start', reason };
    expect((await api.ask('/v1/subscriptions/assign-codes/reset', { json })).status).toBe(202);
    await until('it writes again', async () => (await register('Found')).status === 201);
    await until('it is ready', async () => (await sameLog())?.status === 'up');
    const replayed = new ProductRegistry(log);
    const code = { rule: 'manual', code: 'ANEW' } as const;
    await issueEntityCode(replayed, new IssueEntityCode(maker, code, newMeta()));
    await until('the product has its code', async () => {
      const { state } = await replayed.products.refresh(product);
      return state.status === 'registered' && state.codes.includes('ANEW-EFL_48');
    });
    await until('it says that it runs', async () => (await assignCodes()).state === 'running');
    expect((await assignCodes()).control?.outcome).toBe('reset on source log');
    const position = (await log.head()) ?? head;
    await waitForPosition(api.store, eventClock, position, { timeoutMs: 30_000 });
    await until('what is written is seen', async () => {
      const { body } = await api.ask('/v1/manufacturers?limit=100');
      return JSON.stringify(body['items']).includes('"Found"');
    });
    // What was written after the backup is gone with the log; nothing was written to the wrong one.
    const { body } = await api.ask('/v1/manufacturers?limit=100');
    expect((body['items'] as { name: string }[]).map(({ name }) => name).sort()).toEqual([
      'Assigned',
      'Before',
      'Found',
    ]);
  });
});
