import { describe, expect, it } from 'vitest';

import { HealthRegistry, progressHealth } from './health.js';

describe('health', () => {
  it('is up while every check is', async () => {
    const health = new HealthRegistry();
    health.register('log', () => ({ status: 'up', position: '12' }));
    const leave = health.register('store', () => ({ status: 'down' }));
    expect(await health.report()).toEqual({
      status: 'down',
      checks: { log: { status: 'up', position: '12' }, store: { status: 'down' } },
    });
    leave();
    expect((await health.report()).status).toBe('up');
  });

  it('takes a check that throws for down, without telling its message', async () => {
    const health = new HealthRegistry();
    health.register('store', () =>
      Promise.reject(Object.assign(new Error('password=x'), { code: 'ECONNREFUSED' })),
    );
    expect(await health.report()).toEqual({
      status: 'down',
      checks: { store: { status: 'down', reason: 'ECONNREFUSED' } },
    });
  });

  it('does not wait for a check that hangs', async () => {
    const health = new HealthRegistry();
    health.register('store', () => new Promise<never>(() => undefined));
    expect((await health.report()).checks['store']).toMatchObject({ status: 'down' });
  });

  it('is found out once for all who ask at the same time or soon after', async () => {
    const countWith = async (maxAgeMs: number): Promise<number> => {
      let checked = 0;
      const health = new HealthRegistry(maxAgeMs);
      health.register('store', () => ({ status: (checked += 1) > 0 ? 'up' : 'down' }));
      await Promise.all(Array.from({ length: 50 }, () => health.report()));
      await health.report();
      return checked;
    };
    expect(await countWith(600_000)).toBe(1);
    expect(await countWith(0)).toBe(2);
  });

  it('is progress, not a connection', () => {
    const now = new Date('2026-01-01T00:01:00Z');
    const seconds = (ago: number) => new Date(now.getTime() - ago * 1000);
    const status = (connected: boolean, lastProgressAt?: Date) =>
      progressHealth({ connected, lastProgressAt }, now).status;
    expect(status(false, seconds(10))).toBe('up');
    expect(status(true, seconds(16))).toBe('down');
    expect(status(true)).toBe('down');
  });

  it('is down at once, with the reason, where the cause will not pass by itself', () => {
    const now = new Date();
    const progress = { connected: false, lastProgressAt: now, failure: 'access denied' };
    expect(progressHealth(progress, now)).toMatchObject({
      status: 'down',
      reason: 'access denied',
    });
  });
});
