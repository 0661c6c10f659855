import { Controller, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { answerList } from './answer-list.js';
import type { HistoryResponse } from './history-response.js';
import {
  historyParameters,
  type HistoryQuery,
  oneParameters,
  type OneQuery,
  type RawQuery,
  readParameters,
} from './parameters.js';
import { ResourceReader } from './reader.js';
import { readId, readOne } from './reading.js';
import { type Resource, unknownIn } from './resource.js';
import { HistoryRoute, ListRoute, OneRoute } from './routes.js';

/** The routes of a resource as a controller. One that has more of them extends it. */
export const resourceController = <Item>(resource: Resource<Item>) => {
  const { name, path = `v1/${name}`, tag, one } = resource;

  @ApiTags(tag)
  @ApiBearerAuth()
  @Controller(path)
  class ResourceController {
    constructor(@Inject(ResourceReader) protected readonly reader: ResourceReader) {}

    @ListRoute(resource)
    list(
      @Query() query: RawQuery,
      @Req() request: FastifyRequest,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      return answerList(this.reader.store, resource, query, request, reply);
    }

    @OneRoute(resource)
    async one(
      @Param(one?.param ?? 'id') named: string,
      @Query() query: RawQuery,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<unknown> {
      const { store } = this.reader;
      const { asOf, after } = readParameters<OneQuery>(query, oneParameters(resource));
      await resource.ready(store, after);
      if (asOf) return this.reader.itemAsOf(resource, await this.idOf(named), asOf);
      const item = await readOne(store.pool, resource, named);
      if (!item) throw unknownIn(resource);
      const { revision } = item as { revision?: number };
      if (revision !== undefined) void reply.header('etag', `"${String(revision)}"`);
      return item;
    }

    @HistoryRoute(resource)
    async history(
      @Param(one?.param ?? 'id') named: string,
      @Query() query: RawQuery,
    ): Promise<HistoryResponse> {
      const read = readParameters<HistoryQuery>(query, historyParameters);
      const { order = 'asc', limit, cursor, after } = read;
      await resource.ready(this.reader.store, after);
      return this.reader.history(resource, await this.idOf(named), { order, limit, cursor });
    }

    private async idOf(named: string): Promise<string> {
      const id = await readId(this.reader.store.pool, resource, named);
      if (id === undefined) throw unknownIn(resource);
      return id;
    }
  }
  return ResourceController;
};
