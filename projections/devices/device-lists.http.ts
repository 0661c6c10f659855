import { ApiProperty } from '@nestjs/swagger';

import { boolean } from '#http/query-params.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { interpolations, seriesKinds, valueTypes } from '#telemetry/series/events.js';

import { devices, devicesSchema } from './devices.projection.js';

const number = { type: Number, nullable: true } as const;
const undeclared = 'Null where it was not declared.';

class DeviceSeriesResponse {
  @ApiProperty({ example: 'A.Solar' }) series!: string;
  @ApiProperty({ enum: valueTypes }) valueType!: string;
  @ApiProperty({ type: String, nullable: true, example: 'kW' }) unit!: string | null;
  @ApiProperty({ description: 'Otherwise it was learnt from its first value.' })
  declared!: boolean;
  @ApiProperty({ enum: seriesKinds, nullable: true, description: undeclared })
  kind!: string | null;
  @ApiProperty({ enum: interpolations, nullable: true, description: undeclared })
  interpolation!: string | null;
  @ApiProperty(number) intervalMs!: number | null;
  @ApiProperty(number) rollOver!: number | null;
  @ApiProperty(number) low!: number | null;
  @ApiProperty(number) high!: number | null;
  @ApiProperty({ ...number, description: 'Null: single samples are kept for ever.' })
  retentionDays!: number | null;
}

class AttachmentResponse {
  @ApiProperty({ format: 'uuid' }) siteId!: string;
  @ApiProperty({ description: 'Its last name there.' }) name!: string;
  @ApiProperty({ format: 'date-time' }) attachedAt!: Date;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) detachedAt!: Date | null;
}

export const deviceSeries = defineResource({
  name: 'device-series',
  tag: 'devices',
  permission: 'devices.read',
  ready: visibleIn(devices),
  response: DeviceSeriesResponse,
  select: `series, value_type as "valueType", unit, declared, kind, interpolation,
    interval_ms::float8 as "intervalMs", roll_over as "rollOver", low, high,
    retention_days::float8 as "retentionDays"`,
  from: `${devicesSchema}.device_series`,
  list: {
    summary: 'Series of a device by name: what is declared or learnt of each',
    description: 'One that is learnt follows the defaults until it is declared.',
    filters: { declared: filter(boolean, (is) => () => (is ? 'declared' : 'not declared')) },
    order: [{ expression: 'series', type: 'text' }],
  },
});

export const attachments = defineResource({
  name: 'attachments',
  tag: 'devices',
  permission: 'devices.read',
  ready: visibleIn(devices),
  response: AttachmentResponse,
  select: `site_id as "siteId", name, attached_at as "attachedAt", detached_at as "detachedAt"`,
  from: `${devicesSchema}.attachments`,
  list: {
    summary: 'Where a device worked, the first place first',
    description: 'With its name there; open where it works now.',
    filters: {},
    order: [{ expression: "split_part(id, '/', 2)::bigint", type: 'bigint' }],
  },
});
