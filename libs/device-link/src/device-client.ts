import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';

import { connect, type IClientOptions, type MqttClient } from 'mqtt';

import { pause, within } from '#event-log/pause.js';
import { timeOfDay } from '#kernel/wall-clock.js';

import { type DownKind, downKinds, downTopic, type UpKind, upTopic } from './topics.js';

export interface DeviceOptions {
  /** Such as `mqtt://127.0.0.1:1883`. */
  readonly url: string;
  /** Id of the device, which is its user name. */
  readonly device: string;
  readonly secret: string;
  /** A message was not sent, or perhaps sent and not acknowledged: it is sent again. */
  readonly onRetry?: (error: Error) => void;
  /** What the broker says of the device when it is gone. */
  readonly will?: { readonly kind: UpKind; readonly message: object };
  /** Called with what the device is sent, and subscribes to it. */
  readonly onMessage?: (kind: DownKind, body: unknown) => void;
  /** Called with each connection after the first one. */
  readonly onReconnect?: () => void;
}

/** What tells the messages of a device apart. */
export interface Numbered {
  readonly device: string;
  readonly session: string;
  readonly seq: number;
}

/** Messages that may wait for their acknowledgement. */
const maxUnacknowledged = 200;
const connectTimeoutMs = 10_000;
const retryMs = 100;
/** A device that is gone is found to be after one and a half of it. */
const keepaliveS = 15;

/** A message as it is sent. */
export const enveloped = ({ device, session, seq }: Numbered, body: object) => ({
  ...{ v: 1, id: device, session, seq },
  ...{ sentAt: timeOfDay(performance.now()).toISOString(), body },
});

const retains = (kind: UpKind): boolean => kind === 'birth' || kind === 'state';

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
    private readonly client: Pick<MqttClient, 'publishAsync' | 'endAsync'> &
      Partial<Pick<MqttClient, 'stream'>>,
    private readonly options: Pick<DeviceOptions, 'device' | 'onRetry'>,
  ) {
    // Each message that is sent again waits for it.
    setMaxListeners(0, this.closing.signal);
  }

  /** Rejects where the broker cannot be reached, or does not know the device. */
  static async connect(options: DeviceOptions): Promise<DeviceClient> {
    const { url, device, secret, onMessage, onReconnect } = options;
    const client = connect(url, {
      ...{ clientId: device, username: device, password: secret, clean: false },
      ...{ connectTimeout: connectTimeoutMs, reconnectPeriod: 500, keepalive: keepaliveS },
      // Else a client that was refused once, by a broker that could not know it just then, is silent for ever.
      reconnectOnConnackError: true,
      ...willOf(options),
    });
    // What waited for the device comes with the first connection.
    if (onMessage)
      client.on('message', (topic, payload) => read(device, topic, payload, onMessage));
    await connected(client);
    // The connection is made again; what was not acknowledged is kept.
    client.on('error', () => undefined);
    if (onReconnect) client.on('connect', onReconnect);
    if (onMessage) {
      const topics = downKinds.map((kind) => downTopic(device, kind));
      try {
        const granted = await within(connectTimeoutMs, client.subscribeAsync(topics, { qos: 1 }));
        if (!granted) throw new Error('the broker does not answer to a subscription');
      } catch (error) {
        // It would connect again by itself, beside whoever tries anew under the same name.
        client.end(true);
        throw error;
      }
    }
    return new DeviceClient(client, options);
  }

  /** Sends one message. Resolves when there is room for the next one, not when it is acknowledged: see `flush`. */
  async send(kind: 'birth' | 'samples' | 'occurrences', body: object): Promise<void> {
    while (this.waiting.size >= maxUnacknowledged) await Promise.race(this.waiting);
    this.seq += 1;
    const { session, seq } = this;
    const { device } = this.options;
    const message = JSON.stringify(enveloped({ device, session, seq }, body));
    const settled = this.deliver(kind, message).finally(() => void this.waiting.delete(settled));
    this.waiting.add(settled);
  }

  /** Sends a message that is numbered already. Resolves when it is acknowledged. */
  async publish(kind: UpKind, message: string): Promise<void> {
    const options = { qos: 1, retain: retains(kind) } as const;
    await this.client.publishAsync(upTopic(this.options.device, kind), message, options);
  }

  /** The client gives up what is published while its connection closes, though it may have arrived. */
  private async deliver(kind: UpKind, message: string): Promise<void> {
    const { signal } = this.closing;
    for (;;) {
      try {
        await this.publish(kind, message);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.options.onRetry?.(error as Error);
        await pause(retryMs, signal);
      }
    }
  }

  /** Resolves when every message is acknowledged. */
  async flush(): Promise<void> {
    while (this.waiting.size > 0) await Promise.all(this.waiting);
  }

  /** What is not acknowledged by now is not sent again. `isLost`: as if the line was cut, so that the will is sent. */
  async close(isLost = false): Promise<void> {
    this.closing.abort();
    if (isLost) this.client.stream?.destroy();
    await this.client.endAsync(isLost);
  }
}

const willOf = ({ device, will }: DeviceOptions): Pick<IClientOptions, 'will'> =>
  will
    ? {
        will: {
          ...{
            topic: upTopic(device, will.kind),
            payload: Buffer.from(JSON.stringify(will.message)),
          },
          ...{ qos: 1, retain: retains(will.kind) },
        },
      }
    : {};

/** Resolves with the first connection; rejects, and tries no other one, where it fails. */
const connected = (client: MqttClient): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      stop();
      client.on('error', () => undefined);
      client.end(true);
      reject(error);
    };
    const close = (): void => fail(new Error('the broker closed the connection'));
    const succeed = (): void => {
      stop();
      resolve();
    };
    const stop = (): void => {
      client.off('error', fail).off('close', close).off('connect', succeed);
    };
    client.on('error', fail).on('close', close).on('connect', succeed);
  });

const read = (
  device: string,
  topic: string,
  payload: Buffer,
  onMessage: (kind: DownKind, body: unknown) => void,
): void => {
  const kind = downKinds.find((one) => downTopic(device, one) === topic);
  if (!kind) return;
  let body: unknown;
  try {
    body = JSON.parse(payload.toString());
  } catch {
    // Nothing that could be answered.
    return;
  }
  onMessage(kind, body);
};
