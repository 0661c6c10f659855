import { Body, Controller, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { ChoiceField, IdField, NumberField, ObjectsField, TextField } from '#http/body-fields.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import { CommandRoute, OptionalReasonBody, ReasonedBody } from '#http/command-route.js';
import type { CommandMeta } from '#kernel/command.js';
import { contentIdOf } from '#kernel/ids.js';

import { polarities } from '../battery/events.js';
import { RangeField, rangeOf } from '../bodies.http.js';
import type { Range } from '../ranges.js';
import type { Electrolyte } from './electrolytes.js';
import { Experiments, type Wanted } from './experiments.js';

// Without examples: the example of an experiment is one with another battery.
class FilledElectrolyteBody implements Electrolyte {
  @ChoiceField(polarities, { description: 'Side that it flows on.' })
  polarity!: Electrolyte['polarity'];

  @NumberField({ above: 0, max: 1e6 }, { description: 'In L.' })
  volumeL!: number;

  @NumberField({ min: 0, max: 1 }, { description: 'At the start, from 0 (empty) to 1 (full).' })
  initialStateOfCharge!: number;

  @RangeField('L/min', { description: 'Least and greatest flow, within what the pumps may do.' })
  flowLPerMin!: Range;
}

class QueueExperimentBody extends OptionalReasonBody {
  @TextField(100, {
    description:
      'For people: a test that is repeated may have the same one, which its id tells apart.',
    example: 'Formation of cell 17',
  })
  name!: string;

  @TextField(2_000, { nullable: true, description: 'What it is for.' })
  description?: string | null;

  @IdField('the id of a battery', { example: '3a8f1f36-5b0e-5a35-8c6b-7f6b5b6f9b01' })
  batteryId!: string;

  @IdField('the id of a station', { example: '5f2a3f0e-9a93-5f5c-8a43-1f0a3a0f7c55' })
  stationId!: string;

  @IdField('the id of a profile', { example: '9c3f2f51-96e2-5a77-9b5f-0d1c1e2f3a44' })
  profileId!: string;

  @NumberField(
    { min: 1, max: 1_000_000, whole: true },
    { optional: true, description: 'Version of the profile; absent: the newest.' },
  )
  profileVersion?: number;

  @NumberField(
    { min: 0, max: 60 },
    {
      optional: true,
      description: 'For how many seconds a limit may be exceeded; absent: half a second.',
    },
  )
  persistenceS?: number;

  @ObjectsField(
    FilledElectrolyteBody,
    { max: 2 },
    { optional: true, description: 'What is filled into a redox flow battery, which needs it.' },
  )
  electrolytes?: readonly FilledElectrolyteBody[];
}

class AbortExperimentBody extends ReasonedBody {}

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/experiments')
@RequirePermission('lab.operate')
export class ExperimentController {
  constructor(
    private readonly gateway: CommandGateway,
    private readonly experiments: Experiments,
  ) {}

  @CommandRoute('', {
    status: 201,
    summary: 'Queue an experiment',
    description:
      'This battery, on this station, by this version of a profile. The program is checked against battery, devices and station; it begins when it is its turn and the unit has confirmed the limits.',
  })
  queue(@Body() body: QueueExperimentBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.experiments.handle, body },
      command: async (meta) => ({
        type: 'QueueExperiment',
        data: await this.experiments.plan(wantedOf(body)),
        meta,
      }),
    });
  }

  @CommandRoute(':id/cancel', {
    summary: 'Take back an experiment that has not begun, or cancel its import',
    description:
      'One that waits leaves the queue of its station. Of one that is being imported no more is taken in: the records ' +
      'that were taken in stay, and importing the same files again goes on with them.',
  })
  cancel(@Param('id') id: string, @Body() body: OptionalReasonBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.experiments.handle, id, body },
      command: (meta) => ({ type: 'CancelExperiment', data: {}, meta }),
    });
  }

  @CommandRoute(':id/pause', {
    summary: 'Pause an experiment',
    description: 'The unit is told to stop in the middle of its step, with its output off.',
  })
  pause(@Param('id') id: string, @Body() body: OptionalReasonBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.experiments.handle, id, body },
      command: (meta) => ({ type: 'PauseExperiment', data: instructed(meta), meta }),
    });
  }

  @CommandRoute(':id/resume', {
    summary: 'Let an experiment go on',
    description:
      'One that is paused or was interrupted goes on with the step where it stopped. The unit confirms the limits before.',
  })
  resume(@Param('id') id: string, @Body() body: OptionalReasonBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.experiments.handle, id, body },
      command: (meta) => ({ type: 'ResumeExperiment', data: {}, meta }),
    });
  }

  @CommandRoute(':id/abort', {
    summary: 'Abort an experiment',
    description: 'It ends when the unit has confirmed that its output is off.',
  })
  abort(@Param('id') id: string, @Body() body: AbortExperimentBody, @Call() call: HttpCall) {
    const { reason: message } = body;
    return this.gateway.handle(call, {
      ...{ on: this.experiments.handle, id, body },
      command: (meta) => ({ type: 'AbortExperiment', data: { message }, meta }),
    });
  }

  @CommandRoute(':id/reset-trip', {
    summary: 'Reset a trip',
    description:
      'When the output is off and what tripped is mended. The experiment can be resumed then.',
  })
  resetTrip(@Param('id') id: string, @Body() body: ReasonedBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.experiments.handle, id, body },
      command: (meta) => ({ type: 'ResetTrip', data: instructed(meta), meta }),
    });
  }

  @CommandRoute(':id/confirm-output-off', {
    summary: 'Say that the output is off',
    description: 'Where the unit cannot say so any more and somebody has seen to it.',
  })
  confirmOutputOff(@Param('id') id: string, @Body() body: ReasonedBody, @Call() call: HttpCall) {
    return this.gateway.handle(call, {
      ...{ on: this.experiments.handle, id, body },
      command: (meta) => ({ type: 'ConfirmOutputOff', data: {}, meta }),
    });
  }
}

/** A repeated request leads to the same instruction. */
const instructed = ({ commandId }: CommandMeta) => ({
  instruction: contentIdOf('instruction', commandId),
});

/** Plain data: what is stored is no instance of a body. */
const wantedOf = ({ electrolytes = [], ...body }: QueueExperimentBody): Wanted => ({
  ...body,
  electrolytes: electrolytes.map(({ polarity, volumeL, initialStateOfCharge, flowLPerMin }) => ({
    ...{ polarity, volumeL, initialStateOfCharge, flowLPerMin: rangeOf(flowLPerMin) },
  })),
});
