import { Param, Query, Req, Res } from '@nestjs/common';
import { ApiProperty, OmitType } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { profileDecider, unknownProfile } from '#battery-lab/profile/decider.js';
import { integerFrom } from '#http/query-params.js';
import { answerList } from '#resource/answer-list.js';
import { belongingTo } from '#resource/belonging-to.js';
import { resourceController } from '#resource/controller.js';
import type { RawQuery } from '#resource/parameters.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { ListRoute } from '#resource/routes.js';
import { compares } from '#resource/sql.js';

import { labSchema, labThings } from './lab-things.projection.js';
import { member, thingResource, ThingResponse } from './thing.http.js';

const program = { type: 'object', additionalProperties: true } as const;

class ProfileResponse extends ThingResponse {
  @ApiProperty({ example: 'CC-CV ageing' }) name!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ description: 'The last one.' }) version!: number;
  @ApiProperty({ description: 'SHA-256 of the canonical JSON of the program.' }) hash!: string;
  @ApiProperty(program) program!: object;
}

class ListedProfileResponse extends OmitType(ProfileResponse, ['program']) {}

class ProfileVersionResponse {
  @ApiProperty() version!: number;
  @ApiProperty() hash!: string;
  @ApiProperty(program) program!: object;
  @ApiProperty({ format: 'date-time' }) definedAt!: Date;
  @ApiProperty({ description: 'Principal who defined it.' }) definedBy!: string;
  @ApiProperty({ type: String, nullable: true, description: 'Why.' }) reason!: string | null;
}

const profile = {
  name: 'profiles',
  one: 'A profile',
  decider: profileDecider,
  unknown: unknownProfile,
  list: {
    summary: 'Profiles, the newest first',
    description: 'Programs that batteries are tested by, without what they say. Retired ones too.',
  },
  filters: { name: member('name') },
};

export const listed = thingResource({ ...profile, response: ListedProfileResponse });
export const profiles = thingResource({
  ...profile,
  response: ProfileResponse,
  document: `document || jsonb_build_object('program', (select program
    from ${labSchema}.profile_versions v where v.id = profiles.id || '/' || (document ->> 'version')))`,
});

export const versions = defineResource({
  name: 'profile-versions',
  tag: 'lab',
  permission: 'lab.read',
  ready: visibleIn(labThings),
  response: ProfileVersionResponse,
  select: `version::float8, hash, program, defined_at as "definedAt", defined_by as "definedBy", reason`,
  from: `${labSchema}.profile_versions`,
  list: {
    summary: 'The versions of a profile with their programs, the first one first',
    description: 'Who defined each, when and why.',
    filters: { version: filter(integerFrom(1, 1_000_000), compares('version', '=', 'bigint')) },
    order: [{ expression: 'version', type: 'bigint' }],
  },
});

export class ProfilesController extends resourceController(profiles) {
  @ListRoute(listed)
  override list(
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return answerList(this.reader.store, listed, query, request, reply);
  }

  @ListRoute(versions, ':id/versions')
  versions(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const table = `${labSchema}.profiles`;
    const of = { table, id, column: 'profile_id', unknown: unknownProfile };
    const { store } = this.reader;
    return answerList(store, belongingTo(versions, of), query, request, reply);
  }
}
