import { Body, Controller, Get, Param, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import type { WriteResponse } from '#http/command-response.js';
import { CommandRoute, OptionalReasonBody, RequiredReasonBody } from '#http/command-route.js';
import { decodeCursor, encodeCursor, parseLimit } from '#http/paging.js';
import { readQuery, text } from '#http/query-params.js';
import { IsText } from '#http/validation.js';
import { ReadStore } from '#read-store/read-store.js';

import { ParkedListResponse } from './bodies.http.js';
import { DiscardParkedEvent, RetryParkedEvents } from './control/commands.js';
import { controlDecider } from './control/decider.js';
import { KnownSubscriptions, subscriptionNotFound } from './known-subscriptions.js';
import { factsOf, findParked, listParked } from './parked-list.js';

class RetryAllBody extends OptionalReasonBody {
  @ApiProperty({ description: 'All parked events of it.', example: 'registry-activity' })
  @IsText(100)
  subscription!: string;
}

/** Events that could not be handled. A retry or discard is carried out by the process of the subscription. */
@ApiTags('operations')
@ApiBearerAuth()
@Controller('v1/parked')
export class ParkedController {
  constructor(
    private readonly store: ReadStore,
    private readonly known: KnownSubscriptions,
    private readonly gateway: CommandGateway,
  ) {}

  @Get()
  @RequirePermission('subscriptions.read')
  @ApiOperation({
    summary: 'Events that a subscription could not handle, and those that wait behind',
    description:
      'Each with its error and its attempts; the later events of the same stream wait behind it, without an error of their own.',
  })
  @ApiQuery({ name: 'subscription', required: false })
  @ApiQuery({ name: 'limit', required: false })
  @ApiQuery({ name: 'cursor', required: false })
  @ApiOkResponse({ type: ParkedListResponse })
  async list(@Query() query: Record<string, unknown>): Promise<ParkedListResponse> {
    const parameters = readQuery(query, {
      subscription: text(100),
      limit: parseLimit,
      cursor: text(4096),
    });
    const { subscription, cursor, limit = parseLimit(undefined) } = parameters;
    const context = `parked ${subscription ?? ''}`;
    const [after] = cursor === undefined ? [] : decodeCursor(cursor, context, ['bigint']);
    const rows = await listParked(this.store, { subscription, after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      items: page,
      nextCursor: rows.length > limit && last ? encodeCursor([last.id], context) : null,
    };
  }

  @CommandRoute('retry', {
    status: 202,
    summary: 'Handle all parked events of a subscription again',
    description: 'Those of a stream in their order; what fails again stays parked.',
  })
  @RequirePermission('subscriptions.manage')
  @ApiNotFoundResponse({ description: 'SUBSCRIPTION_NOT_FOUND' })
  retryAll(@Body() body: RetryAllBody, @Call() call: HttpCall): Promise<WriteResponse> {
    const { subscription: id } = body;
    if (!this.known.find(id)) throw subscriptionNotFound(id);
    return this.gateway.handle(call, {
      ...{ on: controlDecider, id, body },
      command: (meta) => new RetryParkedEvents({ parked: null }, meta),
    });
  }

  @CommandRoute(':id/retry', {
    status: 202,
    summary: 'Handle the event and those that wait behind it again',
    description: 'In the order of the stream; what fails again stays parked.',
  })
  @RequirePermission('subscriptions.manage')
  @ApiNotFoundResponse({ description: 'PARKED_NOT_FOUND' })
  async retry(
    @Param('id') id: string,
    @Body() body: OptionalReasonBody,
    @Call() call: HttpCall,
  ): Promise<WriteResponse> {
    const parked = await findParked(this.store, id);
    return this.gateway.handle(call, {
      ...{ on: controlDecider, id: parked.subscription, body },
      command: (meta) => new RetryParkedEvents({ parked: factsOf(parked) }, meta),
    });
  }

  @CommandRoute(':id/discard', {
    status: 202,
    summary: 'Give the event up for good; those behind it are handled',
    description:
      'Also in every later build and after a reset of the subscription. The event stays in the log.',
  })
  @RequirePermission('subscriptions.manage')
  @ApiNotFoundResponse({ description: 'PARKED_NOT_FOUND' })
  async discard(
    @Param('id') id: string,
    @Body() body: RequiredReasonBody,
    @Call() call: HttpCall,
  ): Promise<WriteResponse> {
    const parked = await findParked(this.store, id);
    return this.gateway.handle(call, {
      ...{ on: controlDecider, id: parked.subscription, body },
      command: (meta) => new DiscardParkedEvent({ parked: factsOf(parked) }, meta),
    });
  }
}
