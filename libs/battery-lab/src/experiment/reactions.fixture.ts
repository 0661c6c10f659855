import type { ContentOf } from '#kernel/command.js';
import { exampleEvents } from '#kernel/event-types.js';
import { commandMeta } from '#testing/decider-spec.js';

import type { ExperimentCommand } from './commands.js';
import { experimentDecider } from './decider.js';
import { experimentEvents, type InstructionKind } from './events.js';
import { dueAt, heldUntil, reactionsTo } from './reactions.js';
import { type Experiment, type ExperimentState, isExecuted } from './state.js';

const meta = commandMeta();
const examples = exampleEvents(experimentEvents);
const program = {
  steps: [
    { do: 'cc', currentA: 1, until: [{ voltageV: 4.2 }] },
    { do: 'rest', until: [{ timeS: 60 }] },
    { do: 'cc', currentA: -1, until: [{ voltageV: 3 }] },
  ],
};
const nothing = { elapsedS: 0, chargeAh: 0, dischargeAh: 0 };

/** What it would mean that the output is on. */
class Unit {
  output = false;
  hasLimits = false;
  stepCount = 0;
  isRunning = false;
  isTripped = false;
  isAway = false;
  /** Does not do what it is asked next, or takes no experiment. */
  isUnwilling = false;
  isOccupied = false;
  private readonly answers = new Map<string, 'done' | 'refused'>();

  /** What it has answered it answers again as before. */
  answer(instruction: string, kind: InstructionKind, isLeased: boolean): 'done' | 'refused' {
    const known = this.answers.get(instruction);
    if (known) return known;
    const answer = !this.isUnwilling && this.obey(kind, isLeased) ? 'done' : 'refused';
    this.isUnwilling = false;
    this.answers.set(instruction, answer);
    return answer;
  }

  private obey(kind: InstructionKind, isLeased: boolean): boolean {
    switch (kind) {
      case 'confirm-limits':
        return (this.hasLimits ||= !this.isOccupied) && !this.isOccupied;
      case 'start':
      case 'resume':
        if (this.isOccupied || !isLeased || !this.hasLimits || this.isTripped) return false;
        this.output = this.isRunning = true;
        return true;
      case 'pause':
        if (!this.isRunning) return false;
        this.output = this.isRunning = false;
        return true;
      case 'output-off':
        this.output = this.isRunning = false;
        this.isTripped = true;
        return true;
      case 'stop':
        this.output = this.isRunning = this.hasLimits = false;
        return true;
      case 'reset-trip':
        this.isTripped = false;
        return true;
    }
  }
}

/** An experiment, what supervises it, and a unit that answers late, twice or never. */
export class Lab {
  state: ExperimentState = experimentDecider.initialState;
  readonly unit = new Unit();
  readonly events: string[] = [];
  /** Those that stand, by what they are about. */
  readonly alarms = new Map<string, string>();
  now = Date.parse('2026-05-04T11:00:00Z');
  private instructions = 0;
  /** Told to the unit and not delivered. */
  private readonly told = new Map<string, InstructionKind>();

  constructor() {
    const data = { ...examples.ExperimentQueued.data, program };
    this.tell({ type: 'QueueExperiment', data });
    this.assign();
  }

  get experiment(): Experiment {
    if (!isExecuted(this.state)) throw new Error('there is no experiment');
    return this.state;
  }

  get at(): string {
    return new Date(this.now).toISOString();
  }

  tell(command: ContentOf<ExperimentCommand>): void {
    const events = experimentDecider.decide(
      { ...command, meta: { ...meta, occurredAt: this.at } },
      this.state,
    );
    for (const event of events) {
      this.state = experimentDecider.evolve(this.state, event);
      this.events.push(event.type);
      if (event.type === 'InstructionIssued') {
        this.told.set(event.data.instruction, event.data.kind);
      }
    }
  }

  /** What a person or a unit says at any time may be refused. */
  say(command: ContentOf<ExperimentCommand>): void {
    try {
      this.tell(command);
    } catch {
      // Said at the wrong time.
    }
  }

  supervise(): void {
    for (let round = 0; round < 20; round += 1) {
      const before = this.state;
      this.assign();
      for (const reaction of reactionsTo(this.experiment, this.now)) {
        switch (reaction.do) {
          case 'issue': {
            const instruction = `i${String((this.instructions += 1))}`;
            const data = { instruction, kind: reaction.kind, at: this.at };
            this.tell({ type: 'IssueInstruction', data });
            break;
          }
          case 'repeat': {
            const { instruction, attempt } = reaction;
            this.tell({ type: 'RepeatInstruction', data: { instruction, attempt, at: this.at } });
            const { open } = this.experiment;
            if (open) this.told.set(instruction, open.kind);
            break;
          }
          case 'timeOut':
            this.tell({
              type: 'TimeOutInstruction',
              data: { instruction: reaction.instruction, at: this.at },
            });
            break;
          case 'end':
            this.tell({ type: 'EndExperiment', data: {} });
            break;
          case 'raise':
          case 'escalate':
            this.alarms.set(reaction.subject, reaction.kind);
            break;
          case 'clear':
            this.alarms.delete(reaction.subject);
            break;
          case 'release':
            break;
        }
      }
      if (this.state === before) return;
    }
    throw new Error('the supervision does not come to rest');
  }

  /** At its turn, and again where the station could not take it. */
  private assign(): void {
    if ((heldUntil(this.experiment, this.now) ?? 0) > this.now) return;
    this.tell({ type: 'AssignExperiment', data: examples.ExperimentAssigned.data });
  }

  /** The unit hears the first instruction that it was sent; its answer may be lost. */
  deliver(isAnswerLost = false): void {
    const [first] = this.told;
    if (!first || this.unit.isAway) return;
    const [instruction, kind] = first;
    this.told.delete(instruction);
    const status = this.unit.answer(instruction, kind, this.isLeased);
    const about = this.unit.isOccupied ? 'station' : 'experiment';
    const data = { instruction, status, reason: 'no', at: this.at, about } as const;
    if (!isAnswerLost) this.say({ type: 'AnswerInstruction', data });
  }

  /** Whether it is promised to the unit that somebody supervises it. */
  private get isLeased(): boolean {
    const { status, ending, open } = this.experiment;
    return (status === 'running' && !ending) || open?.kind === 'start' || open?.kind === 'resume';
  }

  /** The answer to what it has shown to have done since is that it does not do it. */
  contradict(): void {
    const { status, open } = this.experiment;
    if (!this.unit.isRunning || status !== 'running' || !open) return;
    if (open.kind !== 'start' && open.kind !== 'resume') return;
    const { instruction } = open;
    const data = { instruction, status: 'refused', reason: 'no', at: this.at } as const;
    this.say({ type: 'AnswerInstruction', data });
  }

  /** Somebody has the unit leave the program, at its place. */
  leave(): void {
    const { unit } = this;
    if (!unit.isRunning) return;
    unit.output = unit.isRunning = unit.hasLimits = false;
    this.say({ type: 'NoteStopped', data: { testTimeS: 1, at: this.at } });
  }

  lose(): void {
    const [first] = this.told.keys();
    if (first !== undefined) this.told.delete(first);
  }

  step(): void {
    const { unit } = this;
    if (!unit.isRunning || unit.stepCount === 3) return;
    unit.stepCount += 1;
    const place = { stepCount: unit.stepCount, stepId: unit.stepCount, cycle: 1, testTimeS: 1 };
    this.say({ type: 'NoteStepStarted', data: { ...place, at: this.at } });
    const cause = unit.stepCount === 2 ? 'time' : 'voltage';
    const { last } = examples.StepEnded.data;
    this.say({ type: 'NoteStepEnded', data: { ...place, at: this.at, cause, ...nothing, last } });
    if (unit.stepCount < 3) return;
    unit.output = unit.isRunning = false;
    this.say({ type: 'NoteCompleted', data: { at: this.at, testTimeS: 2 } });
  }

  trip(): void {
    const { unit } = this;
    if (!unit.output) return;
    unit.output = unit.isRunning = false;
    unit.isTripped = true;
    const { data } = examples.SafetyTripped;
    this.say({ type: 'NoteTripped', data: { ...data, isOutputOff: true, testTimeS: 1 } });
  }

  /** Nobody has renewed its lease. */
  makeSafe(): void {
    const { unit } = this;
    if (!unit.isRunning) return;
    unit.output = unit.isRunning = false;
    const { data } = examples.ExperimentInterrupted;
    const lost = { ...data, cause: 'lost', isOutputOff: true, testTimeS: 1 } as const;
    this.say({ type: 'NoteInterrupted', data: lost });
  }

  losePower(): void {
    const { unit } = this;
    const wasRunning = unit.isRunning;
    unit.output = unit.isRunning = unit.hasLimits = false;
    if (!wasRunning) return;
    const { data } = examples.ExperimentInterrupted;
    this.say({ type: 'NoteInterrupted', data: { ...data, isOutputOff: true, testTimeS: 1 } });
  }

  wait(): void {
    const due = dueAt(this.experiment, this.now) ?? heldUntil(this.experiment, this.now);
    if (due !== undefined) this.now = Math.max(this.now, due);
  }
}

/** What may happen at any time. */
export const acts = {
  deliver: (lab: Lab) => lab.deliver(),
  'lose an answer': (lab: Lab) => lab.deliver(true),
  'lose an instruction': (lab: Lab) => lab.lose(),
  step: (lab: Lab) => lab.step(),
  trip: (lab: Lab) => lab.trip(),
  'lose power': (lab: Lab) => lab.losePower(),
  'make safe': (lab: Lab) => lab.makeSafe(),
  wait: (lab: Lab) => lab.wait(),
  'be unwilling': (lab: Lab) => {
    lab.unit.isUnwilling = true;
  },
  'be occupied': (lab: Lab) => {
    lab.unit.isOccupied = true;
  },
  'be free': (lab: Lab) => {
    lab.unit.isOccupied = false;
  },
  'see a breach': (lab: Lab) => {
    const data = { ...examples.SafetyTripped.data, by: 'server' } as const;
    lab.say({ type: 'NoteTripped', data: { ...data, isOutputOff: false, testTimeS: null } });
  },
  'leave the program': (lab: Lab) => lab.leave(),
  'refuse what it has done': (lab: Lab) => lab.contradict(),
  /** Who stands there says what is so. */
  'see that it is off': (lab: Lab) => {
    if (!lab.unit.output) lab.say({ type: 'ConfirmOutputOff', data: {} });
  },
  pause: (lab: Lab) => lab.say({ type: 'PauseExperiment', data: { instruction: 'p' } }),
  resume: (lab: Lab) => lab.say({ type: 'ResumeExperiment', data: {} }),
  reset: (lab: Lab) => lab.say({ type: 'ResetTrip', data: { instruction: 'r' } }),
  abort: (lab: Lab) => lab.say({ type: 'AbortExperiment', data: { message: null } }),
  'go away': (lab: Lab) => {
    lab.unit.isAway = true;
  },
  'come back': (lab: Lab) => {
    lab.unit.isAway = false;
  },
} satisfies Record<string, (lab: Lab) => void>;
