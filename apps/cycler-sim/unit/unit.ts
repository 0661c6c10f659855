import type { StationInstruction } from '#cycling/protocol/instructions.js';
import {
  type Detection,
  type InstructionAck,
  maxSilenceS,
  type RefusalAbout,
} from '#cycling/protocol/messages.js';

import { type Fault, injectInto } from './faults.js';
import { readInstruction } from './read-instruction.js';
import { isoOf } from './recorder.js';
import type { SavedStation, StationSettings } from './saved-station.js';
import { Station, type Witness } from './station.js';
import type { Emitted } from './test-log.js';

export interface Output {
  readonly serialNumber: string;
  readonly settings: StationSettings;
}

export interface UnitSettings {
  readonly outputs: readonly Output[];
  /** Real seconds for which a lease holds at most; absent: the unit needs none. */
  readonly leaseS: number | undefined;
  /** Real seconds after which samples are sent, though they are few. */
  readonly flushS: number;
}

export type UnitMessage =
  Emitted | { readonly kind: 'acks'; readonly body: InstructionAck | Detection };

/** Plain data: what a loss of power must not take, beside the stations. */
export interface SavedUnit {
  /** Serial number of the output of each station that was confirmed. */
  readonly bound: Readonly<Record<string, string>>;
  /** Answers to instructions, the newest last: one that comes again is answered again. */
  readonly answers: readonly (InstructionAck | Detection)[];
}

export interface Taken {
  readonly messages: readonly UnitMessage[];
  /** Those that have changed, by serial number: to be kept with the messages. */
  readonly stations: Readonly<Record<string, SavedStation>>;
  /** Where an instruction was answered. */
  readonly unit?: SavedUnit;
}

const maxAnswers = 100;

/** A computational unit without its link: outputs that follow instructions, in simulated time. */
export class Unit {
  private readonly stations = new Map<string, Station>();
  private readonly changed = new Set<string>();
  private readonly bound: Map<string, string>;
  private readonly answers: (InstructionAck | Detection)[];
  private readonly messages: UnitMessage[] = [];
  private leasedUntilS = -Infinity;
  private flushedS = -Infinity;
  /** Real time at which each station, by its serial number, sent samples or did not run. */
  private readonly heardS = new Map<string, number>();
  private refusals = 0;

  constructor(
    private readonly settings: UnitSettings,
    private nowS: number,
    onWitness: (output: string, witness: Witness) => void = () => undefined,
    saved?: SavedUnit & { readonly stations: Readonly<Record<string, SavedStation>> },
  ) {
    this.bound = new Map(Object.entries(saved?.bound ?? {}));
    this.answers = [...(saved?.answers ?? [])];
    for (const { serialNumber, settings: own } of settings.outputs) {
      const note = (witness: Witness): void => onWitness(serialNumber, witness);
      const station = new Station(own, nowS, note, saved?.stations[serialNumber]);
      this.stations.set(serialNumber, station);
      this.changed.add(serialNumber);
    }
  }

  get saved(): SavedUnit {
    return { bound: Object.fromEntries(this.bound), answers: [...this.answers] };
  }

  /** Every station, as it is. */
  get savedStations(): Readonly<Record<string, SavedStation>> {
    return Object.fromEntries([...this.stations].map(([serial, { saved }]) => [serial, saved]));
  }

  /** What is in truth at an output. */
  witness(output: string): ReturnType<Station['witness']> | undefined {
    return this.stations.get(output)?.witness();
  }

  /** Lets simulated time pass until `nowS`; `realS` is a counter of real seconds. */
  tick(nowS: number, realS: number): void {
    if (!this.isLeased(realS)) for (const [, station] of this.stations) station.makeSafe();
    this.nowS = Math.max(this.nowS, nowS);
    for (const [, station] of this.stations) station.advance(this.nowS);
  }

  /** Renews the lease for `forS` real seconds, or for as long as the unit may have one. */
  renewLease(forS: number, realS: number): void {
    const { leaseS = 0 } = this.settings;
    if (forS > 0) this.leasedUntilS = realS + Math.min(forS, leaseS);
  }

  /** Does what an instruction says and answers it; false where it bears no name that an answer could. */
  follow(body: unknown, realS: number): boolean {
    if (typeof body !== 'object' || body === null) return false;
    const { instruction } = body as { readonly instruction?: unknown };
    if (typeof instruction !== 'string' || instruction === '' || instruction.length > 64) {
      return false;
    }
    const before = this.answers.find((one) => one.instruction === instruction);
    if (before) {
      this.messages.push({ kind: 'acks', body: before });
      return true;
    }
    const answer = this.answerTo(body as Readonly<Record<string, unknown>>, instruction, realS);
    this.answers.push(answer);
    if (this.answers.length > maxAnswers) this.answers.shift();
    this.messages.push({ kind: 'acks', body: answer });
    return true;
  }

  /** Has something go wrong. What concerns the link or the power is not for the unit to know. */
  inject(fault: Fault): void {
    switch (fault.fault) {
      case 'refusal':
        this.refusals = fault.times;
        return;
      case 'clock-jump':
        for (const [, station] of this.stations) station.correctClock(fault.byS);
        return;
      case 'comm-loss':
      case 'power-loss':
        return;
      default: {
        const station = this.stations.get(fault.output);
        if (station) injectInto(station, fault);
      }
    }
  }

  /** What is to be sent, and kept before it is. */
  take(realS: number): Taken {
    const isDue = realS - this.flushedS >= this.settings.flushS;
    if (isDue) this.flushedS = realS;
    for (const [serial, station] of this.stations) {
      const isSilent = realS - (this.heardS.get(serial) ?? realS) >= maxSilenceS;
      const hasSent =
        this.collect(serial, station, isDue || isSilent) ||
        (isSilent && this.collect(serial, station, true, true));
      if (hasSent || !station.isRunning || !this.heardS.has(serial)) this.heardS.set(serial, realS);
    }
    const changed = [...this.changed].flatMap((serial) => {
      const station = this.stations.get(serial);
      return station ? [[serial, station.saved] as const] : [];
    });
    this.changed.clear();
    const messages = this.messages.splice(0);
    const isAnswered = messages.some(({ kind }) => kind === 'acks');
    const stations = Object.fromEntries(changed);
    return { messages, stations, ...(isAnswered && { unit: this.saved }) };
  }

  private isLeased(realS: number): boolean {
    return this.settings.leaseS === undefined || realS < this.leasedUntilS;
  }

  /** Whether there were samples. */
  private collect(serial: string, station: Station, all: boolean, must = false): boolean {
    const emitted = station.take(all, must);
    if (emitted.length === 0) return false;
    // What is kept of a station says that its samples are sent: none may be left behind.
    emitted.push(...station.take(true));
    this.messages.push(...emitted);
    this.changed.add(serial);
    return emitted.some(({ kind }) => kind === 'samples');
  }

  private answerTo(
    body: Readonly<Record<string, unknown>>,
    instruction: string,
    realS: number,
  ): InstructionAck | Detection {
    const at = isoOf([...this.stations.values()][0]?.utcS ?? this.nowS);
    const { experiment } = body;
    const about = typeof experiment === 'string' ? { instruction, experiment } : { instruction };
    const refused = (reason: string, of: RefusalAbout = 'station'): InstructionAck => ({
      ...{ type: 'instruction', ...about, status: 'refused', reason, about: of, at },
    });
    const read = readInstruction(body);
    if ('wrong' in read) return refused(read.wrong, 'experiment');
    if (this.refusals > 0) {
      this.refusals -= 1;
      return refused('the device does not take it');
    }
    if (read.kind === 'detect') {
      const { requestId } = read;
      return { type: 'detection', instruction, requestId, devices: this.devices() };
    }
    if ((read.kind === 'start' || read.kind === 'resume') && !this.isLeased(realS)) {
      return refused('nobody holds the lease of this unit');
    }
    const serial = this.serialOf(read);
    const station = serial === undefined ? undefined : this.stations.get(serial);
    if (serial === undefined || !station) {
      // What was never given an output here has none that is on, and nothing to leave.
      if (read.kind === 'stop' || read.kind === 'output-off') {
        return { type: 'instruction', ...about, status: 'done', state: 'idle', currentA: 0, at };
      }
      return refused(`station ${read.station} has no device that is connected here`);
    }
    const answer = station.follow(read);
    if (answer.status === 'done') this.bound.set(read.station, serial);
    // What came of it is said before it is acknowledged.
    this.collect(serial, station, true);
    this.changed.add(serial);
    return { type: 'instruction', ...about, ...answer, at };
  }

  private serialOf(instruction: StationInstruction): string | undefined {
    if (instruction.kind !== 'confirm-limits') return this.bound.get(instruction.station);
    return instruction.devices.find((serial) => this.stations.has(serial));
  }

  private devices(): Detection['devices'] {
    return this.settings.outputs.map(({ serialNumber }, index) => ({
      ...{ serialNumber, type: 'cycler', manufacturer: 'Voltrace', model: 'Simulated cycler' },
      ...{ firmware: '1', linkName: `output-${index + 1}` },
    }));
  }
}
