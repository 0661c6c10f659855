import { Body, Controller, Get, Param, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { Call, CommandGateway, type HttpCall } from '#http/command-gateway.js';
import type { WriteResponse } from '#http/command-response.js';
import { CommandRoute, OptionalReasonBody } from '#http/command-route.js';
import { Expectation, type Parser, queryInvalid, readQuery } from '#http/query-params.js';
import type { CommandMeta } from '#kernel/command.js';
import { Refusal } from '#kernel/refusal.js';
import { ReadStore } from '#read-store/read-store.js';

import {
  DropVersionBody,
  ResetBody,
  ResetPreviewResponse,
  SubscriptionListResponse,
  SubscriptionResponse,
  toExpected,
} from './bodies.http.js';
import {
  DropProjectionVersion,
  PauseSubscription,
  RebuildProjection,
  ResetSubscription,
  ResumeSubscription,
  type SubscriptionCommand,
} from './control/commands.js';
import { controlDecider } from './control/decider.js';
import { KnownSubscriptions, subscriptionNotFound } from './known-subscriptions.js';
import { newestPosition } from './projection/projection-status.js';
import { assertPosition, previewReset } from './reset-preview.js';
import { subscriptionStatuses } from './statuses.js';

const startOrPosition: Parser<string> = (raw) => {
  if (/^(start|0|[1-9]\d{0,18})$/.test(raw)) return raw;
  throw new Expectation(toExpected);
};

/** Routes of whatever follows the log. A request is recorded here; the subscription's own process carries it out. */
@ApiTags('operations')
@ApiBearerAuth()
@Controller('v1/subscriptions')
export class SubscriptionsController {
  constructor(
    private readonly store: ReadStore,
    private readonly log: EsdbEventLog,
    private readonly known: KnownSubscriptions,
    private readonly gateway: CommandGateway,
  ) {}

  @Get()
  @RequirePermission('subscriptions.read')
  @ApiOperation({
    summary: 'Whatever follows the log: projections, consumers, processes',
    description:
      'State, lag, parked events and checkpoints of each subscription, as its process last recorded them. `outdated` and `building` projections answer 503 on their routes. `log-replaced`: the event log is not the one that was followed; a rebuild or reset moves the subscription onto this one.',
  })
  @ApiOkResponse({ type: SubscriptionListResponse })
  async list(@Query() query: Record<string, unknown>): Promise<SubscriptionListResponse> {
    readQuery(query, {});
    return { items: await this.statuses(), nextCursor: null };
  }

  @Get(':name')
  @RequirePermission('subscriptions.read')
  @ApiOperation({
    summary: 'One subscription',
    description: 'State, lag and checkpoints, as its process last recorded them.',
  })
  @ApiOkResponse({ type: SubscriptionResponse })
  @ApiNotFoundResponse({ description: 'SUBSCRIPTION_NOT_FOUND' })
  one(
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
  ): Promise<SubscriptionResponse> {
    readQuery(query, {});
    return this.status(name);
  }

  @Get(':name/reset-preview')
  @RequirePermission('subscriptions.manage')
  @ApiOperation({
    summary: 'What a reset would do; nothing is changed',
    description:
      'Counts the events that would be delivered again after `to`, and names what would be undone.',
  })
  @ApiQuery({ name: 'to', example: 'start' })
  @ApiOkResponse({ type: ResetPreviewResponse })
  @ApiNotFoundResponse({ description: 'SUBSCRIPTION_NOT_FOUND' })
  preview(
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
  ): Promise<ResetPreviewResponse> {
    const { to } = readQuery(query, { to: startOrPosition });
    if (to === undefined)
      throw queryInvalid([{ pointer: '?to', reason: `required: ${toExpected}` }]);
    return previewReset(this.store, this.log, this.known, name, to);
  }

  @CommandRoute(':name/reset', {
    status: 202,
    summary: 'Have events delivered again to a consumer or process',
    description:
      'Also what lets a consumer go on that was moved from the log to Kafka or back, or whose topic was made anew.',
  })
  @RequirePermission('subscriptions.manage')
  reset(
    @Param('name') name: string,
    @Body() body: ResetBody,
    @Call() call: HttpCall,
  ): Promise<WriteResponse> {
    const to = body.to === 'start' ? null : body.to;
    return this.request(call, name, body, async (meta) => {
      this.known.resettable(name, body.to);
      if (to !== null) await assertPosition(this.log, to, '/to');
      return new ResetSubscription({ to }, meta);
    });
  }

  @CommandRoute(':name/pause', {
    status: 202,
    summary: 'Have a subscription handle nothing until it is resumed',
    description: 'Of a projection that is being built the build pauses, and what is read goes on.',
  })
  @RequirePermission('subscriptions.manage')
  pause(
    @Param('name') name: string,
    @Body() body: OptionalReasonBody,
    @Call() call: HttpCall,
  ): Promise<WriteResponse> {
    return this.request(call, name, body, async (meta) => {
      const version = await this.versionOf(name);
      return new PauseSubscription({ version }, meta);
    });
  }

  @CommandRoute(':name/resume', {
    status: 202,
    summary: 'Have a paused subscription go on',
    description: 'It goes on where it paused; what came meanwhile is handled.',
  })
  @RequirePermission('subscriptions.manage')
  resume(
    @Param('name') name: string,
    @Body() body: OptionalReasonBody,
    @Call() call: HttpCall,
  ): Promise<WriteResponse> {
    return this.request(call, name, body, async (meta) => {
      const version = await this.versionOf(name);
      return new ResumeSubscription({ version }, meta);
    });
  }

  @CommandRoute(':name/rebuild', {
    status: 202,
    summary: 'Build a projection anew beside the tables that are read, then switch',
    description: 'Queries go on reading the active tables meanwhile. A paused build goes on.',
  })
  @RequirePermission('subscriptions.manage')
  rebuild(
    @Param('name') name: string,
    @Body() body: OptionalReasonBody,
    @Call() call: HttpCall,
  ): Promise<WriteResponse> {
    return this.request(call, name, body, (meta) => {
      const { version } = this.known.projection(name);
      return new RebuildProjection({ version }, meta);
    });
  }

  @CommandRoute(':name/drop', {
    status: 202,
    summary: 'Drop the tables of another version of a projection than the running one',
    description: 'What a running projector still follows the log with is left.',
  })
  @RequirePermission('subscriptions.manage')
  drop(
    @Param('name') name: string,
    @Body() body: DropVersionBody,
    @Call() call: HttpCall,
  ): Promise<WriteResponse> {
    const { version } = body;
    return this.request(call, name, body, (meta) => {
      if (this.known.projection(name).version === version) {
        const message = `version ${String(version)} of ${name} is what the running code reads`;
        throw new Refusal('PROJECTION_IN_USE', 'conflict', message);
      }
      return new DropProjectionVersion({ version }, meta);
    });
  }

  private request(
    call: HttpCall,
    id: string,
    body: { readonly reason?: string },
    command: (meta: CommandMeta) => SubscriptionCommand | Promise<SubscriptionCommand>,
  ): Promise<WriteResponse> {
    return this.gateway.handle(call, { on: controlDecider, id, body, command });
  }

  /** Of one that ran and that this version does not know: 0. Throws a `Refusal` (`SUBSCRIPTION_NOT_FOUND`). */
  private async versionOf(name: string): Promise<number> {
    const known = this.known.find(name);
    if (!known) await this.status(name);
    return known?.version ?? 0;
  }

  private async status(name: string): Promise<SubscriptionResponse> {
    const [status] = await this.statuses(name);
    if (status) return status;
    throw subscriptionNotFound(name);
  }

  private async statuses(name?: string): Promise<SubscriptionResponse[]> {
    const head = await newestPosition(this.log);
    return subscriptionStatuses(this.store, this.known, head, name);
  }
}
