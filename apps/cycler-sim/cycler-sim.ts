import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { Check } from 'typebox/value';

import { leaseSchema, resendSchema } from '#cycling/protocol/instructions.js';
import type { Birth, LinkState } from '#cycling/protocol/messages.js';
import { DeviceClient, enveloped } from '#device-link/device-client.js';
import type { DownKind } from '#device-link/topics.js';
import { wallNow } from '#kernel/wall-clock.js';
import type { Logger } from '#observability/logging.js';

import { Outbox } from './outbox.js';
import { type Fault, faultSchema } from './unit/faults.js';
import type { Witness } from './unit/station.js';
import { Unit, type UnitSettings } from './unit/unit.js';

export interface SimSettings {
  readonly url: string;
  readonly device: string;
  readonly secret: string;
  readonly folder: string;
  readonly maxBytes: number;
  readonly speed: number;
  /** Simulated time of the first start, s since 1970. */
  readonly beginS: number;
  readonly unit: UnitSettings;
}

const roundMs = 50;
const retryMs = 1_000;
/** Messages that may wait for their acknowledgement. */
const maxInFlight = 100;
/** Where more than this wait to be sent, simulated time that is faster than the real one waits, too. */
const maxWaiting = 300;
/** Real time that a round makes up for at most: one that took too long must not make the next one longer. */
const maxRoundS = 0.2;

const realS = (): number => performance.now() / 1_000;

/** A simulated unit on the link. */
export class CyclerSim {
  private readonly outbox: Outbox;
  private readonly unit: Unit;
  private nowS: number;
  private lastS = realS();
  private client: DeviceClient | undefined;
  private inFlight = 0;
  /** Counts connections: what comes of an older one is of no interest. */
  private connection = 0;
  private cutUntilS = -Infinity;
  private isConnecting = false;
  private readonly timer: NodeJS.Timeout;
  private isStopped = false;

  constructor(
    private readonly settings: SimSettings,
    private readonly logger: Logger,
    private readonly losePower: () => void,
  ) {
    const { folder, device, maxBytes, speed, beginS } = settings;
    this.outbox = Outbox.open(folder, device, maxBytes);
    const before = this.outbox.state;
    // Time went on while there was no power.
    const goneS = before ? (Math.max(0, wallNow() - before.wallMs) / 1_000) * speed : 0;
    this.nowS = before ? before.nowS + goneS : beginS;
    this.unit = new Unit(
      settings.unit,
      this.nowS,
      (output, witness) => this.note(output, witness),
      before && { ...before.unit, stations: before.stations },
    );
    const { outputs, leaseS } = settings.unit;
    const birth: Birth = { type: 'cycler-unit', protocol: 1, firmware: 'simulated' };
    const further = { speed, outputs: outputs.length, leaseS: leaseS ?? null };
    this.keep([{ kind: 'birth', body: { ...birth, ...further } }]);
    this.timer = setInterval(() => this.round(), roundMs);
    this.round();
  }

  get isConnected(): boolean {
    return this.client !== undefined;
  }

  /** Ends the process of the unit, not what it does: its outputs are as after a loss of power. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await this.client?.close();
  }

  private round(): void {
    const now = realS();
    const elapsedS = Math.min(maxRoundS, now - this.lastS);
    this.lastS = now;
    for (const fault of this.newFaults()) this.inject(fault, now);
    const isHeldUp = this.settings.speed > 1 && this.outbox.waiting > maxWaiting;
    if (!isHeldUp || !this.client) this.nowS += elapsedS * this.settings.speed;
    this.unit.tick(this.nowS, now);
    this.keep([]);
    if (!this.client && !this.isConnecting && now >= this.cutUntilS) void this.connect();
    this.pump();
  }

  private keep(
    first: readonly (
      | { readonly kind: 'birth'; readonly body: Birth }
      | { readonly kind: 'state'; readonly body: LinkState }
    )[],
  ): void {
    const { messages, stations, unit } = this.unit.take(realS());
    const all = [...first, ...messages];
    if (all.length === 0 && Object.keys(stations).length === 0) return;
    const { nowS } = this;
    this.outbox.append(all, { nowS, wallMs: wallNow(), stations, ...(unit && { unit }) });
  }

  private pump(): void {
    const { client, connection } = this;
    while (client && this.inFlight < maxInFlight) {
      const entry = this.outbox.next();
      if (!entry) return;
      this.inFlight += 1;
      client.publish(entry.kind, entry.text).then(
        () => {
          this.outbox.acknowledge(entry);
          if (connection !== this.connection) return;
          this.inFlight -= 1;
          this.pump();
        },
        // It is sent again with the next connection.
        () => undefined,
      );
    }
  }

  private async connect(): Promise<void> {
    const { url, device, secret } = this.settings;
    const { session } = this.outbox;
    this.isConnecting = true;
    try {
      const client = await DeviceClient.connect({
        ...{ url, device, secret },
        // It has the number of the begin of the session, since nobody knows which one would come next.
        will: {
          kind: 'state',
          message: enveloped({ device, session, seq: 0 }, { state: 'offline' }),
        },
        onMessage: (kind, body) => this.hear(kind, body),
        onReconnect: () => this.keep([{ kind: 'state', body: { state: 'online' } }]),
      });
      if (this.isStopped) {
        await client.close();
        return;
      }
      this.connection += 1;
      this.inFlight = 0;
      this.outbox.restart();
      this.client = client;
      if (this.connection > 1) this.keep([{ kind: 'state', body: { state: 'online' } }]);
      this.pump();
    } catch (error) {
      this.logger.warn({ error, url }, 'the broker does not take the unit; it is tried again');
      this.cutUntilS = Math.max(this.cutUntilS, realS() + retryMs / 1_000);
    } finally {
      this.isConnecting = false;
    }
  }

  private hear(kind: DownKind, body: unknown): void {
    if (kind === 'lease' && Check(leaseSchema, body)) {
      this.unit.renewLease(body.untilS - wallNow() / 1_000, realS());
    } else if (kind === 'instructions' && Check(resendSchema, body)) {
      this.outbox.resend(body.session, body.from, body.to);
    } else if (kind !== 'instructions' || !this.unit.follow(body, realS())) {
      if (kind !== 'config') this.logger.warn({ kind }, 'a message to the unit cannot be read');
    }
    this.keep([]);
    this.pump();
  }

  private inject(fault: Fault, now: number): void {
    this.logger.info({ ...fault }, 'a fault happens');
    if (fault.fault === 'power-loss') this.losePower();
    else if (fault.fault === 'comm-loss') {
      this.cutUntilS = now + fault.forS;
      const { client } = this;
      this.client = undefined;
      void client?.close(true);
    } else this.unit.inject(fault);
  }

  private newFaults(): readonly Fault[] {
    const file = join(this.settings.folder, 'faults.ndjson');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    rmSync(file, { force: true });
    return lines.flatMap((line) => {
      try {
        const fault: unknown = JSON.parse(line);
        if (Check(faultSchema, fault)) return [fault];
      } catch {
        // Said below.
      }
      this.logger.warn({ line }, 'a line of faults.ndjson is no fault that can happen here');
      return [];
    });
  }

  private note(output: string, witness: Witness): void {
    const line = JSON.stringify({ serialNumber: output, wallMs: wallNow(), ...witness });
    appendFileSync(join(this.settings.folder, 'witness.ndjson'), `${line}\n`);
  }
}
