import { Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiProperty } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { position, readQuery } from '#http/query-params.js';
import { ImportResponse, importResponse } from '#product-registry/import/import-response.http.js';
import { Imports } from '#product-registry/import/imports.js';
import { answerList } from '#resource/answer-list.js';
import { resourceController } from '#resource/controller.js';
import type { RawQuery } from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import { readOne } from '#resource/reading.js';
import type { Resource } from '#resource/resource.js';
import { ListRoute } from '#resource/routes.js';

import { absencesOfImport, importList, ImportTimes, rowsOfImport } from './import-list.http.js';

class ShownImport extends ImportResponse {
  @ApiProperty({
    type: ImportTimes,
    nullable: true,
    description: 'From the read model: null until the projection has seen the import.',
  })
  times!: ImportTimes | null;
}

export class ImportsController extends resourceController(importList) {
  constructor(
    @Inject(ResourceReader) reader: ResourceReader,
    private readonly imports: Imports,
  ) {
    super(reader);
  }

  @Get(':id')
  @RequirePermission('imports.read')
  @ApiOperation({
    summary: 'State and counts of an import',
    description: 'Read from the log itself: a change is seen at once.',
  })
  @ApiOkResponse({ type: ShownImport })
  @ApiNotFoundResponse({ description: 'IMPORT_NOT_FOUND' })
  override async one(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ShownImport> {
    readQuery(query, { after: position });
    const standing = await this.imports.get(id);
    reply.header('etag', `"${String(standing.revision)}"`);
    return Object.assign(importResponse(standing), { times: await this.times(id) });
  }

  @ListRoute(rowsOfImport(''), ':id/rows')
  @ApiNotFoundResponse({ description: 'IMPORT_NOT_FOUND' })
  rows(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.answer(id, rowsOfImport(id), query, request, reply);
  }

  @ListRoute(absencesOfImport(''), ':id/absences')
  @ApiNotFoundResponse({ description: 'IMPORT_NOT_FOUND' })
  absences(
    @Param('id') id: string,
    @Query() query: RawQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.answer(id, absencesOfImport(id), query, request, reply);
  }

  /** Once everything that the import has recorded so far is visible. */
  private async answer<Item>(
    id: string,
    resource: Resource<Item>,
    query: RawQuery,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const ready: typeof resource.ready = async (store, after) => {
      const { position: recorded } = await this.imports.get(id);
      await resource.ready(store, after);
      await resource.ready(store, recorded);
    };
    await answerList(this.reader.store, { ...resource, ready }, query, request, reply);
  }

  /** Times are a courtesy: without the read model the rest is answered all the same. */
  private async times(id: string): Promise<ImportTimes | null> {
    try {
      const found = await readOne(this.reader.store.pool, importList, id);
      if (!found) return null;
      const { timesReceived, receivedAt, receivedBy, lastReceivedAt, startedAt, endedAt } = found;
      const { cancellation } = found;
      const times = { timesReceived, receivedAt, receivedBy, lastReceivedAt, startedAt, endedAt };
      return { ...times, cancellation };
    } catch {
      return null;
    }
  }
}
