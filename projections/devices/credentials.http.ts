import { Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import type { Position } from '#event-log/event-log.js';
import { Expectation, oneOf, type Parser, position, uuid } from '#http/query-params.js';
import { resourceController } from '#resource/controller.js';
import {
  type Parameters,
  Parametrized,
  type RawQuery,
  readParameters,
} from '#resource/parameters.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { compares } from '#resource/sql.js';

import { brokerFiles, type BrokerFilesOptions } from './broker-files.js';
import { devices, devicesSchema } from './devices.projection.js';

const statuses = ['live', 'revoked'] as const;
const orNull = { type: String, nullable: true } as const;

class DeviceCredentialResponse {
  @ApiProperty({ format: 'uuid' }) credential!: string;
  @ApiProperty({ format: 'uuid' }) deviceId!: string;
  @ApiProperty({ enum: statuses }) status!: string;
  @ApiProperty({ format: 'date-time' }) issuedAt!: Date;
  @ApiProperty({ description: 'Principal who issued it.' }) issuedBy!: string;
  @ApiProperty({ ...orNull, format: 'date-time' }) revokedAt!: Date | null;
  @ApiProperty(orNull) revokedBy!: string | null;
}

class BrokerFilesResponse {
  @ApiProperty({ description: 'Text of `password_file`.' }) passwords!: string;
  @ApiProperty({ description: 'Text of `acl_file`.' }) acl!: string;
}

/** It stands in a line of its own and in topics: no space, no separator, no wildcard. */
const plainName: Parser<string> = (raw) => {
  if (/^[\w-]{1,64}$/.test(raw)) return raw;
  throw new Expectation('expected 1 to 64 letters, digits, _ and -');
};

const brokerFilesParameters = {
  bridge: {
    parse: plainName,
    description:
      'User name of the bridge: the access list has an entry for it, and its password is for you to add.',
    example: 'voltrace-bridge',
  },
  olderPrefix: {
    parse: plainName,
    description: 'Prefix of the older topics, `MQTT_OLDER_PREFIX` of the bridge, where it has one.',
  },
  after: { parse: position, description: 'Wait until this position is visible.' },
} satisfies Parameters;

const deviceCredentials = defineResource({
  name: 'device-credentials',
  tag: 'devices',
  permission: 'devices.read',
  ready: visibleIn(devices),
  response: DeviceCredentialResponse,
  select: `id as credential, device_id as "deviceId",
    case when revoked_at is null then 'live' else 'revoked' end as status,
    issued_at as "issuedAt", issued_by as "issuedBy", revoked_at as "revokedAt",
    revoked_by as "revokedBy"`,
  from: `${devicesSchema}.credentials`,
  list: {
    summary: 'Credentials of devices, the newest first',
    description: 'Who issued and revoked them; neither a secret nor what it is verified by.',
    filters: {
      deviceId: filter(uuid, compares('device_id')),
      status: filter(oneOf(...statuses), (status) => () => {
        return `revoked_at is ${status === 'live' ? '' : 'not '}null`;
      }),
    },
    order: [{ expression: 'issued_position', type: 'bigint', descending: true }],
  },
});

type BrokerFilesQuery = BrokerFilesOptions & { readonly after?: Position };

export class DeviceCredentialsController extends resourceController(deviceCredentials) {
  @Get('broker-files')
  @RequirePermission('devices.credentials')
  @ApiOperation({
    summary: 'What Mosquitto is configured with: who may connect, and with which topics',
    description:
      'Holds the verifiers of all live credentials, from which no secret can be guessed; still, only administrators and services read them.',
  })
  @Parametrized(brokerFilesParameters)
  @ApiOkResponse({ type: BrokerFilesResponse })
  async brokerFiles(@Query() query: RawQuery): Promise<BrokerFilesResponse> {
    const { after, ...options } = readParameters<BrokerFilesQuery>(query, brokerFilesParameters);
    await deviceCredentials.ready(this.reader.store, after);
    return brokerFiles(this.reader.store.pool, options);
  }
}
