import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';

import type { AppProcess } from '#embedded/app-process.js';
import { freePort } from '#embedded/free-port.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import type { StoredEvent } from '#event-log/event-log.js';
import { credentialStream } from '#telemetry/credential/events.js';
import { verifierOf } from '#telemetry/credential/verifier.js';
import { deviceStream } from '#telemetry/device/events.js';
import { AppProcesses } from '#testing/app-processes.js';
import { compiledRoot } from '#testing/build.js';
import { newEvent } from '#testing/new-event.js';
import { startTestNode, type TestNode } from '#testing/test-node.js';

const secret = 'a secret of a device in a test';

/** The embedded broker as a process of its own, on an event node of its own. */
export class BrokerFixture {
  private readonly apps = new AppProcesses();
  private app: AppProcess | undefined;
  private readonly clients: MqttClient[] = [];

  private constructor(
    readonly node: Pick<TestNode, 'url' | 'stop'>,
    readonly log: EsdbEventLog,
    private readonly script: string,
    readonly port: number,
  ) {}

  static async start(env: Readonly<Record<string, string>> = {}): Promise<BrokerFixture> {
    return BrokerFixture.on(await startTestNode(), env);
  }

  /** On a node that others use, too, and stop. */
  static onNodeOf(
    { node: { url } }: { readonly node: TestNode },
    env: Readonly<Record<string, string>> = {},
  ): Promise<BrokerFixture> {
    return BrokerFixture.on({ url, stop: () => Promise.resolve() }, env);
  }

  private static async on(
    node: Pick<TestNode, 'url' | 'stop'>,
    env: Readonly<Record<string, string>>,
  ): Promise<BrokerFixture> {
    const script = join(compiledRoot, 'apps/mqtt-broker/main.js');
    const log = EsdbEventLog.connect(node.url);
    const fixture = new BrokerFixture(node, log, script, await freePort());
    await fixture.startBroker(env);
    return fixture;
  }

  get pid(): number {
    return this.app?.pid ?? 0;
  }

  async startBroker(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.app = this.apps.start(this.script, {
      ...{ EVENTSTORE_URL: this.node.url, MQTT_PORT: String(this.port), LOG_LEVEL: 'warn' },
      ...env,
    });
    await this.app.ready;
  }

  /** As `kill -9` does. */
  killBroker(): Promise<void> {
    return this.apps.kill();
  }

  /** A device that may connect. */
  async newDevice(): Promise<string> {
    const device = randomUUID();
    const data = { credential: randomUUID(), verifier: verifierOf(secret) };
    const issued = newEvent('DeviceCredentialIssued', data);
    await this.log.append(credentialStream(device), [issued], 'no_stream');
    const registered = { type: 'egauge', serialNumber: null, productId: null };
    const known = [newEvent('DeviceRegistered', registered)];
    await this.log.append(deviceStream(device), known, 'no_stream');
    return device;
  }

  async connect(device: string, options: IClientOptions = {}): Promise<MqttClient> {
    const client = await connectAsync(`mqtt://127.0.0.1:${String(this.port)}`, {
      ...{ username: device, password: secret, clientId: device, reconnectPeriod: 100 },
      ...options,
    });
    client.on('error', () => undefined);
    this.clients.push(client);
    return client;
  }

  async eventsOf(stream: string): Promise<StoredEvent[]> {
    const events: StoredEvent[] = [];
    for await (const event of this.log.readStream(stream)) events.push(event);
    return events;
  }

  /** The newest events of these types that a device led to, the newest first. */
  async newest(type: string, device: string): Promise<StoredEvent[]> {
    const { events } = await this.log.readAll({ direction: 'backwards', limit: 500 });
    return events.filter(({ type: one, data }) => one === type && data['device'] === device);
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.end(true);
    await this.apps.kill();
    await this.log.close();
    await this.node.stop();
  }
}

export const envelope = (device: string, seq: number, body: unknown, session = 's1'): string =>
  JSON.stringify({
    ...{ v: 1, id: device, session, seq },
    ...{ sentAt: new Date().toISOString(), body },
  });
