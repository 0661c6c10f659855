import { Param, Query, Req, Res } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { oneOf, text, uuid } from '#http/query-params.js';
import { answerList } from '#resource/answer-list.js';
import { belongingTo } from '#resource/belonging-to.js';
import { resourceController } from '#resource/controller.js';
import type { Folding } from '#resource/folds.js';
import type { RawQuery } from '#resource/parameters.js';
import { defineResource, filter, type Resource, visibleIn } from '#resource/resource.js';
import { ListRoute } from '#resource/routes.js';
import { compares } from '#resource/sql.js';
import { deviceDecider, type KnownDevice, unknownDevice } from '#telemetry/device/decider.js';
import { type DeviceEvent, deviceStream } from '#telemetry/device/events.js';

import { configurationFolding, inDrift, isInDrift } from './configurations.http.js';
import { attachments, deviceSeries } from './device-lists.http.js';
import { devices, devicesSchema } from './devices.projection.js';

const statuses = ['inUse', 'retired'] as const;
const orNull = { type: String, nullable: true } as const;

class ConfigurationStanding {
  @ApiProperty({ type: Number, nullable: true }) desiredVersion!: number | null;
  @ApiProperty({ type: Number, nullable: true }) reportedVersion!: number | null;
  @ApiProperty() inDrift!: boolean;
}

class DeviceResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: 'egauge' }) type!: string;
  @ApiProperty(orNull) serialNumber!: string | null;
  @ApiProperty(orNull) productId!: string | null;
  @ApiProperty({ enum: statuses }) status!: (typeof statuses)[number];
  @ApiProperty({ ...orNull, description: 'Where it works now.' }) siteId!: string | null;
  @ApiProperty({ ...orNull, description: 'Its name there.' }) name!: string | null;
  @ApiProperty({ ...orNull, format: 'date-time' }) attachedAt!: Date | null;
  @ApiProperty({ type: ConfigurationStanding, nullable: true })
  configuration!: ConfigurationStanding | null;
  @ApiProperty() revision!: number;
}

const deviceFolding: Folding<KnownDevice & { readonly id: string }, DeviceEvent> = {
  streamOf: deviceStream,
  types: deviceDecider,
  evolve(before, id, event) {
    const state = deviceDecider.evolve(before ?? deviceDecider.initialState, event);
    return state.status === 'absent' ? null : { ...state, id };
  },
};

const deviceList = defineResource({
  name: 'devices',
  tag: 'devices',
  permission: 'devices.read',
  ready: visibleIn(devices),
  response: DeviceResponse,
  id: 'd.id',
  select: `d.id, d.type, d.serial_number as "serialNumber", d.product_id as "productId",
    case when d.retired_at is null then 'inUse' else 'retired' end as status,
    d.site_id as "siteId", d.name, d.attached_at as "attachedAt",
    (select jsonb_build_object('desiredVersion', desired_version,
              'reportedVersion', reported_version, 'inDrift', ${inDrift})
       from ${devicesSchema}.configurations where id = d.id) as configuration,
    d.revision::float8`,
  from: `${devicesSchema}.devices d`,
  list: {
    summary: 'Devices, the newest first',
    description: 'Each with the site that it works at now.',
    filters: {
      siteId: filter(uuid, compares('d.site_id'), { description: 'Those that work there now.' }),
      name: filter(text(100), compares('d.name')),
      type: filter(text(100), compares('d.type')),
      serialNumber: filter(text(100), compares('d.serial_number')),
      productId: filter(uuid, compares('d.product_id')),
      status: filter(oneOf(...statuses), (status) => () => {
        return `d.retired_at is ${status === 'inUse' ? '' : 'not '}null`;
      }),
    },
    order: [{ expression: 'd.registered_position', type: 'bigint', descending: true }],
  },
  one: {
    summary: 'One device',
    description: 'As it stands, or as it stood.',
    unknown: unknownDevice,
  },
  history: {
    summary: 'Who changed what of a device, when and why',
    description: 'The newest change first.',
    folding: deviceFolding,
    asOf: async ({ state, revision }, at) => {
      const { attached, detachedAt: _, ...own } = state;
      const settings = (await at(configurationFolding, state.id))?.state;
      return {
        ...{ ...own, siteId: attached?.siteId ?? null, name: attached?.name ?? null },
        attachedAt: attached ? new Date(attached.at) : null,
        configuration: settings
          ? {
              ...{ desiredVersion: settings.desiredVersion, inDrift: isInDrift(settings) },
              reportedVersion: settings.reportedVersion,
            }
          : null,
        revision: Number(revision),
      };
    },
  },
});

export class DevicesController extends resourceController(deviceList) {
  @ListRoute(deviceSeries, ':id/series')
  series(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return answerList(this.reader.store, ofDevice(deviceSeries, id), query, request, reply);
  }

  @ListRoute(attachments, ':id/attachments')
  attachments(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return answerList(this.reader.store, ofDevice(attachments, id), query, request, reply);
  }
}

/** The rows of one device. */
const ofDevice = <Item>(resource: Resource<Item>, id: string): Resource<Item> =>
  belongingTo(resource, {
    table: `${devicesSchema}.devices`,
    ...{ id, column: 'device_id', unknown: unknownDevice },
  });
