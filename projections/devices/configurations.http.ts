import { ApiProperty } from '@nestjs/swagger';

import { boolean } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import { resourceController } from '#resource/controller.js';
import type { Folding } from '#resource/folds.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { configurationDecider } from '#telemetry/configuration/decider.js';
import { type ConfigurationEvent, configurationStream } from '#telemetry/configuration/events.js';

import { devices, devicesSchema } from './devices.projection.js';

const version = { type: Number, nullable: true } as const;
const settings = { type: Object, nullable: true } as const;

class DeviceConfigurationResponse {
  @ApiProperty({ format: 'uuid' }) deviceId!: string;
  @ApiProperty(version) desiredVersion!: number | null;
  @ApiProperty({ ...settings, description: 'What it should run with.' }) desired!: object | null;
  @ApiProperty(version) reportedVersion!: number | null;
  @ApiProperty({ ...settings, description: 'What it says it runs with.' })
  reported!: object | null;
  @ApiProperty({ ...version, description: 'The version that it refused last.' })
  refusedVersion!: number | null;
  @ApiProperty({ type: String, nullable: true }) refusedReason!: string | null;
  @ApiProperty({ description: 'It should run with something else than it reported.' })
  inDrift!: boolean;
  @ApiProperty() revision!: number;
}

type Settings = Omit<DeviceConfigurationResponse, 'inDrift' | 'revision'> & {
  readonly desiredHash: string | null;
  readonly reportedHash: string | null;
};

const none = {
  ...{ desiredVersion: null, desired: null, desiredHash: null },
  ...{ reportedVersion: null, reported: null, reportedHash: null },
  ...{ refusedVersion: null, refusedReason: null },
};

export const configurationFolding: Folding<Settings, ConfigurationEvent> = {
  streamOf: configurationStream,
  types: configurationDecider,
  evolve(before, deviceId, { type, data }) {
    const state = before ?? { deviceId, ...none };
    switch (type) {
      case 'ConfigurationDesired': {
        const { version: desiredVersion, configuration: desired, hash: desiredHash } = data;
        return { ...state, desiredVersion, desired, desiredHash };
      }
      case 'ConfigurationReported': {
        const { version: reportedVersion, configuration: reported, hash: reportedHash } = data;
        return { ...state, reportedVersion, reported, reportedHash };
      }
      case 'ConfigurationRefused':
        return { ...state, refusedVersion: data.version, refusedReason: data.reason };
    }
  },
};

/** The same of rows and of states. */
export const isInDrift = ({ desiredHash, reportedHash }: Settings): boolean =>
  desiredHash !== null && desiredHash !== reportedHash;
export const inDrift = '(desired_hash is not null and desired_hash is distinct from reported_hash)';

const deviceConfigurations = defineResource({
  name: 'device-configurations',
  tag: 'devices',
  permission: 'devices.read',
  ready: visibleIn(devices),
  response: DeviceConfigurationResponse,
  select: `id as "deviceId", desired_version::float8 as "desiredVersion", desired,
    reported_version::float8 as "reportedVersion", reported,
    refused_version::float8 as "refusedVersion", refused_reason as "refusedReason",
    ${inDrift} as "inDrift", revision::float8`,
  from: `${devicesSchema}.configurations`,
  list: {
    summary: 'What devices should run with and do run with, the newest device first',
    description: 'Those alone for which a configuration was desired or reported.',
    filters: { inDrift: filter(boolean, (is) => () => (is ? inDrift : `not ${inDrift}`)) },
    order: [{ expression: 'first_position', type: 'bigint', descending: true }],
  },
  one: {
    summary: 'What one device should run with and does run with, by the id of the device',
    description: 'As it stands, or as it stood.',
    unknown: () =>
      new Refusal('CONFIGURATION_UNKNOWN', 'not-found', 'the device has no configuration yet'),
  },
  history: {
    summary: 'Which configurations a device should run with, reported and refused',
    description: 'The newest change first.',
    folding: configurationFolding,
    asOf: ({ state, revision }) => {
      const { desiredHash: _, reportedHash: __, ...shown } = state;
      return { ...shown, inDrift: isInDrift(state), revision: Number(revision) };
    },
  },
});

export class DeviceConfigurationsController extends resourceController(deviceConfigurations) {}
