import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import type { Position } from '#event-log/event-log.js';
import { position } from '#http/query-params.js';
import {
  type Parameters,
  Parametrized,
  type RawQuery,
  readParameters,
} from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import { visibleIn } from '#resource/resource.js';

import { readBoard } from './board-queries.js';
import { StationBoardResponse } from './board-responses.http.js';
import { stationBoard } from './station-board.projection.js';

const parameters = {
  after: { parse: position, description: 'Wait until this position is visible.' },
} satisfies Parameters;

@ApiTags('lab')
@ApiBearerAuth()
@Controller('v1/station-board')
@RequirePermission('lab.read')
export class StationBoardController {
  constructor(@Inject(ResourceReader) private readonly reader: ResourceReader) {}

  @Get()
  @ApiOperation({
    summary: 'What goes on at each station now',
    description:
      'Every station in use: its unit, the experiment that has it with its step and newest record, what is alarming, and what waits.',
  })
  @Parametrized(parameters)
  @ApiOkResponse({ type: StationBoardResponse })
  async board(@Query() query: RawQuery): Promise<StationBoardResponse> {
    const { after } = readParameters<{ after?: Position }>(query, parameters);
    const { store } = this.reader;
    await visibleIn(stationBoard)(store, after);
    const stations = await readBoard(store.pool);
    return { items: stations.filter(({ status }) => status === 'inUse') };
  }
}
