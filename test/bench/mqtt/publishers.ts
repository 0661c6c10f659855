import { connectAsync, type MqttClient } from 'mqtt';

import { upTopic } from '#device-link/topics.js';

export interface Device {
  readonly id: string;
  readonly secret: string;
}

export const devices = 20;
/** Messages of one device that are not acknowledged. */
const maxInFlight = 100;
export const seriesNames = ['A.Solar', 'A.EV', 'A.Grid', 'A.Battery'];
const stepMs = 4_000;
const start = Date.UTC(2026, 5, 1);

/** When the newest sample is taken that a device sends in a round. */
export const lastOf = (round: number, messages: number): string =>
  new Date(start + ((round + 1) * messages - 1) * stepMs).toISOString();

/** Devices that each send a sample of four series in a message, over connections of their own. */
export class Publishers {
  private constructor(private readonly clients: ReadonlyMap<string, MqttClient>) {}

  static async connect(url: string, devices: readonly Device[]): Promise<Publishers> {
    const clients = new Map<string, MqttClient>();
    for (const { id, secret } of devices) {
      const client = await connectAsync(url, { clientId: id, username: id, password: secret });
      clients.set(id, client);
    }
    return new Publishers(clients);
  }

  /** Made before the clock runs. Sends them all; resolves when the broker has acknowledged each. */
  round(round: number, messages: number): () => Promise<void> {
    const made = [...this.clients].map(([id, client]) => {
      const payloads = Array.from({ length: messages }, (_, index) =>
        payloadOf(id, round * messages + index),
      );
      return { client, topic: upTopic(id, 'samples'), payloads };
    });
    return async () => {
      await Promise.all(
        made.map(({ client, topic, payloads }) => sendAll(client, topic, payloads)),
      );
    };
  }

  async close(): Promise<void> {
    for (const client of this.clients.values()) await client.endAsync();
  }
}

const sendAll = async (
  client: MqttClient,
  topic: string,
  payloads: readonly string[],
): Promise<void> => {
  const queue = payloads[Symbol.iterator]();
  const sendNext = async (): Promise<void> => {
    for (const payload of queue) await client.publishAsync(topic, payload, { qos: 1 });
  };
  await Promise.all(Array.from({ length: maxInFlight }, sendNext));
};

const payloadOf = (id: string, seq: number): string => {
  const values = seriesNames.map((name, index) => {
    const value = Math.round(1e6 * Math.sin(seq * 17 + index)) / 1e3;
    return [name, { unit: 'kW', values: [value] }];
  });
  const t = new Date(start + seq * stepMs).toISOString();
  return JSON.stringify({
    ...{ v: 1, id, session: 'bench', seq, sentAt: t },
    body: { t: [t], series: Object.fromEntries(values) as object },
  });
};
