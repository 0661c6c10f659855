import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiProperty,
  ApiPropertyOptional,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import type { Position } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { integerFrom, type Moment, moment, queryInvalid } from '#http/query-params.js';
import { tableFormatAskedFor } from '#http/table-export.js';
import { Refusal } from '#kernel/refusal.js';
import { intake } from '#projections/intake/intake.projection.js';
import {
  mostOccurrences,
  readOccurrenceValues,
  tooManyOccurrences,
} from '#projections/intake/occurrence-values.js';
import {
  devicesOf,
  type LinesWanted,
  readLines,
  zoneOf,
} from '#projections/samples/formula-lines.js';
import { samples } from '#projections/samples/samples.projection.js';
import { bucketsShown, requireFillable, shownAs } from '#projections/samples/samples-answer.js';
import { bucketColumns, bucketRows, sendExport } from '#projections/samples/samples-export.http.js';
import {
  rangeParameters,
  samplesParameters,
  type SamplesQuery,
} from '#projections/samples/samples-parameters.http.js';
import { BucketResponse, unitsProperty } from '#projections/samples/samples-responses.http.js';
import { zoneOfSiteAt } from '#projections/samples/zone-at.js';
import { type Parameters, Parametrized, readParameters } from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import { visibleIn } from '#resource/resource.js';
import type { Queryable } from '#resource/sql.js';
import { bucketEdges } from '#series/buckets.js';
import { aggregateOver, evaluateOver, type Line, reachOf } from '#series/formula.js';
import { functions, type SeriesFunction } from '#series/functions.js';
import { unknownFormula } from '#telemetry/formula/decider.js';
import { Formulas, type Resolved } from '#telemetry/formula/formulas.js';
import { interpolations } from '#telemetry/series/events.js';

const mostBuckets = 10_000;
const snapshot = 'set transaction isolation level repeatable read read only';

const parameters = {
  ...rangeParameters,
  ...{ fn: samplesParameters.fn, fill: samplesParameters.fill, unit: samplesParameters.unit },
  version: {
    parse: integerFrom(1, 1_000_000),
    description: 'The version that is computed by; the last one unless given.',
  },
  asOf: {
    parse: moment,
    description:
      'ISO 8601 time with zone, or `@position`: formulas, names, rules and samples as they were known then.',
  },
} satisfies Parameters;

type FormulaQuery = SamplesQuery & { readonly version?: number; readonly asOf?: Moment };

class FormulaSamplesResponse {
  @ApiProperty({ example: 'solar' }) formula!: string;
  @ApiProperty() version!: number;
  @ApiProperty({ description: 'With devices as they are called now, or were then.' })
  expression!: string;
  @ApiProperty() timeZone!: string;
  @ApiProperty({ enum: functions, isArray: true }) functions!: readonly SeriesFunction[];
  @ApiProperty({ format: 'date-time' }) from!: string;
  @ApiProperty({ format: 'date-time' }) to!: string;
  @ApiProperty({ enum: ['raw'], isArray: true }) resolution!: readonly string[];
  @ApiPropertyOptional() asOf?: string;
  @ApiProperty({ enum: interpolations }) interpolation!: string;
  @ApiProperty({ type: Number, nullable: true }) intervalMs!: number | null;
  @ApiProperty({ description: 'That it is computed from.' }) series!: string[];
  @ApiProperty({ description: 'That it is computed from.' }) occurrences!: string[];
  @ApiProperty({ type: String, nullable: true }) unit!: string | null;
  @ApiProperty(unitsProperty) units!: Readonly<Record<string, string | null>>;
  @ApiProperty({ type: BucketResponse, isArray: true }) buckets!: readonly BucketResponse[];
}

/** Joins two read models, so that it is of neither: samples are in the one, occurrences in the other. */
@ApiTags('formulas')
@ApiBearerAuth()
@Controller('v1/sites')
@RequirePermission('samples.read')
export class FormulaSamplesController {
  private readonly formulas: Formulas;

  constructor(
    @Inject(ResourceReader) private readonly reader: ResourceReader,
    @Inject(EsdbEventLog) log: EsdbEventLog,
  ) {
    this.formulas = new Formulas(log);
  }

  @Get(':id/formulas/:name/samples')
  @ApiOperation({
    summary: 'What a formula says, by bucket',
    description:
      'It is computed from single samples, at each time at which one of its series has one, and then aggregated: the mean of ' +
      'positive parts is not the positive part of a mean. Where one of its series is not known, nothing is. With `format=csv`, ' +
      '`ndjson` or `parquet`, or such an `Accept`, it is exported.',
  })
  @Parametrized(parameters)
  @ApiOkResponse({ type: FormulaSamplesResponse })
  async read(
    @Param('id') siteId: string,
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const wanted = readParameters<FormulaQuery>(query, parameters);
    const answer = await this.answer(siteId, name, wanted);
    const format = tableFormatAskedFor(wanted.format, request.headers.accept);
    if (!format) void reply.send(answer);
    else {
      const { functions, buckets } = answer;
      const shown = { functions, series: [{ series: name, unit: answer.unit, buckets }] };
      sendExport(reply, bucketRows(shown), bucketColumns(shown), { name, format });
    }
  }

  private async answer(
    siteId: string,
    name: string,
    wanted: FormulaQuery,
  ): Promise<FormulaSamplesResponse> {
    const { from, to, bucket, fn = ['twa'], fill = 'none', unit, after } = wanted;
    if (!from || !to || !bucket || from >= to) {
      throw queryInvalid([{ pointer: '?bucket', reason: 'expected bucket, from, and a later to' }]);
    }
    requireFillable(fn, fill);
    await visibleIn(samples)(this.reader.store, after);
    const at = await this.momentOf(wanted.asOf);
    const { definitions } = await this.formulas.find(siteId, name, at);
    const { version = definitions.length } = wanted;
    const definition = definitions[version - 1];
    if (!definition) throw unknownFormula();
    const { expression, devices } = definition;
    const place = { siteId, within: [name], at, devices };
    const resolved = await this.formulas.resolve(expression, place).catch(notComputable(name));
    if (resolved.occurrences.size > 0) await visibleIn(intake)(this.reader.store, at ?? after);
    const range = { from: from.getTime(), to: to.getTime() };
    const reach = reachOf(resolved.expression);
    const around = { from: range.from - reach, to: range.to + reach };
    const { lines, zone } = await this.reader.store.transaction(
      (client) => linesOf(client, siteId, resolved, { ...around, position: at?.commit }),
      snapshot,
    );
    const zoneThen = at && (await zoneOfSiteAt(this.reader.folds, siteId, at));
    const timeZone = wanted.tz ?? zoneThen ?? zone;
    const edges = bucketEdges(bucket, timeZone, { ...range, most: mostBuckets });
    const computed = evaluateOver(resolved.expression, lines, around);
    const { rules } = computed;
    const own = { name, unit: definition.unit };
    const columns = new Map(fn.map((one) => [one, shownAs(one, own, unit)]));
    return {
      ...{ formula: name, version, timeZone, functions: fn },
      expression: await this.formulas.named(siteId, definition, at),
      ...{ from: from.toISOString(), to: to.toISOString(), resolution: ['raw'] },
      ...(at && { asOf: formatPosition(at) }),
      ...{ interpolation: rules.interpolation, intervalMs: rules.intervalMs },
      series: [...resolved.series.keys()],
      occurrences: [...resolved.occurrences.keys()],
      unit: unit ?? definition.unit,
      units: Object.fromEntries([...columns].map(([one, shown]) => [one, shown.unit])),
      buckets: bucketsShown(aggregateOver(computed, edges), columns, { fill, isTimeKnown: true }),
    };
  }

  /** Throws `FORMULA_UNKNOWN` where the log had no event then. */
  private async momentOf(asOf: Moment | undefined): Promise<Position | undefined> {
    if (!asOf) return undefined;
    const position = await this.reader.positionAt(asOf);
    if (!position) throw unknownFormula();
    await visibleIn(samples)(this.reader.store, position);
    return position;
  }
}

/** What a formula says was not sent with this request, so that it is no field of it. */
const notComputable =
  (name: string) =>
  (error: unknown): never => {
    if (!(error instanceof Refusal)) throw error;
    const { errors = [], ...details } = error.details;
    const reasons = errors.map(({ reason }) => reason).join('; ');
    const message = `${name} cannot be computed: ${error.message}${reasons && `: ${reasons}`}`;
    throw new Refusal(error.code, error.kind, message, details);
  };

/** All that a formula is computed from, in the time and around it as far as its periods reach; and the zone of its site. */
const linesOf = async (
  client: Queryable,
  siteId: string,
  { series, occurrences }: Resolved,
  wanted: LinesWanted,
) => {
  const lines = new Map<string, Line>(await readLines(client, series, wanted));
  let values = 0;
  for (const [name, { devices, kinds, field }] of occurrences) {
    const of = { devices: devices ?? (await devicesOf(client, siteId)), kinds, field };
    const line = await readOccurrenceValues(client, { ...of, ...wanted });
    values += line.samples.length;
    if (values > mostOccurrences) throw tooManyOccurrences();
    lines.set(name, line);
  }
  return { lines, zone: await zoneOf(client, siteId) };
};
