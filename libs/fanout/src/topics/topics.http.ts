import { Readable } from 'node:stream';

import { Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiConflictResponse,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { ndjsonLines } from '#http/export.js';
import { asRefusal } from '#http/problems.js';
import { readQuery } from '#http/query-params.js';
import { assertNoFields } from '#http/validation.js';
import { Refusal } from '#kernel/refusal.js';

import { Publication } from '../fact.js';
import { KafkaAccess } from './kafka-access.js';
import { expectedTopics, listTopics } from './list-topics.js';
import { type VerifyLine, verifyLines } from './verify-topics.js';

class PartitionResponse {
  @ApiProperty() partition!: number;
  @ApiProperty({ description: 'The oldest offset that is kept.' }) first!: string;
  @ApiProperty({ description: 'The offset after the last that a read_committed reader is given.' })
  end!: string;
}

class TopicResponse {
  @ApiProperty() topic!: string;
  @ApiProperty({ description: 'On the cluster: with KAFKA_NAMESPACE, where it is set.' })
  name!: string;
  @ApiProperty({ enum: ['facts', 'position'] }) kind!: string;
  @ApiProperty() exists!: boolean;
  @ApiProperty({ type: Number, nullable: true }) partitions!: number | null;
  @ApiProperty() expectedPartitions!: number;
  @ApiProperty({ type: String, nullable: true }) cleanupPolicy!: string | null;
  @ApiProperty({ type: String, nullable: true, description: '-1 for ever.' })
  retentionMs!: string | null;
  @ApiProperty({ type: String, nullable: true, description: '-1 for any number.' })
  retentionBytes!: string | null;
  @ApiProperty({ type: String, nullable: true }) maxMessageBytes!: string | null;
  @ApiProperty({ type: [PartitionResponse] }) offsets!: readonly PartitionResponse[];
}

class TopicListResponse {
  @ApiProperty({ type: [TopicResponse] }) items!: readonly TopicResponse[];
  @ApiProperty({ type: String, nullable: true }) nextCursor!: null;
}

const withoutKafka = { description: 'KAFKA_NOT_CONFIGURED, KAFKA_UNAVAILABLE' };

/** The last line where it could not be brought to an end. */
interface Failed {
  readonly failed: { readonly code: string; readonly detail: string };
}

@ApiTags('operations')
@ApiBearerAuth()
@Controller('v1/fanout/topics')
@RequirePermission('fanout.read')
@ApiServiceUnavailableResponse(withoutKafka)
export class TopicsController {
  private isVerifying = false;

  constructor(
    private readonly access: KafkaAccess,
    private readonly publication: Publication,
    private readonly log: EsdbEventLog,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'The topics of the fan-out, as they are on the cluster',
    description:
      'Partitions, replication and settings of each topic, beside what the relay expects of them.',
  })
  @ApiOkResponse({ type: TopicListResponse })
  async list(@Query() query: Record<string, unknown>): Promise<TopicListResponse> {
    readQuery(query, {});
    const { settings } = this.access.cluster();
    const expected = expectedTopics(this.publication.contracts);
    const items = await this.access.request((admin) => listTopics(admin, settings, expected));
    return { items, nextCursor: null };
  }

  @Post('verify')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Compare the topics with the log, stream by stream',
    description:
      'NDJSON: `{progress}` every second, then `{result: {ok, topics}}`, or `{failed: {code, detail}}`. Without either ' +
      'it broke off. Reads everything, through the position of the relay; one at a time. Changes nothing.',
  })
  @ApiOkResponse({ content: { 'application/x-ndjson': { schema: { type: 'string' } } } })
  @ApiConflictResponse({ description: 'VERIFY_RUNNING, RELAY_POSITION_UNREADABLE' })
  verify(
    @Query() query: Record<string, unknown>,
    @Req() { body }: FastifyRequest,
    @Res() reply: FastifyReply,
  ): void {
    readQuery(query, {});
    assertNoFields(body);
    void reply
      .header('content-type', 'application/x-ndjson; charset=utf-8')
      .send(Readable.from(ndjsonLines(this.verified()), { objectMode: true, highWaterMark: 1 }));
  }

  private async *verified(): AsyncGenerator<VerifyLine | Failed> {
    if (this.isVerifying) {
      throw new Refusal('VERIFY_RUNNING', 'conflict', 'the topics are being verified already');
    }
    this.isVerifying = true;
    const { access, publication, log } = this;
    let isBegun = false;
    try {
      for await (const line of verifyLines({ access, publication, log })) {
        isBegun = true;
        yield line;
      }
    } catch (error) {
      // Before the first line it is answered as any other problem.
      const refusal = isBegun ? asRefusal(error) : undefined;
      if (!refusal) throw error;
      yield { failed: { code: refusal.code, detail: refusal.message } };
    } finally {
      this.isVerifying = false;
    }
  }
}
