import type { Cause } from '#cycling/program/ends.js';
import { intersection, type Limits } from '#cycling/program/limits.js';
import type { Step } from '#cycling/program/program.js';
import type { StationInstruction } from '#cycling/protocol/instructions.js';
import type { InstructionAck, StationState } from '#cycling/protocol/messages.js';

import { Bench } from './bench.js';
import { Execution } from './execution.js';
import { Guard, type Trip } from './guard.js';
import { refusalOf } from './orders.js';
import type { SavedStation, StationSettings, Test } from './saved-station.js';
import type { Reading } from './sensors.js';
import { type Emitted, type Said, TestLog } from './test-log.js';

/** What is in truth when an output is switched, for whoever checks the station. */
export type Witness = ReturnType<Station['witness']> & { readonly output: 'on' | 'off' };
export type StationAnswer = Pick<InstructionAck, 'status' | 'reason' | 'state' | 'currentA'>;
type Broken = 'paused' | 'tripped' | 'safe' | 'interrupted';

const off = { mode: 'off' } as const;
const usualPersistenceS = 0.1;

/**
 * One output of a unit with a cell at it. It executes a program and watches over its limits by itself, in simulated
 * time; all that it depends on is its settings, its saved state, and when it was instructed what.
 */
export class Station {
  readonly bench: Bench;
  private state: StationState = 'idle';
  private test: Test | undefined;
  private log: TestLog | undefined;
  private execution: Execution | undefined;
  private guard: Guard | undefined;
  private clockErrorS = 0;
  /** What was said of an experiment that is left. */
  private readonly emitted: Emitted[] = [];

  /** `saved`: what was kept over a loss of power, which ends at `nowS`. */
  constructor(
    private readonly settings: StationSettings,
    public nowS: number,
    private readonly onWitness: (witness: Witness) => void,
    saved?: SavedStation,
  ) {
    this.bench = new Bench(settings, saved?.bench);
    if (!saved) return;
    const { state, test, execution, row, clockErrorS } = saved;
    Object.assign(this, { state, test, clockErrorS, nowS: saved.nowS });
    if (test) this.log = new TestLog(test, settings.channels, row);
    if (execution) this.execution = Execution.restore(execution);
    const wasRunning = this.isRunning;
    if (wasRunning) this.breakOff('interrupted', 'lost');
    const gapS = Math.max(0, nowS - saved.nowS);
    this.nowS += gapS;
    this.bench.pass(off, gapS, this.nowS);
    if (wasRunning) this.say({ what: 'interrupted', cause: 'lost', gapS });
  }

  get saved(): SavedStation {
    const { state, test, log, execution, bench, nowS, clockErrorS } = this;
    return {
      ...{ state, nowS, clockErrorS, bench: bench.saved },
      ...(test && { test }),
      ...(execution && { execution: execution.saved }),
      ...(log?.row && { row: log.row }),
    };
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  /** By the clock of the unit, seconds since 1970. */
  get utcS(): number {
    return this.nowS + this.clockErrorS;
  }

  /** What is in truth. */
  witness() {
    const { state, nowS, test } = this;
    return { ...{ state, nowS, experiment: test?.experiment }, ...this.bench.witness };
  }

  /** Lets simulated time pass until `toS`; where something may happen in between, it stops short of it. */
  advance(toS: number): void {
    while (this.isRunning) {
      const { execution, test } = this;
      const step = execution?.step;
      if (!execution || !step || !test) return;
      const dtS = Math.min(
        ...[this.settings.stepS, execution.dueInS(step)],
        // A limit may be broken for less than a step.
        this.guard?.isBreached ? Math.max(test.persistenceS, 0.01) : Infinity,
      );
      if (this.nowS + dtS > toS + 1e-9) return;
      this.pass(step, dtS);
    }
    if (toS <= this.nowS) return;
    this.bench.pass(off, toS - this.nowS, toS);
    this.nowS = toS;
  }

  /** What is to be sent; with `all` the samples that would wait for more, and with `must` one at least if it runs. */
  take(all: boolean, must = false): Emitted[] {
    if (must && this.isRunning) this.log?.record({ everyS: 0 }, true);
    return [...this.emitted.splice(0), ...(this.log?.take(all) ?? [])];
  }

  /** Does what it is instructed, or says why not. */
  follow(instruction: StationInstruction): StationAnswer {
    const last = this.isRunning ? this.log?.row : undefined;
    const reading = last ?? this.bench.pass(off, 0, this.nowS);
    const reason = refusalOf(instruction, {
      ...{ state: this.state, experiment: this.test?.experiment, reading },
      ...{ stepCount: this.execution?.run.stepCount, ranges: this.bench.ranges },
      limits: this.limits,
    });
    if (reason === undefined) this.act(instruction);
    const stands = { state: this.state, currentA: this.bench.witness.currentA };
    return reason === undefined
      ? { status: 'done', ...stands }
      : { status: 'refused', reason, ...stands };
  }

  /** Output off and latched, where there is an experiment. */
  trip(trip: Trip): void {
    if (!this.execution || this.state === 'tripped') return;
    this.breakOff('tripped', 'trip');
    this.say({ what: 'tripped', cause: 'trip', trip });
  }

  /** Output off, since nobody renews the lease. */
  makeSafe(): void {
    if (!this.isRunning) return;
    this.breakOff('safe', 'lost');
    this.say({ what: 'safe', cause: 'lost' });
  }

  correctClock(byS: number): void {
    this.clockErrorS += byS;
  }

  private act(instruction: StationInstruction): void {
    const { state, nowS, test } = this;
    const operator = {
      cause: 'operator' as const,
      ...('reason' in instruction && { reason: instruction.reason }),
    };
    switch (instruction.kind) {
      case 'confirm-limits': {
        const { experiment, station, limits, persistenceS = usualPersistenceS } = instruction;
        if (test?.experiment === experiment && this.execution) {
          this.test = { ...test, limits, persistenceS };
          return;
        }
        this.leave('ready');
        this.test = { experiment, station, limits, persistenceS, startedS: nowS };
        return;
      }
      case 'start': {
        if (!test) return;
        const { program, nominalCapacityAh, measuredCapacityAh } = instruction;
        const measured = measuredCapacityAh === undefined ? {} : { measuredCapacityAh };
        this.execution = Execution.begin(program, { nominalCapacityAh, ...measured });
        this.test = { ...test, startedS: nowS };
        this.log = new TestLog(test, this.settings.channels);
        this.beginStep('started');
        return;
      }
      case 'pause':
        if (!this.isRunning) return;
        this.breakOff('paused', 'operator');
        this.say({ what: 'paused', ...operator });
        return;
      case 'resume':
        this.execution?.resume(instruction);
        this.beginStep('resumed');
        return;
      case 'stop':
        if (instruction.experiment !== undefined && instruction.experiment !== test?.experiment) {
          return;
        }
        if (this.isRunning) this.breakOff('paused', 'operator');
        this.say({ what: 'ended', cause: 'operator' });
        this.say({ what: 'stopped', ...operator });
        // A latch is for whoever stands at the station.
        this.leave(state === 'tripped' ? 'tripped' : 'idle');
        return;
      case 'output-off':
        this.trip({ reason: 'instruction' });
        return;
      case 'reset-trip':
        if (state !== 'tripped') return;
        this.state = this.execution ? 'paused' : test ? 'ready' : 'idle';
    }
  }

  private get limits(): Limits {
    return intersection(this.test?.limits, this.bench.ranges, ...(this.execution?.limits ?? []));
  }

  /** The output on, for the step that the program is at. */
  private beginStep(what: 'started' | 'resumed'): void {
    const { execution, log, test } = this;
    if (!execution || !log || !test) return;
    const { status, stoppedBy } = execution.run;
    if (status === 'completed') {
      this.breakOff('paused', 'stop');
      this.say({ what: 'completed', ...(stoppedBy !== undefined && { reason: stoppedBy }) });
      this.leave('idle');
      return;
    }
    const { step } = execution;
    if (status !== 'running' || !step) {
      this.breakOff('paused', 'refused');
      this.say({ what: 'paused', cause: 'refused', reason: 'the step cannot be executed' });
      return;
    }
    const wasOn = this.isRunning;
    const { voltageV } = wasOn && log.row ? log.row : this.measure(0, step, false);
    if (what === 'resumed') log.record(execution.recordRule(step), true);
    this.state = 'running';
    this.guard = new Guard({
      ...{ limits: this.limits, persistenceS: test.persistenceS },
      ...(this.bench.isNoisy && { stuckS: this.settings.stuckS }),
    });
    const reading = this.measure(0, step, true, voltageV);
    this.say({ what });
    log.record(execution.recordRule(step), true);
    if (!wasOn) this.onWitness({ ...this.witness(), output: 'on' });
    this.isTrippedBy(reading);
  }

  private pass(step: Step, dtS: number): void {
    const { execution, test, log } = this;
    if (!execution || !test || !log) return;
    if (this.isTrippedBy(this.measure(dtS, step, true))) return;
    const cause = execution.endedBy(step, this.nowS - test.startedS);
    log.record(execution.recordRule(step), cause !== undefined);
    if (cause === undefined) return;
    this.say({ what: 'ended', cause });
    execution.end(cause);
    this.beginStep('started');
  }

  /** Lets `dtS` seconds pass with the output on or off, and reads the sensors. */
  private measure(dtS: number, step: Step, isOn: boolean, voltageV?: number): Reading {
    const { execution, test, log } = this;
    const lastV = voltageV ?? log?.row?.voltageV ?? 0;
    const setPoint = isOn ? execution?.hold(step, lastV) : off;
    this.nowS += dtS;
    const reading = this.bench.pass(setPoint ?? off, dtS, this.nowS);
    if (isOn) execution?.count(reading, dtS);
    if (execution && test) {
      const moment = { testTimeS: this.nowS - test.startedS, utcS: this.utcS };
      log?.keep(reading, moment, execution.run);
    }
    return reading;
  }

  /** Whether it trips. */
  private isTrippedBy(reading: Reading): boolean {
    const trip = this.guard?.watch(reading, this.nowS);
    if (trip) this.trip(trip);
    return trip !== undefined;
  }

  /** Output off, within a step that may go on later. */
  private breakOff(state: Broken, cause: Cause): void {
    const { execution, log } = this;
    const step = execution?.step;
    if (this.isRunning && execution && log && step) {
      // What was measured last with the output on, and then with it off, at the same time of the test: whoever
      // integrates finds no charge between this moment and the one when it is on again.
      log.record(execution.recordRule(step), true);
      this.measure(0, step, false);
      log.record(execution.recordRule(step), true);
    }
    if (this.isRunning) {
      this.bench.pass(off, 0, this.nowS);
      this.onWitness({ ...this.witness(), output: 'off' });
    }
    execution?.halt(cause);
    this.state = state;
  }

  private leave(state: StationState): void {
    this.emitted.push(...(this.log?.take(true) ?? []));
    this.state = state;
    this.test = undefined;
    this.log = undefined;
    this.execution = undefined;
  }

  private say(said: Said): void {
    const { execution, log } = this;
    if (execution && log) log.say(said, this.utcS, execution.run, execution.totals);
  }
}
