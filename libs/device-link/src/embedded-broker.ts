import { createHash } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { Aedes, type AedesOptions, type Client, type PublishPacket } from 'aedes';

import { pause } from '#event-log/pause.js';
import type { Logger } from '#observability/logging.js';

import { limitFrames } from './frame-limit.js';
import { admit, maxPayloadBytes, type Rejection } from './guard.js';
import type { Inbox } from './inbox.js';
import type { PublishOptions } from './message-taker.js';
import { Rate } from './rate.js';
import { type DownKind, downTopic, isOwnFilter, type Topics } from './topics.js';

export interface BrokerOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly topics: Topics;
  readonly inbox: Inbox;
  readonly logger: Logger;
  /** Whether the secret is one of the device's. Rejects where that cannot be told now. */
  readonly authenticate: (device: string, secret: Buffer) => Promise<boolean>;
  readonly onRejected: (rejection: Rejection, device: string | undefined) => void;
  /** A device is connected and listens to what it is sent. */
  readonly onListening: (device: string) => void;
  readonly maxConnections: number;
  readonly messagesPerSecond: number;
}

/** How many sessions a device can have here, whatever the names of its clients. */
const sessionsOfDevice = 16;
const connectTimeoutMs = 10_000;
/** What waits for a failed connection, so that guessing takes its time. */
const failedMs = 1_000;
/** Connections whose secrets are compared at the same time. */
const burstSeconds = 10;
const reconnectsPerSecond = 0.5;
const reconnectBurst = 30;

const serverUnavailable = 3;
const badUserOrPassword = 4;

/**
 * An MQTT broker for devices alone. A message is acknowledged to its device when it is in the log, and
 * nothing that was acknowledged is held in memory: whatever is killed, the device still has the rest.
 */
export class EmbeddedBroker {
  private readonly devices = new WeakMap<Client, string>();
  private readonly rate: Rate;
  private readonly reconnects = new Rate(reconnectsPerSecond, reconnectBurst);
  private readonly stopping = new AbortController();

  private constructor(
    private readonly options: BrokerOptions,
    private readonly server: Server,
    private readonly aedes: Aedes,
  ) {
    const { messagesPerSecond } = options;
    this.rate = new Rate(messagesPerSecond, burstSeconds * messagesPerSecond);
  }

  static async start(options: BrokerOptions): Promise<EmbeddedBroker> {
    const aedes = await Aedes.createBroker({
      connectTimeout: connectTimeoutMs,
      preConnect: (_client, packet, done) => {
        packet.clientId = sessionName(packet.username ?? '', packet.clientId);
        done(null, true);
      },
      authenticate: (client, user, secret, done) => {
        void broker.authenticate(client, user, secret).then((code) => {
          if (code === 0) done(null, true);
          else done(authenticationError(code), false);
        });
      },
      authorizePublish: (client, packet, done) => {
        void broker.take(client, packet).then((isTaken) => {
          // Without an acknowledgement and with the end of the connection: the device keeps the message.
          done(isTaken ? null : new Error('the message was not taken'));
        });
      },
      authorizeSubscribe: (client, subscription, done) => {
        const device = broker.devices.get(client);
        const isOwn = device !== undefined && isOwnFilter(device, subscription.topic);
        done(null, isOwn ? subscription : null);
      },
    });
    const server = createServer({ noDelay: true });
    server.maxConnections = options.maxConnections;
    const broker = new EmbeddedBroker(options, server, aedes);
    server.on('connection', (socket) => {
      broker.accept(socket);
    });
    aedes.on('subscribe', (_, client) => {
      const device = broker.devices.get(client);
      if (device !== undefined) options.onListening(device);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port, options.host, resolve);
    });
    return broker;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.aedes.connectedClients;
  }

  /** Sends to a device, now or when it connects again; the newest retained one stays for later. */
  publish(
    device: string,
    kind: DownKind,
    body: object,
    { retain = false, qos = 1 }: PublishOptions = {},
  ): Promise<void> {
    const packet: PublishPacket = {
      ...{ cmd: 'publish', qos, dup: false, retain },
      ...{ topic: downTopic(device, kind), payload: Buffer.from(JSON.stringify(body)) },
    };
    return new Promise((resolve, reject) => {
      this.aedes.publish(packet, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Ends the device's connections: its secrets are others now. */
  disconnect(device: string): void {
    for (const client of this.clients()) if (this.devices.get(client) === device) client.close();
  }

  /** What is not in the log by now is not acknowledged. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const closed = new Promise((resolve) => this.server.close(resolve));
    await new Promise<void>((resolve) => {
      this.aedes.close(resolve);
    });
    await closed;
  }

  private clients(): Client[] {
    return Object.values((this.aedes as unknown as { clients: Record<string, Client> }).clients);
  }

  private accept(socket: Socket): void {
    const client = this.aedes.handle(socket);
    const known = (): string | undefined => this.devices.get(client);
    limitFrames(
      socket,
      maxPayloadBytes,
      () => known() !== undefined,
      () => {
        this.options.onRejected('PACKET_TOO_LARGE', known());
      },
    );
  }

  /** 0, or the return code of the refusal. */
  private async authenticate(
    client: Client,
    user: string | undefined,
    secret: Buffer | undefined,
  ): Promise<number> {
    try {
      if (user !== undefined && secret) {
        if (await this.options.authenticate(user, secret)) {
          // Counted with the right secret alone: who only knows its id must not shut the device out.
          if (!this.reconnects.allows(user)) return serverUnavailable;
          this.devices.set(client, user);
          return 0;
        }
      }
      await pause(failedMs, this.stopping.signal);
      return badUserOrPassword;
    } catch (error) {
      this.options.logger.warn({ error }, 'a device cannot be authenticated now');
      return serverUnavailable;
    }
  }

  private async take(client: Client | null, packet: PublishPacket): Promise<boolean> {
    const { topics, inbox, onRejected } = this.options;
    const device = client ? this.devices.get(client) : undefined;
    if (!client || device === undefined) return false;
    const admitted = admit(topics, device, packet);
    if (typeof admitted === 'string') {
      onRejected(admitted, device);
      return false;
    }
    // A last will comes when the connection is gone.
    const isWill = !('messageId' in packet || 'dup' in packet);
    const isAwaited = (): boolean => isWill || !client.closed;
    const delayMs = this.rate.delayMs(device);
    if (delayMs > 0) await pause(delayMs, this.stopping.signal);
    // It is in the log then; what the broker kept of it, it would lose.
    packet.retain = false;
    const { topic } = packet;
    const payload = Buffer.from(packet.payload);
    return inbox.put({ ...admitted, topic, payload, isAwaited });
  }
}

/** The sessions of a device bear its name, and there are few of them. */
const sessionName = (device: string, clientId: string): string => {
  if (clientId === '' || clientId === device) return device;
  const number = createHash('sha256').update(clientId).digest().readUInt8(0) % sessionsOfDevice;
  return `${device}:${String(number)}`;
};

type AuthenticateError = NonNullable<
  Parameters<Parameters<NonNullable<AedesOptions['authenticate']>>[3]>[0]
>;

const authenticationError = (returnCode: number): AuthenticateError => {
  const error: unknown = Object.assign(new Error('the device was not let in'), { returnCode });
  return error as AuthenticateError;
};
