import { ApiProperty } from '@nestjs/swagger';

import { alarmDecider, unknownAlarm } from '#battery-lab/alarm/decider.js';
import { type AlarmDocument, evolveAlarm } from '#battery-lab/alarm/document.js';
import { type AlarmEvent, alarmKinds, alarmStream, severities } from '#battery-lab/alarm/events.js';
import { boolean, oneOf, uuid } from '#http/query-params.js';
import { resourceController } from '#resource/controller.js';
import type { Row } from '#resource/keyset.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { compares } from '#resource/sql.js';

import { experiments, experimentsSchema } from './experiments.projection.js';

const statuses = ['raised', 'cleared'] as const;
const text = { type: String, nullable: true } as const;

class AlarmResponse implements AlarmDocument {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: statuses }) status!: AlarmDocument['status'];
  @ApiProperty({ enum: alarmKinds }) kind!: AlarmDocument['kind'];
  @ApiProperty({ enum: severities }) severity!: AlarmDocument['severity'];
  @ApiProperty() message!: string;
  @ApiProperty({ format: 'uuid' }) experimentId!: string;
  @ApiProperty({ format: 'uuid' }) stationId!: string;
  @ApiProperty({ description: 'A person knows of it.' }) isAcknowledged!: boolean;
  @ApiProperty() isEscalated!: boolean;
  @ApiProperty({ ...text, description: 'Of who acknowledged it.' }) comment!: string | null;
  @ApiProperty({ ...text, description: 'What has ended it.' }) clearedBy!: string | null;
  @ApiProperty() revision!: number;
}

const member = (name: string) => filter(uuid, compares(`document ->> '${name}'`));

export const alarmList = defineResource({
  name: 'cycler-alarms',
  tag: 'lab',
  permission: 'lab.read',
  ready: visibleIn(experiments),
  response: AlarmResponse,
  select: 'id, document, revision::float8',
  from: `${experimentsSchema}.alarms`,
  item: ({ id, document, revision }: Row) =>
    ({ id, ...(document as object), revision }) as unknown as AlarmResponse,
  list: {
    summary: 'Alarms of stations, the newest first',
    description: 'Those that are over too.',
    filters: {
      status: filter(oneOf(...statuses), compares(`document ->> 'status'`)),
      severity: filter(oneOf(...severities), compares(`document ->> 'severity'`)),
      kind: filter(oneOf(...alarmKinds), compares(`document ->> 'kind'`)),
      acknowledged: filter(
        boolean,
        (is) => () => `(document ->> 'isAcknowledged')::boolean = ${String(is)}`,
      ),
      experimentId: member('experimentId'),
      stationId: member('stationId'),
    },
    order: [{ expression: 'registered_position', type: 'bigint', descending: true }],
  },
  one: { summary: 'An alarm', description: 'As it stands, or as it stood.', unknown: unknownAlarm },
  history: {
    summary: 'What happened about an alarm, and who acknowledged it',
    description: 'One item for each event.',
    folding: {
      streamOf: alarmStream,
      types: alarmDecider,
      evolve(before: (AlarmDocument & { readonly id: string }) | null, id, event) {
        const state = evolveAlarm(before ?? { status: 'absent' }, event as AlarmEvent);
        return state.status === 'absent' ? null : { ...state, id };
      },
    },
    asOf: ({ state, revision }) => ({ ...state, revision: Number(revision) }),
  },
});

export class AlarmsController extends resourceController(alarmList) {}
