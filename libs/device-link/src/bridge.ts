import { connect, type IPublishPacket, type MqttClient } from 'mqtt';

import type { Logger } from '#observability/logging.js';

import { admit, type Rejection } from './guard.js';
import type { Inbox } from './inbox.js';
import type { PublishOptions } from './message-taker.js';
import { type DownKind, downTopic, type Topics } from './topics.js';

export interface BridgeOptions {
  readonly url: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Names the sessions on the broker, the same over restarts. */
  readonly clientId: string;
  readonly topics: Topics;
  readonly inbox: Inbox;
  readonly logger: Logger;
  readonly onRejected: (rejection: Rejection, device: string | undefined) => void;
}

/** Messages of one connection that are not acknowledged; then nothing is read from it. */
const maxInFlight = 1_000;

type Puback = { readonly cmd: 'puback'; readonly messageId: number };
/** Not public; the tests against a broker fail where it changes. */
type Sender = { _sendPacket(packet: Puback): void };

/** Tells mqtt.js to go on to the next message without acknowledging this one. */
const later = new Error('the message is acknowledged later');

/**
 * Connections to a broker that keeps its sessions on disk. What comes is acknowledged when it is in the log,
 * in the order in which it came; what is not acknowledged comes again with the next connection.
 */
export class Bridge {
  private readonly clients: readonly MqttClient[];

  constructor(private readonly options: BridgeOptions) {
    this.clients = options.topics
      .filters()
      .map((filters, index) => this.open(`${options.clientId}-${String(index)}`, filters));
  }

  get connected(): number {
    return this.clients.filter((client) => client.connected).length;
  }

  get wanted(): number {
    return this.clients.length;
  }

  async publish(
    device: string,
    kind: DownKind,
    body: object,
    { retain = false, qos = 1 }: PublishOptions = {},
  ): Promise<void> {
    const text = JSON.stringify(body);
    await this.clients.at(-1)?.publishAsync(downTopic(device, kind), text, { qos, retain });
  }

  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.endAsync(true)));
  }

  private open(clientId: string, filters: readonly string[]): MqttClient {
    const { url, username, password, logger } = this.options;
    const client = connect(url, {
      ...{ clientId, clean: false, reconnectPeriod: 1_000, resubscribe: true, queueQoSZero: false },
      // Else it would be silent for ever after a broker that refused it for a moment.
      reconnectOnConnackError: true,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
    });
    const window = new AckWindow((messageId) => {
      (client as unknown as Sender)._sendPacket({ cmd: 'puback', messageId });
    });
    client.handleMessage = (packet, goOn) => {
      void this.take(window, packet, goOn);
    };
    client.on('connect', () => {
      client.subscribe([...filters], { qos: 1 }, (error) => {
        if (error) logger.error({ error, clientId }, 'the broker refuses a subscription');
      });
    });
    client.on('close', () => {
      window.restart();
    });
    client.on('error', (error) => {
      logger.warn({ error, clientId }, 'the connection to the MQTT broker failed');
    });
    return client;
  }

  private async take(
    window: AckWindow,
    packet: IPublishPacket,
    goOn: (error?: Error) => void,
  ): Promise<void> {
    const { topics, inbox, onRejected } = this.options;
    const ack = window.open(packet.messageId);
    if (window.size < maxInFlight) goOn(later);
    else window.onRoom(() => goOn(later));
    // A retained message is one of before, which was taken then.
    const admitted = admit(topics, undefined, { ...packet, retain: false });
    if (typeof admitted === 'string') {
      onRejected(admitted, topics.read(packet.topic)?.device);
      ack.settle();
      return;
    }
    const payload = Buffer.from(packet.payload);
    const isTaken = await inbox.put({
      ...{ ...admitted, topic: packet.topic, payload, isAwaited: () => ack.isOpen() },
    });
    if (isTaken) ack.settle();
  }
}

interface Ack {
  messageId: number | undefined;
  isSettled: boolean;
  /** Until it is sent, or its connection is gone. */
  isOpen: boolean;
}

/** What one connection has not acknowledged, in the order in which it came. */
class AckWindow {
  private readonly acks: Ack[] = [];
  private waiting: (() => void)[] = [];

  constructor(private readonly send: (messageId: number) => void) {}

  get size(): number {
    return this.acks.length;
  }

  open(messageId: number | undefined): { settle: () => void; isOpen: () => boolean } {
    const ack: Ack = { messageId, isSettled: false, isOpen: true };
    this.acks.push(ack);
    return {
      settle: () => {
        ack.isSettled = true;
        this.flush();
      },
      isOpen: () => ack.isOpen,
    };
  }

  onRoom(go: () => void): void {
    this.waiting.push(go);
  }

  /** The connection is another one: what is open comes again over it. */
  restart(): void {
    for (const ack of this.acks.splice(0)) ack.isOpen = false;
    this.flush();
  }

  private flush(): void {
    const open = this.acks.findIndex(({ isSettled }) => !isSettled);
    for (const ack of this.acks.splice(0, open < 0 ? this.acks.length : open)) {
      ack.isOpen = false;
      if (ack.messageId !== undefined) this.send(ack.messageId);
    }
    for (const go of this.waiting.splice(0)) go();
  }
}
