import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { SamplesApi } from '#apps/api/samples.fixture.js';
import { upTopic } from '#device-link/topics.js';
import { freePort } from '#embedded/free-port.js';
import { wallNow } from '#kernel/wall-clock.js';
import { supervision } from '#testing/app-processes.js';
import { asAdmin } from '#testing/embedded.js';
import { FullDisk } from '#testing/full-disk.js';
import { eventually, until } from '#testing/until.js';

import { BrokerFixture, envelope } from './broker.fixture.js';

import 'reflect-metadata';

const folder = mkdtempSync(join(tmpdir(), 'voltrace-clock-'));
const clockOffset = join(folder, 'offset');
const disk = new FullDisk();
let api: SamplesApi;
let broker: BrokerFixture;
let healthPort: number;

beforeAll(async () => {
  // The broker's own clock can be stepped: this is loaded before it and read each time.
  const shift = join(folder, 'shift.cjs');
  writeFileSync(clockOffset, '0');
  writeFileSync(
    shift,
    `const { readFileSync } = require('node:fs'); const now = Date.now;
     Date.now = () => now() + Number(readFileSync(${JSON.stringify(clockOffset)}, 'utf8'));`,
  );
  api = await SamplesApi.start({ env: disk.env });
  healthPort = await freePort();
  broker = await BrokerFixture.onNodeOf(api.api, {
    ...{ HEALTH_PORT: String(healthPort), NODE_OPTIONS: `--require ${shift}` },
  });
}, 60_000);
afterAll(async () => {
  await broker.stop();
  await api.stop();
  disk.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** A device that sends a sample with its number every few milliseconds, and notes what was acknowledged. */
class Publisher {
  readonly acknowledged = new Map<number, number>();
  readonly start = Math.floor(wallNow() / 1_000) * 1_000 - 3_600_000;
  private sent = 0;
  private isOver = false;
  private readonly waiting = new Set<Promise<void>>();
  private running: Promise<void> | undefined;
  /** How far the device's clock is off, in milliseconds. */
  clockMs = 0;

  private constructor(
    readonly device: string,
    private readonly client: MqttClient,
  ) {}

  static async begin(): Promise<Publisher> {
    const device = await broker.newDevice();
    const own = new Publisher(device, await broker.connect(device, { clean: false }));
    own.running = own.run();
    await until('the first are acknowledged', () => own.acknowledged.size > 10);
    return own;
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const seq = (this.sent += 1);
      const at = this.start + seq * 1_000 + this.clockMs;
      const body = { t: [at], series: { v: { values: [seq] } } };
      const message = this.client
        .publishAsync(upTopic(this.device, 'samples'), envelope(this.device, seq, body), { qos: 1 })
        .then(() => void this.acknowledged.set(at, seq));
      this.waiting.add(message);
      void message.finally(() => this.waiting.delete(message));
      await sleep(10);
    }
  }

  /** Resolves when all that was sent is acknowledged. */
  async end(): Promise<void> {
    this.isOver = true;
    await this.running;
    await Promise.all(this.waiting);
  }
}

let publisher: Publisher;
beforeEach(async () => {
  publisher = await Publisher.begin();
});

interface Samples {
  readonly items: readonly { readonly at: string; readonly value: number }[];
}

// Whatever happened: each that was acknowledged is there once, and nothing else.
afterEach(async () => {
  await publisher.end();
  const { device, acknowledged } = publisher;
  const range = 'from=2026-01-01T00:00:00Z&to=2099-01-01T00:00:00Z&limit=10000';
  await eventually(async () => {
    const found = (await api.get(
      `/devices/${device}/samples?series=v&${range}`,
    )) as object as Samples;
    const values = found.items.map(({ at, value }) => [Date.parse(at), value]);
    expect(values).toEqual([...acknowledged].sort(([one], [other]) => one - other));
  });
});

const readiness = async () => {
  const answer = await supervision(healthPort, '/health/ready');
  const { checks } = (await answer.json()) as {
    checks: Record<string, { status: string; reason?: string }>;
  };
  return { status: answer.status, inbox: checks['inbox'] };
};

const nothingIsAcknowledged = async (): Promise<void> => {
  // What was on its way may still arrive.
  await sleep(300);
  const before = publisher.acknowledged.size;
  await sleep(1_000);
  expect(publisher.acknowledged.size).toBe(before);
};

const goesOn = async (): Promise<void> => {
  const before = publisher.acknowledged.size;
  await until('it goes on', () => publisher.acknowledged.size > before + 20);
  await until('it is ready', async () => (await readiness()).inbox?.status === 'up');
};

describe('while samples arrive', () => {
  it('a node that is stopped acknowledges nothing, and the broker is not ready and says why', async () => {
    await api.api.node.kill();
    await nothingIsAcknowledged();
    await until('it says so', async () => (await readiness()).inbox?.status === 'down');
    const { status, inbox } = await readiness();
    expect(status).toBe(503);
    expect(inbox?.reason).toMatch(/^messages of 1 devices cannot be taken and are held: ./);
    await api.api.node.restart();
    await goesOn();
  });

  it('a full disk acknowledges nothing, and the broker names it', async () => {
    disk.fill();
    await until('it says so', async () => (await readiness()).inbox?.status === 'down');
    await nothingIsAcknowledged();
    expect((await readiness()).inbox?.reason).toContain('disk full');
    disk.clear();
    await goesOn();
  });

  it('a PostgreSQL that takes no connections delays what is read, and no acknowledgement', async () => {
    const { rows } = await api.api.store.pool.query<{ name: string }>(
      'select current_database() as name',
    );
    const name = rows[0]?.name ?? '';
    const allow = (connections: number) =>
      asAdmin(async (client) => {
        await client.query(`alter database ${name} connection limit ${String(connections)}`);
        await client.query(
          'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
          [name],
        );
      });
    await allow(0);
    const before = publisher.acknowledged.size;
    await until('more are acknowledged', () => publisher.acknowledged.size > before + 50);
    const path = `/v1/devices/${publisher.device}/latest`;
    await until('it cannot be read', async () => (await api.api.ask(path)).status === 503);
    await allow(-1);
    await goesOn();
  });

  it('clocks of device and server that are stepped by an hour lose nothing', async () => {
    for (const [device, server] of [
      [3_600_000, 0],
      [-3_600_000, 0],
      [0, 3_600_000],
      [0, -3_600_000],
      [0, 0],
    ] as const) {
      // Not onto times that it had already.
      publisher.clockMs = device + 500;
      writeFileSync(clockOffset, String(server));
      await goesOn();
    }
  });
});
