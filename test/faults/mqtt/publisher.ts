import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { connectAsync, type MqttClient } from 'mqtt';

import { downTopic, upTopic } from '#device-link/topics.js';
import { pick, seeded, shuffled } from '#test/support/seeded.js';

import { type Message, Messages } from './messages.js';

export interface Device {
  readonly id: string;
  readonly secret: string;
}

/** Messages that may wait for their acknowledgement. */
const maxUnacknowledged = 20;
const groupSize = 10;
const openingSize = 12;
const maxMalformed = 8;

/**
 * A device with a persistent session that keeps its own list of what was acknowledged to it: samples in
 * any order, the same message again, other values for a time that has one, and messages that are wrong.
 * What it is asked to send again it sends again.
 */
export class Publisher {
  /** Messages that were acknowledged. */
  readonly acknowledged: Message[] = [];
  /** Numbers in the order in which they were sent for the first time. */
  readonly order: number[] = [];
  /** Numbers that were sent more than once. */
  readonly repeated = new Set<number>();
  readonly session = randomUUID();
  /** Of the server. */
  asked = 0;
  private readonly sent = new Map<number, Message>();
  private readonly waiting = new Set<Promise<void>>();
  private readonly random;
  private readonly messages;
  private client: MqttClient | undefined;
  private isOver = false;

  constructor(
    readonly device: Device,
    startsAt: number,
    seed: number,
  ) {
    this.random = seeded(seed);
    this.messages = new Messages(device.id, this.session, startsAt, this.random);
  }

  async connect(url: string): Promise<void> {
    const { id, secret } = this.device;
    const client = await connectAsync(url, {
      ...{ username: id, password: secret, clientId: id, clean: false },
      // Whoever asks the log for a credential while it is away is refused, and comes again.
      ...{ reconnectPeriod: 200, connectTimeout: 5_000, reconnectOnConnackError: true },
    });
    client.on('error', () => undefined);
    client.on('message', (_, payload) => {
      this.sendAgain(JSON.parse(payload.toString()) as Record<string, unknown>);
    });
    await client.subscribeAsync(downTopic(id, 'instructions'), { qos: 1 });
    this.client = client;
  }

  /** The first messages, which others contradict later: again and again until `areThere`. */
  async open(areThere: () => Promise<boolean>): Promise<void> {
    const opening = Array.from({ length: openingSize }, () => this.messages.samples());
    for (const message of opening) this.publish(message);
    await this.flush();
    while (!(await areThere())) {
      for (const message of opening) this.publish(message);
      await this.flush();
      await sleep(500);
    }
  }

  /** Sends until it is over, and a last message by which it shows what of the others is missing. */
  async run(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      for (const message of this.group()) {
        while (this.waiting.size >= maxUnacknowledged) await Promise.race(this.waiting);
        this.publish(message);
        await sleep(2 + this.random() * 20);
      }
    }
    this.publish(this.messages.samples());
    await this.flush();
  }

  async flush(): Promise<void> {
    while (this.waiting.size > 0) await Promise.all(this.waiting);
  }

  end(): void {
    this.isOver = true;
    this.client?.end(true);
  }

  /** Some messages, late and early ones among them, by time and by number. */
  private group(): readonly Message[] {
    const messages = Array.from({ length: groupSize }, () => this.messages.samples());
    if (this.random() < 0.5) messages.push(this.messages.contradiction());
    if (this.messages.malformedSoFar < maxMalformed && this.random() < 0.4) {
      messages.push(this.messages.malformed());
    }
    const early = this.random() < 0.3 ? shuffled(this.random, messages) : messages;
    return [...early, pick(this.random, [...this.sent.values()])];
  }

  private publish(message: Message): void {
    const { seq, kind } = message;
    if (this.sent.has(seq)) this.repeated.add(seq);
    else this.order.push(seq);
    this.sent.set(seq, message);
    const topic = upTopic(this.device.id, kind);
    const settled = this.deliver(message, topic).then(() => void this.waiting.delete(settled));
    this.waiting.add(settled);
  }

  /** What the client gives up without an acknowledgement may have arrived: it is sent again. */
  private async deliver(message: Message, topic: string): Promise<void> {
    while (!this.isOver) {
      try {
        await this.client?.publishAsync(topic, message.payload, { qos: 1 });
        this.acknowledged.push(message);
        return;
      } catch {
        this.repeated.add(message.seq);
        await sleep(100);
      }
    }
  }

  private sendAgain({ type, session, from, to }: Readonly<Record<string, unknown>>): void {
    if (type !== 'resend' || session !== this.session) return;
    this.asked += 1;
    for (let seq = Number(from); seq <= Number(to); seq += 1) {
      const message = this.sent.get(seq);
      if (message) this.publish(message);
    }
  }
}
