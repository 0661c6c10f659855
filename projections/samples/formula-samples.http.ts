import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { RequirePermission } from '#access/require-permission.js';
import { EsdbEventLog } from '#event-log/esdb.js';
import { integerFrom, queryInvalid } from '#http/query-params.js';
import { Refusal } from '#kernel/refusal.js';
import { type Parameters, readParameters } from '#resource/parameters.js';
import { ResourceReader } from '#resource/reader.js';
import { visibleIn } from '#resource/resource.js';
import type { Queryable } from '#resource/sql.js';
import { Aggregator } from '#series/aggregator.js';
import { bucketEdges } from '#series/buckets.js';
import { evaluateOver, type Line } from '#series/formula.js';
import { longestGapMs, pieceOf } from '#series/piece.js';
import { unknownFormula } from '#telemetry/formula/decider.js';
import { Formulas, type Resolved } from '#telemetry/formula/formulas.js';

import { readFalls, readNeighbours, readSamples, type ReadSeries, readSeries } from './queries.js';
import { samples } from './samples.projection.js';
import { bucketsShown, shownAs } from './samples-answer.js';
import { Parametrized, samplesParameters, type SamplesQuery } from './samples-parameters.http.js';

/** Single samples that a formula is computed from, over all that it names. */
const mostSamples = 500_000;
const mostBuckets = 10_000;

const parameters = {
  ...{ from: samplesParameters.from, to: samplesParameters.to, bucket: samplesParameters.bucket },
  ...{ tz: samplesParameters.tz, fn: samplesParameters.fn, fill: samplesParameters.fill },
  ...{ unit: samplesParameters.unit, after: samplesParameters.after },
  version: {
    parse: integerFrom(1, 1_000_000),
    description: 'The version that is computed by; the last one unless given.',
  },
} satisfies Parameters;

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
      'positive parts is not the positive part of a mean. Where one of its series is not known, nothing is.',
  })
  @Parametrized(parameters)
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  async read(
    @Param('id') siteId: string,
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
  ) {
    const wanted = readParameters<SamplesQuery & { version?: number }>(query, parameters);
    const { from, to, bucket, fn = ['twa'], fill = 'none', unit, after } = wanted;
    if (!from || !to || !bucket || from >= to) {
      throw queryInvalid([{ pointer: '?bucket', reason: 'expected bucket, from, and a later to' }]);
    }
    await visibleIn(samples)(this.reader.store, after);
    const { definitions } = await this.formulas.find(siteId, name);
    const { version = definitions.length } = wanted;
    const definition = definitions[version - 1];
    if (!definition) throw unknownFormula();
    const resolved = await this.formulas.resolve(siteId, definition.expression, [name]);
    const range = { from: from.getTime(), to: to.getTime() };
    const { lines, own, zone } = await this.reader.store.transaction(
      (client) => linesOf(client, resolved, range),
      'set transaction isolation level repeatable read read only',
    );
    const timeZone = wanted.tz ?? zone;
    const edges = bucketEdges(bucket, timeZone, { ...range, most: mostBuckets });
    const series = { ...own, name, unit: definition.unit };
    const aggregator = new Aggregator(edges, series);
    for (const [at, value] of evaluateOver(resolved.expression, lines)) {
      aggregator.push(pieceOf(at, value));
    }
    const columns = new Map(fn.map((one) => [one, shownAs(one, series, unit)]));
    return {
      ...{ formula: name, version, expression: definition.expression, timeZone },
      ...{ from: from.toISOString(), to: to.toISOString(), resolution: ['raw'] },
      ...{ interpolation: own.interpolation, intervalMs: own.intervalMs },
      series: [...resolved.series.keys()],
      units: Object.fromEntries([...columns].map(([one, shown]) => [one, shown.unit])),
      buckets: bucketsShown(aggregator.end(), columns, { fill, isTimeKnown: true }),
    };
  }
}

/** The samples of what a formula names, and how its own values go: held where all of them are. */
const linesOf = async (
  client: Queryable,
  { series }: Resolved,
  { from, to }: { readonly from: number; readonly to: number },
) => {
  const lines = new Map<string, Line>();
  const all: ReadSeries[] = [];
  let left = mostSamples;
  for (const [name, named] of series) {
    const [one] = await readSeries(client, named.device, [named.series]);
    if (!one) continue;
    all.push(one);
    const span = { from, last: to - 1 };
    left -= (await readFalls(client, one, span)).count;
    if (left < 0) throw tooManySamples();
    if (one.expiredBefore !== null && one.expiredBefore > from) throw expired(one);
    const [before, after] = await readNeighbours(client, one, { from, to });
    const own = before ? [before] : [];
    for await (const sample of readSamples(client, one, [span])) own.push(sample);
    if (after) own.push(after);
    const { interpolation } = one;
    lines.set(name, { samples: own, interpolation, longestGapMs: longestGapMs(one) });
  }
  const [first] = all;
  const isHeld = all.every(({ interpolation }) => interpolation === 'hold');
  const intervals = all.map(({ intervalMs }) => intervalMs ?? Infinity);
  const longest = Math.max(...intervals);
  const own = {
    ...({ id: 0, valueType: 'number', kind: 'gauge', rollOver: null, declared: true } as const),
    ...{ expiredBefore: null, latestAt: null, zone: first?.zone ?? 'UTC' },
    interpolation: isHeld ? ('hold' as const) : ('linear' as const),
    intervalMs: Number.isFinite(longest) ? longest : null,
  };
  return { lines, own, zone: own.zone };
};

const tooManySamples = () =>
  new Refusal(
    'TOO_MANY_SAMPLES',
    'unprocessable',
    `a formula is computed from at most ${String(mostSamples)} single samples; ask for a shorter time`,
    { errors: [{ pointer: '?to', reason: 'expected a shorter time' }] },
  );

const expired = ({ name, expiredBefore }: ReadSeries) =>
  new Refusal(
    'SAMPLES_EXPIRED',
    'unprocessable',
    `single samples of ${name}, which a formula is computed from, were dropped`,
    {
      errors: [
        {
          pointer: '?from',
          reason: `expected ${new Date(expiredBefore ?? 0).toISOString()} or later`,
        },
      ],
    },
  );
