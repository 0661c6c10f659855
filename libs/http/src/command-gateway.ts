import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { EventLog } from '#event-log/event-log.js';
import {
  type CommandResult,
  handleCommand,
  type HandleOptions,
} from '#event-log/handle-command.js';
import { States } from '#event-log/states.js';
import type { Command, CommandMeta } from '#kernel/command.js';
import type { Decider } from '#kernel/decider.js';
import type { DomainEvent } from '#kernel/event.js';
import { newIdOf } from '#kernel/ids.js';
import type { CommandObserver } from '#observability/command-observer.js';

import { commandResponse, type WriteResponse } from './command-response.js';
import { ifMatchOf } from './etag.js';
import { commandMeta, type CommandMetaExtra, isKeyGiven } from './request-context.js';

/** Both sides of one request: a command takes its metadata from the one and sets headers on the other. */
export interface HttpCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** The parameter of a route that the gateway is called with. */
export const Call = createParamDecorator((_: unknown, context: ExecutionContext): HttpCall => {
  const http = context.switchToHttp();
  return { request: http.getRequest<FastifyRequest>(), reply: http.getResponse<FastifyReply>() };
});

/**
 * Carries out the commands of a category: looks up what a decision rests on, claims keys, calls
 * `handleCommand`. For a category that needs more than its decider.
 */
export type CommandHandler<C extends Command, S = unknown> = (
  id: string,
  command: C,
  options: HandleOptions,
) => Promise<CommandResult<S>>;

/** What a route asks of the gateway. */
export interface CommandRequest<S, C extends Command, E extends DomainEvent> {
  /** The decider of the command's category, its states where others read them too, or what else carries it out. */
  readonly on: Decider<S, C, E> | States<S, C, E> | CommandHandler<C, S>;
  /** Id of the thing, which its stream is named by. Absent: the command makes a new one, under an id of its own. */
  readonly id?: string;
  /** The id in the answer and the log line, where it is another one than that of the stream. */
  readonly shownId?: string;
  /** The body of the request, or the part of it that the metadata keeps. */
  readonly body: Pick<CommandMetaExtra, 'reason' | 'evidence'>;
  /** Makes the command. What it looks up before may refuse the request. */
  readonly command: (meta: CommandMeta, id: string) => C | Promise<C>;
}

/** A command that was carried out. */
export interface Carried<S, C extends Command> {
  readonly id: string;
  readonly command: C;
  readonly result: CommandResult<S>;
}

/**
 * The one way of a request to the log. Every route that changes something is a `CommandRoute`, which
 * names the permission; its method makes a command of the validated body and hands it over:
 *
 * ```ts
 * @CommandRoute(':name/reset', { status: 202, summary: '…', description: '…' })
 * @RequirePermission('subscriptions.manage')
 * reset(@Param('name') id: string, @Body() body: ResetBody, @Call() call: HttpCall) {
 *   return this.gateway.handle(call, {
 *     on: subscriptionDecider,
 *     id, // stream `subscription-<id>`
 *     body, // `reason` and `evidence` go into the metadata
 *     command: async (meta) => {
 *       await this.assertKnown(id); // a look-up before the decision; throws a Refusal
 *       return new ResetSubscription({ to: body.to }, meta);
 *     },
 *   });
 * }
 * ```
 *
 * The gateway derives the command id from caller, route and `Idempotency-Key`, honours `If-Match`, logs,
 * counts and times the command, decides and appends, and answers with the id, revision and position,
 * `ETag`, `Command-Outcome` and, for a new thing, `Location`. A body with `RequiredReasonBody` as its base
 * requires a reason; one with `OptionalReasonBody` takes one.
 */
export class CommandGateway {
  private readonly states = new Map<object, unknown>();

  constructor(
    private readonly log: EventLog,
    private readonly observer: CommandObserver,
  ) {}

  /** Carries out the command of a request and answers it. */
  async handle<S, const C extends Command, E extends DomainEvent>(
    call: HttpCall,
    asked: CommandRequest<S, C, E>,
  ): Promise<WriteResponse> {
    const { id, result } = await this.execute(call, asked);
    return commandResponse(call.reply, id, result);
  }

  /** As `handle`, for a route that words its answer itself. */
  async execute<S, const C extends Command, E extends DomainEvent>(
    { request, reply }: HttpCall,
    { on, id: given, shownId, body: { reason, evidence }, command: make }: CommandRequest<S, C, E>,
  ): Promise<Carried<S, C>> {
    const meta = commandMeta(request, { reason, evidence });
    const id = given ?? newIdOf(meta.commandId);
    const ifMatch = given === undefined ? undefined : ifMatchOf(request);
    const command = await make(meta, id);
    const isNew = given === undefined && !isKeyGiven(request);
    const options = { ...(ifMatch !== undefined && { ifMatch }), ...(isNew && { isNew }) };
    const result = await this.observer.observe(command, shownId ?? id, () =>
      typeof on === 'function'
        ? on(id, command, options)
        : handleCommand(this.log, this.statesOf(on), id, command, options),
    );
    if (given === undefined) reply.header('location', `${request.routeOptions.url ?? ''}/${id}`);
    return { id: shownId ?? id, command, result };
  }
  private statesOf<S, C extends Command, E extends DomainEvent>(
    decider: Decider<S, C, E> | States<S, C, E>,
  ): States<S, C, E> {
    if (decider instanceof States) return decider;
    const known = this.states.get(decider) as States<S, C, E> | undefined;
    if (known) return known;
    const states = new States(this.log, decider);
    this.states.set(decider, states);
    return states;
  }
}
