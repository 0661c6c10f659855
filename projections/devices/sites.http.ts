import { ApiProperty } from '@nestjs/swagger';

import { oneOf, text } from '#http/query-params.js';
import { resourceController } from '#resource/controller.js';
import type { Folding } from '#resource/folds.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { compares } from '#resource/sql.js';
import { type KnownSite, siteDecider, unknownSite } from '#telemetry/site/decider.js';
import { type SiteEvent, siteStream } from '#telemetry/site/events.js';

import { devices, devicesSchema } from './devices.projection.js';

const statuses = ['inUse', 'retired'] as const;

class SiteResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: 'house-7' }) name!: string;
  @ApiProperty({ example: 'Europe/Brussels' }) timeZone!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ enum: statuses }) status!: (typeof statuses)[number];
  @ApiProperty() revision!: number;
}

const siteFolding: Folding<KnownSite & { readonly id: string }, SiteEvent> = {
  streamOf: siteStream,
  types: siteDecider,
  evolve(before, id, event) {
    const state = siteDecider.evolve(before ?? siteDecider.initialState, event);
    return state.status === 'absent' ? null : { ...state, id };
  },
};

const sites = defineResource({
  name: 'sites',
  tag: 'devices',
  permission: 'devices.read',
  ready: visibleIn(devices),
  response: SiteResponse,
  select: `id, name, time_zone as "timeZone", description,
    case when retired_at is null then 'inUse' else 'retired' end as status, revision::float8`,
  from: `${devicesSchema}.sites`,
  list: {
    summary: 'Sites, the newest first',
    description: 'Retired ones too.',
    filters: {
      name: filter(text(100), compares('name')),
      status: filter(oneOf(...statuses), (status) => () => {
        return `retired_at is ${status === 'inUse' ? '' : 'not '}null`;
      }),
    },
    order: [{ expression: 'registered_position', type: 'bigint', descending: true }],
  },
  one: { summary: 'One site', description: 'As it stands, or as it stood.', unknown: unknownSite },
  history: {
    summary: 'Who changed what of a site, when and why',
    description: 'The newest change first.',
    folding: siteFolding,
    asOf: ({ state, revision }) => ({ ...state, revision: Number(revision) }),
  },
});

export class SitesController extends resourceController(sites) {}
