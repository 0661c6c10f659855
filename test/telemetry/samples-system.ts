import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { connectAsync } from 'mqtt';

import { upTopic } from '#device-link/topics.js';
import type { ApiClient, Reply } from '#test/support/client.js';
import { startVoltrace, type Voltrace } from '#test/support/voltrace.js';
import { compiledRoot } from '#testing/build.js';
import { runCtl } from '#testing/standalone.js';

import { DeviceReading } from './device-reading.js';
import { messagesOf, rowsOf } from './messages.js';

export const ways = ['http', 'cli', 'mqtt'] as const;
export type Way = (typeof ways)[number];

export interface SendOptions {
  /** The series of the one value of each row. */
  readonly series?: string;
  /** Title of the column of times. */
  readonly time?: string;
  /** JSON texts are numbers where the series is one. By MQTT the older topics say so. */
  readonly parseText?: boolean;
  /** All rows are one message of MQTT; otherwise each line of NDJSON is one. */
  readonly asOneMessage?: boolean;
}

const prefix = 'gateway';

/** A whole system as it is installed, with devices at sites, and each way of a file of samples into it. */
export class SamplesSystem {
  private readonly secrets = new Map<string, string>();

  private constructor(
    private readonly voltrace: Voltrace,
    private readonly mqttUrl: string,
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<SamplesSystem> {
    const voltrace = await startVoltrace({
      dist: compiledRoot,
      env: {
        ...{ RATE_LIMIT_PER_KEY: '1000000', RATE_LIMIT_PER_ADDRESS: '1000000' },
        ...{ MQTT_OLDER_PREFIX: prefix, ...env },
      },
    });
    const { parts } = JSON.parse(readFileSync(join(voltrace.dataDir, 'run.json'), 'utf8')) as {
      parts: Record<string, { port: number }>;
    };
    return new SamplesSystem(voltrace, `mqtt://127.0.0.1:${String(parts['mqtt-broker']?.port)}`);
  }

  get api(): ApiClient {
    return this.voltrace.api;
  }

  /** A device at a new site in this time zone. */
  async newDevice(timeZone = 'UTC'): Promise<string> {
    const { siteId } = await this.newSite(timeZone);
    const body = { type: 'meter', siteId, name: 'meter' };
    const device = String((await this.post('/v1/devices', body))['id']);
    const { secret } = await this.post(`/v1/devices/${device}/issue-credential`, {});
    this.secrets.set(device, String(secret));
    return device;
  }

  /** As `POST .../declare-series`, for series of numbers unless `rules` say otherwise. */
  async declare(device: string, series: string, rules: object = {}): Promise<void> {
    const body = { series, valueType: 'number', ...rules };
    await this.post(`/v1/devices/${device}/declare-series`, body);
  }

  /** Resolves when all of the file is acknowledged. */
  async send(way: Way, device: string, file: string, options: SendOptions = {}): Promise<void> {
    if (way === 'http') await this.sendByHttp(device, file, options);
    else if (way === 'cli') await this.sendByCli(device, file, options);
    else await this.sendByMqtt(device, file, options);
  }

  /** Publishes at QoS 1 on the device's own connection; resolves when the broker has acknowledged all of it. */
  async publish(
    device: string,
    messages: readonly { readonly topic: string; readonly payload: string }[],
  ): Promise<void> {
    const client = await connectAsync(this.mqttUrl, {
      ...{ clientId: device, username: device, password: this.secrets.get(device) ?? '' },
    });
    try {
      await Promise.all(
        messages.map(({ topic, payload }) => client.publishAsync(topic, payload, { qos: 1 })),
      );
    } finally {
      await client.endAsync();
    }
  }

  /** What is known of a device, once everything that was acknowledged until now is visible. */
  async reading(device: string): Promise<DeviceReading> {
    // What is appended now is behind it in the log.
    const { position } = await this.newSite('UTC');
    return new DeviceReading(this.api, device, position);
  }

  async stop(): Promise<void> {
    await this.voltrace.remove();
  }

  private async newSite(timeZone: string): Promise<{ siteId: string; position: string }> {
    const body = { name: randomUUID(), timeZone };
    const { id, position } = await this.post('/v1/sites', body);
    return { siteId: String(id), position: String(position) };
  }

  private async post(path: string, body: object): Promise<Reply['body']> {
    return accepted(await this.api.post(path, body)).body;
  }

  private async sendByHttp(device: string, file: string, options: SendOptions): Promise<void> {
    const { series, time, parseText } = options;
    const query = new URLSearchParams({
      ...(series !== undefined && { series }),
      ...(time !== undefined && { time }),
      ...(parseText === true && { parseText: 'true' }),
    });
    const type = file.endsWith('.csv') ? 'text/csv' : 'application/x-ndjson';
    const reply = await this.api.send(`/v1/devices/${device}/samples?${query.toString()}`, {
      ...{ method: 'POST', body: readFileSync(file), headers: { 'content-type': type } },
    });
    accepted(reply);
  }

  private async sendByCli(device: string, file: string, options: SendOptions): Promise<void> {
    const { series, time, parseText } = options;
    const result = await runCtl(this.voltrace.dataDir, [
      ...['--json', 'samples', 'import', device, file],
      ...(series === undefined ? [] : ['--series', series]),
      ...(time === undefined ? [] : ['--time', time]),
      ...(parseText === true ? ['--parse-text'] : []),
    ]);
    const { quarantined } = JSON.parse(result.stdout || '{}') as { quarantined?: number };
    // What had to be put aside shows in the exit code.
    if (result.exitCode !== (quarantined === 0 ? 0 : 4)) {
      throw new Error(`import ended with ${String(result.exitCode)}: ${result.stderr}`);
    }
  }

  private async sendByMqtt(device: string, file: string, options: SendOptions): Promise<void> {
    const rows = rowsOf(file, options);
    if (options.parseText !== true) {
      const perMessage = options.asOneMessage === true ? Infinity : file.endsWith('.csv') ? 50 : 1;
      const topic = upTopic(device, 'samples');
      const messages = messagesOf(device, rows, perMessage);
      await this.publish(
        device,
        messages.map((payload) => ({ topic, payload })),
      );
      return;
    }
    const topicOf = (t: string) =>
      `${prefix}_read/${prefix}_house_1/${device}/meter/${String(Date.parse(t))}/data`;
    await this.publish(
      device,
      rows.map(({ t, values }) => ({ topic: topicOf(JSON.parse(t) as string), payload: values })),
    );
  }
}

const accepted = (reply: Reply): Reply => {
  if (reply.status < 300) return reply;
  throw new Error(`answered ${String(reply.status)}: ${reply.text}`);
};
