import { Readable } from 'node:stream';

import { Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiConsumes,
  ApiExtension,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { formatPosition } from '#event-log/position.js';
import { AcceptsStream } from '#http/body-parsers.js';
import { Call, type HttpCall } from '#http/command-gateway.js';
import {
  boolean,
  Expectation,
  oneOf,
  type Parsed,
  type Parser,
  readQuery,
  text,
} from '#http/query-params.js';
import { commandMeta } from '#http/request-context.js';
import { streamedBody } from '#http/streamed-body.js';
import type { CommandMeta } from '#kernel/command.js';
import { commandIdOf } from '#kernel/ids.js';
import { Refusal } from '#kernel/refusal.js';
import { wallNow } from '#kernel/wall-clock.js';

import { Devices } from '../device/find-device.js';
import { cellsOf, readSamples, type WrittenRow, type WrittenSamples } from './read-samples.js';
import { SamplesIntake, type Taken } from './samples-intake.js';
import { csvRows, inPieces, jsonRows } from './streamed-samples.js';
import { readWritten, writtenSamplesSchema } from './written-samples.js';

/** Series times rows of one body, or one piece of a streamed one. */
const maxCells = 500_000;

const reason: Parser<string> = (raw) => {
  if (raw.trim() === '') throw new Expectation('expected a reason, and not blanks alone');
  return text(1_000)(raw);
};

const takeQuery = {
  series: text(200),
  time: text(200),
  columns: text(10_000),
  timeUnit: oneOf('ms', 's', 'us', 'ns'),
  parseText: boolean,
  delimiter: oneOf(',', ';', '|', 'tab'),
  reason,
};
type TakeQuery = Parsed<typeof takeQuery>;

class TakenResponse {
  @ApiProperty({
    description: 'Samples that are recorded now and count, those that were before among them.',
  })
  samples!: number;
  @ApiProperty({
    description:
      'Samples that are recorded and do not count: single samples of their time were dropped.',
  })
  expired!: number;
  @ApiProperty({ description: 'Samples that wait in the quarantine now, each with the reason.' })
  quarantined!: number;
  @ApiProperty({
    description: 'Blocks that had been recorded already, as they are: nothing changed.',
  })
  repeated!: number;
  @ApiProperty({ description: 'A position in the log, for ?after=.' }) position!: string;
}

/** What was measured is sent here; `projections/samples` answers what is known. */
@ApiTags('samples')
@ApiBearerAuth()
@Controller('v1/devices')
@RequirePermission('samples.write')
export class SamplesController {
  constructor(
    private readonly intake: SamplesIntake,
    private readonly devices: Devices,
  ) {}

  @Post(':id/samples')
  @HttpCode(200)
  @AcceptsStream('text/csv', 'application/x-ndjson')
  @ApiExtension('x-repeats-by-content', true)
  @ApiOperation({
    summary: 'Record samples of a device',
    description:
      'A JSON body holds columns or rows. CSV has a row of titles; NDJSON a row a line; both are streamed, and ' +
      'of any length. The same content again changes nothing. A sample that cannot be taken goes to the quarantine ' +
      'with the reason, and the others are recorded. A streamed body that breaks off is recorded up to there: send it again.',
  })
  @ApiParam({ name: 'id', description: 'Id of the device.' })
  @ApiConsumes('application/json', 'text/csv', 'application/x-ndjson')
  @ApiBody({
    schema: {
      oneOf: [writtenSamplesSchema.columns, writtenSamplesSchema.rows] as never,
      example: {
        t0: '2026-05-04T11:00:00Z',
        dt: 4000,
        series: { 'A.Solar': { unit: 'kW', values: [1.25, 1.5, null] } },
      },
    },
  })
  @ApiQuery({
    name: 'series',
    required: false,
    description: 'The series that the one value of each row is of.',
  })
  @ApiQuery({
    name: 'time',
    required: false,
    description: 'Title of the column of times; `time` unless given.',
  })
  @ApiQuery({
    name: 'columns',
    required: false,
    description: 'Which columns are taken, and the series of each: `title:series,title:series`.',
  })
  @ApiQuery({
    name: 'timeUnit',
    required: false,
    enum: ['ms', 's', 'us', 'ns'],
    description: 'Unit of times that are numbers; milliseconds unless given, and never guessed.',
  })
  @ApiQuery({
    name: 'parseText',
    required: false,
    type: Boolean,
    description:
      'Whether JSON texts such as "12.5" are numbers of a numeric series. Cells of CSV always are.',
  })
  @ApiQuery({ name: 'delimiter', required: false, enum: [',', ';', '|', 'tab'] })
  @ApiQuery({ name: 'reason', required: false, description: 'Why; kept with the events.' })
  @ApiOkResponse({ type: TakenResponse })
  async take(
    @Param('id') device: string,
    @Query() given: Record<string, unknown>,
    @Call() { request, reply }: HttpCall,
  ): Promise<TakenResponse> {
    const body = request.body instanceof Readable ? streamedBody(request.body) : undefined;
    try {
      const query = readQuery(given, takeQuery);
      await this.devices.find(device);
      const meta = commandMeta(request, { reason: query.reason });
      if (!body) return answer(await this.takePiece(device, writtenOf(request.body), query, meta));
      const isCsv = request.headers['content-type']?.startsWith('text/csv') === true;
      const rows = isCsv
        ? csvRows(body.chunks, mappingOf(query))
        : jsonRows(body.chunks, query.series);
      return answer(
        await this.takeRows(device, rows, { ...query, ...(isCsv && { parseText: true }) }, meta),
      );
    } catch (error) {
      body?.drain(reply);
      throw error;
    }
  }

  /** Piece by piece, each with a command of its own: what was taken before an interruption stays. */
  private async takeRows(
    device: string,
    rows: AsyncIterable<WrittenRow>,
    query: TakeQuery,
    meta: CommandMeta,
  ): Promise<TakenHere> {
    let sum = nothingTaken;
    let piece = 0;
    for await (const some of inPieces(rows)) {
      piece += 1;
      const commandId = commandIdOf(meta.actor.id, `piece ${String(piece)}`, meta.commandId);
      const taken = await this.takePiece(device, { rows: some }, query, { ...meta, commandId });
      sum = {
        samples: sum.samples + taken.samples,
        expired: sum.expired + taken.expired,
        quarantined: sum.quarantined + taken.quarantined,
        repeated: sum.repeated + taken.repeated,
        position: taken.position ?? sum.position,
      };
    }
    return sum;
  }

  private async takePiece(
    device: string,
    written: WrittenSamples,
    { timeUnit = 'ms', parseText = false }: TakeQuery,
    meta: CommandMeta,
  ): Promise<TakenHere> {
    if (cellsOf(written) > maxCells) throw tooManyCells();
    // Another process may have declared a series otherwise, of which none tells this one.
    const { state: known } = await this.intake.series.refresh(device);
    const rules = { known, timeUnit, parsesText: parseText, now: wallNow() };
    const sent = [{ read: readSamples(written, rules) }];
    const { samples, expired, quarantined, repeated, position } = await this.intake.take(
      ...([device, sent, meta, 'http'] as const),
    );
    return { samples, expired, quarantined, repeated, position };
  }
}

type TakenHere = Omit<Taken, 'expiredMessages'>;
const nothingTaken: TakenHere = {
  ...{ samples: 0, expired: 0, quarantined: 0, repeated: 0, position: undefined },
};

const answer = ({ position, ...taken }: TakenHere): TakenResponse => ({
  ...taken,
  position: position ? formatPosition(position) : '0',
});

const tooManyCells = () =>
  new Refusal(
    'TOO_MANY_SAMPLES',
    'unprocessable',
    `a body holds at most ${String(maxCells)} values of series and times; send it in parts, or as CSV or NDJSON`,
  );

const writtenOf = (body: unknown): WrittenSamples => {
  const written = readWritten(body);
  if (!Array.isArray(written)) return written as WrittenSamples;
  throw new Refusal('SAMPLES_INVALID', 'invalid', 'the samples cannot be read', {
    errors: written,
  });
};

const mappingOf = ({ time = 'time', columns, series, timeUnit, delimiter = ',' }: TakeQuery) => ({
  ...{ time, series, columns: columns === undefined ? undefined : columnsOf(columns) },
  delimiter: delimiter === 'tab' ? ('\t' as const) : delimiter,
  numericTimes: timeUnit !== undefined,
});

/** `title:series,title:series`; the last colon of each counts, since titles hold some. */
const columnsOf = (given: string): ReadonlyMap<string, string> =>
  new Map(
    given.split(',').map((pair): [string, string] => {
      const colon = pair.lastIndexOf(':');
      const [title, series] =
        colon < 0 ? [pair, pair] : [pair.slice(0, colon), pair.slice(colon + 1)];
      return [title.trim(), series.trim()];
    }),
  );
