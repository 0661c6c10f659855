import type {
  CyclerSamplesMessage,
  InstructionAck,
  StepMessage,
} from '#cycling/protocol/messages.js';
import type { EnvelopedMessage, MessageTaker } from '#device-link/message-taker.js';
import type { EventLog } from '#event-log/event-log.js';
import { handleCommand } from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { CommandMeta, ContentOf } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';
import { type FieldError, Refusal } from '#kernel/refusal.js';
import { wallNow } from '#kernel/wall-clock.js';

import type { ExperimentCommand } from '../experiment/commands.js';
import { mayHaveStarted } from '../experiment/decide-reports.js';
import { experimentDecider } from '../experiment/decider.js';
import { isBeforeOff, isCurrent } from '../experiment/found-on.js';
import { ended, notStarted, unknownExperiment } from '../experiment/refusals.js';
import { type Experiment, hasEnded, isExecuted } from '../experiment/state.js';
import { cyclerSamplesDecider } from '../samples/decider.js';
import { cyclerSamplesIdOf } from '../samples/events.js';
import { sha256 } from '../sha256.js';
import { readUnitMessage, unitMessageKind } from './read-unit-message.js';
import { chunksOf, currentAfterOff, lastOf, problemsOf } from './records.js';
import { reportOf } from './report-of.js';
import type { UnitDetections } from './unit-detections.js';

/** Days of experiments that are held in memory. */
const maxHeldDays = 200;

type Outcome = 'accepted' | 'unchanged';
/** What units say, on its way into the log: steps, records, answers to instructions. */
export class UnitIntake implements MessageTaker {
  readonly experiments;
  private readonly samples;

  constructor(
    private readonly log: EventLog,
    private readonly detections: UnitDetections,
  ) {
    this.experiments = new States(log, experimentDecider);
    this.samples = new States(log, cyclerSamplesDecider, maxHeldDays);
  }

  takes({ kind, body }: EnvelopedMessage): boolean {
    return unitMessageKind(kind, body) !== undefined;
  }

  async take({ device, kind, body }: EnvelopedMessage): Promise<Outcome | readonly FieldError[]> {
    const known = unitMessageKind(kind, body);
    if (!known) return [{ pointer: '/body', reason: 'expected a message of a unit' }];
    const said = readUnitMessage(known, body);
    if (!('kind' in said)) return said;
    switch (said.kind) {
      case 'samples':
        return this.record(device, said.body);
      case 'answer':
        return this.answer(device, said.body);
      case 'step':
        return this.report(device, said.body);
      case 'detection':
        return this.detections.take(
          device,
          said.body,
          metaOf(device, 'detection', said.body.requestId),
        );
    }
  }

  /** Records of a program that was started; after its end those that were taken before it. */
  private async record(
    device: string,
    body: CyclerSamplesMessage,
  ): Promise<Outcome | readonly FieldError[]> {
    const problems = problemsOf(body);
    if (problems.length > 0) return problems;
    const { experiment: experimentId } = body;
    const state = await this.stateOf(experimentId, device, runsOn);
    if (!mayHaveStarted(state)) throw notStarted();
    if (hasEnded(state) && !isBeforeOff(lastOf(body), state)) {
      if (body.currentA.some((currentA) => isCurrent(currentA, state))) {
        await this.stopAgain(device, experimentId, body);
      }
      throw ended();
    }
    let outcome: Outcome = 'unchanged';
    for (const columns of chunksOf(body)) {
      const hash = sha256(JSON.stringify(columns));
      const id = cyclerSamplesIdOf(experimentId, columns.from);
      const result = await handleCommand(this.log, this.samples, id, {
        type: 'RecordCyclerSamples',
        data: { experimentId, ...columns, hash },
        meta: metaOf(device, 'records', experimentId, hash),
      });
      if (result.outcome === 'accepted') outcome = 'accepted';
    }
    const seen = currentAfterOff(body, state);
    if (seen) await this.tell(device, experimentId, { type: 'NoteCurrent', data: seen }, body);
    return outcome;
  }

  private async answer(device: string, body: InstructionAck): Promise<Outcome> {
    const { instruction, status, reason = 'the unit gives no reason', at, ...said } = body;
    const { experiment: experimentId } = body;
    if (experimentId === undefined) throw noExperiment();
    await this.stateOf(experimentId, device);
    const { currentA, state, about } = said;
    const data = { instruction, status, reason, at, currentA, state, about };
    return this.tell(device, experimentId, { type: 'AnswerInstruction', data }, body);
  }
  private async report(device: string, said: StepMessage): Promise<Outcome> {
    const state = await this.stateOf(said.experiment, device);
    const isNew = said.stepCount > (state.step?.stepCount ?? 0);
    if (hasEnded(state) && said.what === 'started' && isNew) {
      await this.stopAgain(device, said.experiment, said);
    }
    const report = reportOf(said);
    return report ? this.tell(device, said.experiment, report, said) : 'unchanged';
  }

  private async tell(
    device: string,
    experimentId: string,
    command: ContentOf<ExperimentCommand>,
    body: object,
  ): Promise<Outcome> {
    const meta = metaOf(device, 'unit', experimentId, sha256(JSON.stringify(body)));
    const told = { ...command, meta } as ExperimentCommand;
    const { outcome } = await handleCommand(this.log, this.experiments, experimentId, told);
    return outcome === 'accepted' ? 'accepted' : 'unchanged';
  }

  private stopAgain(device: string, experimentId: string, body: object): Promise<Outcome> {
    const instruction = contentIdOf('instruction', experimentId, sha256(JSON.stringify(body)));
    return this.tell(device, experimentId, { type: 'StopAgain', data: { instruction } }, body);
  }

  /** The cached state where it will do; a unit speaks for its own experiments alone. */
  private async stateOf(
    experimentId: string,
    device: string,
    willDo: (state: Experiment) => boolean = () => true,
  ): Promise<Experiment> {
    const cached = this.experiments.cached(experimentId)?.state;
    const isFresh = cached !== undefined && isExecuted(cached) && willDo(cached);
    const state = isFresh ? cached : (await this.experiments.refresh(experimentId)).state;
    if (!isExecuted(state)) throw unknownExperiment();
    if (state.request.unitId !== device) throw notOfThisUnit();
    return state;
  }
}

/** What has begun to end may have ended by a word of somebody else. */
const runsOn = (state: Experiment): boolean =>
  mayHaveStarted(state) && state.output === 'on' && !state.ending;

const noExperiment = () =>
  new Refusal('MESSAGE_INVALID', 'invalid', 'the answer does not say what it is about', {
    errors: [{ pointer: '/body/experiment', reason: 'expected the experiment' }],
  });

const notOfThisUnit = () =>
  new Refusal('EXPERIMENT_OF_OTHER_UNIT', 'forbidden', 'the experiment runs on another unit');

/** The same message is the same command, whenever it comes again. */
const metaOf = (device: string, ...parts: readonly string[]): CommandMeta => {
  const commandId = contentIdOf('unit-message', device, ...parts);
  return {
    ...{ commandId, correlationId: commandId, source: 'mqtt' },
    actor: { id: device, kind: 'device', roles: ['device'] },
    occurredAt: new Date(wallNow()).toISOString(),
  };
};
