import { randomUUID } from 'node:crypto';

import { connectAsync, type MqttClient } from 'mqtt';

import { documentedUnitCheck } from '#test/contracts/documented-unit-message.js';

type Body = Readonly<Record<string, unknown>>;

/**
 * A unit as a lab would write its own: with nothing but an MQTT client and docs/unit-protocol.yaml, against which it holds all that
 * it is sent and says. Its output is always at 3.6 V and does nothing.
 */
export class OwnUnit {
  readonly problems: string[] = [];
  /** Kinds of the instructions that came. */
  readonly instructed: string[] = [];
  leases = 0;
  private seq = 0;
  private testTimeS = 0;
  private readonly session = randomUUID();
  private readonly check = documentedUnitCheck();

  private constructor(
    private readonly id: string,
    private readonly client: MqttClient,
  ) {}

  static async connect(url: string, id: string, secret: string): Promise<OwnUnit> {
    const client = await connectAsync(url, {
      ...{ clientId: id, username: id, password: secret, clean: false },
    });
    const unit = new OwnUnit(id, client);
    client.on('message', (topic, payload) => void unit.hear(topic, payload));
    await unit.say('birth', { type: 'cycler-unit', protocol: 1, firmware: 'own' });
    await client.subscribeAsync(
      ['instructions', 'lease'].map((kind) => unit.topic(kind)),
      { qos: 1 },
    );
    return unit;
  }

  async end(): Promise<void> {
    await this.client.endAsync();
  }

  async step(experiment: string, station: string, what: string, more: Body = {}): Promise<void> {
    this.testTimeS += 1;
    await this.say('steps', {
      ...{ experiment, station, what, stepCount: 1, stepId: 1, cycle: 1, at: now() },
      ...{ testTimeS: this.testTimeS, durationS: 1, voltageV: 3.6, currentA: 0, temperatureC: 25 },
      ...{ chargeAh: 0, dischargeAh: 0, chargeWh: 0, dischargeWh: 0, ...more },
    });
  }

  private topic(kind: string): string {
    return `voltrace/v1/${this.id}/${kind}`;
  }

  private async say(kind: string, body: Body): Promise<void> {
    this.seq += 1;
    const message = {
      v: 1,
      id: this.id,
      session: this.session,
      seq: this.seq,
      sentAt: now(),
      body,
    };
    this.problems.push(...this.check(kind, message));
    await this.client.publishAsync(this.topic(kind), JSON.stringify(message), {
      ...{ qos: 1, retain: kind === 'birth' },
    });
  }

  private async hear(topic: string, payload: Buffer): Promise<void> {
    const kind = topic.split('/').at(-1) ?? '';
    const body = JSON.parse(payload.toString()) as Record<string, string>;
    this.problems.push(...this.check(kind, body));
    if (kind === 'lease') this.leases += 1;
    else if (body['kind'] !== undefined) await this.follow(body['kind'], body);
  }

  private async follow(kind: string, body: Readonly<Record<string, string>>): Promise<void> {
    const { instruction, requestId, experiment = '', station = '' } = body;
    this.instructed.push(kind);
    if (kind === 'detect') {
      return this.say('acks', { type: 'detection', instruction, requestId, devices: [] });
    }
    if (kind === 'start') await this.step(experiment, station, 'started');
    if (kind === 'pause') await this.step(experiment, station, 'paused', { cause: 'operator' });
    if (kind === 'resume') await this.step(experiment, station, 'resumed');
    if (kind === 'start' || kind === 'resume') await this.sample(experiment, station);
    if (kind === 'stop') await this.step(experiment, station, 'stopped', { cause: 'operator' });
    const done = { type: 'instruction', instruction, status: 'done', currentA: 0, at: now() };
    await this.say('acks', { ...done, ...(experiment && { experiment }) });
  }

  private async sample(experiment: string, station: string): Promise<void> {
    await this.say('samples', {
      ...{ experiment, station, t0: now(), testTimeS: [this.testTimeS], stepCount: [1] },
      ...{ stepId: [1], cycle: [1], voltageV: [3.6], currentA: [0], temperatureC: [25] },
    });
  }
}

const now = (): string => new Date().toISOString();
