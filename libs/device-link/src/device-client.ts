import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';

import { connectAsync, type MqttClient } from 'mqtt';

import { pause } from '#event-log/pause.js';
import { timeOfDay } from '#kernel/wall-clock.js';

import { upTopic } from './topics.js';

export interface DeviceOptions {
  /** Such as `mqtt://127.0.0.1:1883`. */
  readonly url: string;
  /** Id of the device, which is its user name. */
  readonly device: string;
  readonly secret: string;
  /** A message was not sent, or perhaps sent and not acknowledged: it is sent again. */
  readonly onRetry?: (error: Error) => void;
}

type SentKind = 'birth' | 'samples' | 'occurrences';

/** Messages that may wait for their acknowledgement. */
const maxUnacknowledged = 200;
const connectTimeoutMs = 10_000;
const retryMs = 100;

/**
 * A device's side of the link, for simulated ones and for tests: one session, numbered messages, each sent
 * again until the broker has acknowledged it.
 */
export class DeviceClient {
  readonly session = randomUUID();
  private seq = 0;
  private readonly waiting = new Set<Promise<unknown>>();

  private readonly closing = new AbortController();

  constructor(
    private readonly client: Pick<MqttClient, 'publishAsync' | 'endAsync'>,
    private readonly options: Pick<DeviceOptions, 'device' | 'onRetry'>,
  ) {
    // Each message that is sent again waits for it.
    setMaxListeners(0, this.closing.signal);
  }

  /** Rejects where the broker cannot be reached, or does not know the device. */
  static async connect(options: DeviceOptions): Promise<DeviceClient> {
    const { url, device, secret } = options;
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
    return new DeviceClient(client, options);
  }

  /** Sends one message. Resolves when there is room for the next one, not when it is acknowledged: see `flush`. */
  async send(kind: SentKind, body: object): Promise<void> {
    while (this.waiting.size >= maxUnacknowledged) await Promise.race(this.waiting);
    this.seq += 1;
    const { device } = this.options;
    const message = {
      ...{ v: 1, id: device, session: this.session, seq: this.seq },
      ...{ sentAt: timeOfDay(performance.now()).toISOString(), body },
    };
    const settled = this.deliver(kind, JSON.stringify(message)).finally(
      () => void this.waiting.delete(settled),
    );
    this.waiting.add(settled);
  }

  /** The client gives up what is published while its connection closes, though it may have arrived. */
  private async deliver(kind: SentKind, payload: string): Promise<void> {
    const { device, onRetry } = this.options;
    const { signal } = this.closing;
    for (;;) {
      try {
        const retain = kind === 'birth';
        await this.client.publishAsync(upTopic(device, kind), payload, { qos: 1, retain });
        return;
      } catch (error) {
        if (signal.aborted) return;
        onRetry?.(error as Error);
        await pause(retryMs, signal);
      }
    }
  }

  /** Resolves when every message is acknowledged. */
  async flush(): Promise<void> {
    while (this.waiting.size > 0) await Promise.all(this.waiting);
  }

  /** What is not acknowledged by now is not sent again. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.client.endAsync();
  }
}
