import { randomUUID } from 'node:crypto';

import { connectAsync, type MqttClient } from 'mqtt';

import { timeOfDay } from '#kernel/wall-clock.js';

import { upTopic } from './topics.js';

export interface DeviceOptions {
  /** Such as `mqtt://127.0.0.1:1883`. */
  readonly url: string;
  /** Id of the device, which is its user name. */
  readonly device: string;
  readonly secret: string;
}

/** Messages that may wait for their acknowledgement. */
const maxUnacknowledged = 200;
const connectTimeoutMs = 10_000;

/**
 * A device's side of the link, for simulated ones and for tests: one session, numbered messages, each sent
 * again until the broker has acknowledged it.
 */
export class DeviceClient {
  readonly session = randomUUID();
  private seq = 0;
  private readonly waiting = new Set<Promise<unknown>>();

  private constructor(
    private readonly client: MqttClient,
    private readonly device: string,
  ) {}

  /** Rejects where the broker cannot be reached, or does not know the device. */
  static async connect({ url, device, secret }: DeviceOptions): Promise<DeviceClient> {
    const client = await connectAsync(
      url,
      {
        ...{ clientId: device, username: device, password: secret, clean: false },
        ...{ connectTimeout: connectTimeoutMs, reconnectPeriod: 500 },
      },
      false,
    );
    // The connection is made again; what was not acknowledged is kept.
    client.on('error', () => undefined);
    return new DeviceClient(client, device);
  }

  /** Sends one message. Resolves when there is room for the next one, not when it is acknowledged: see `flush`. */
  async send(kind: 'birth' | 'samples' | 'occurrences', body: object): Promise<void> {
    while (this.waiting.size >= maxUnacknowledged) await Promise.race(this.waiting);
    this.seq += 1;
    const message = {
      ...{ v: 1, id: this.device, session: this.session, seq: this.seq },
      ...{ sentAt: timeOfDay(performance.now()).toISOString(), body },
    };
    const sent = this.client.publishAsync(upTopic(this.device, kind), JSON.stringify(message), {
      qos: 1,
      retain: kind === 'birth',
    });
    const settled = sent.then(
      () => void this.waiting.delete(settled),
      () => void this.waiting.delete(settled),
    );
    this.waiting.add(settled);
  }

  /** Resolves when every message is acknowledged. */
  async flush(): Promise<void> {
    while (this.waiting.size > 0) await Promise.all(this.waiting);
  }

  async close(): Promise<void> {
    await this.client.endAsync();
  }
}
