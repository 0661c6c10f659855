import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { RequirePermission } from '#access/require-permission.js';
import { csvLines, formatAskedFor, sendLines } from '#http/export.js';
import { hangUpOf } from '#http/hang-up.js';
import {
  boolean,
  integerFrom,
  listOf,
  oneOf,
  queryInvalid,
  readQuery,
} from '#http/query-params.js';
import { actorOf } from '#http/request-context.js';

import { Imports } from '../imports.js';
import { differenceKinds } from './compare-lists.js';
import {
  comparisonColumns,
  comparisonResponse,
  differingFields,
  ListComparisonResponse,
} from './comparison-response.http.js';

const defaultLimit = 1_000;
const maxLimit = 10_000;

const compareQuery = {
  kind: listOf(oneOf(...differenceKinds)),
  limit: integerFrom(1, maxLimit),
  format: oneOf('json', 'csv'),
  raw: boolean,
  bom: boolean,
};

/** Two imported lists beside each other. */
@ApiTags('imports')
@ApiBearerAuth()
@Controller('v1/imports')
@RequirePermission('imports.read')
export class CompareController {
  constructor(private readonly imports: Imports) {}

  @Get(':id/compare/:other')
  @ApiOperation({
    summary: 'What became of the products of a list in another list',
    description:
      'Of two imported lists of products, `id` the earlier one: their kept files are read by the rules of their ' +
      'import, and what they say is compared in one form: spelling, units and words that mean the same do not count. A column that one of them lacks is not compared. ' +
      'Each product is of one `kind`; `changes` has each fact before and after, `labels` other words for the same. ' +
      'As CSV one record for each field that differs, or for a product without any. Nothing is written. ' +
      'Lists of at most 50,000 rows; counts as a preview of the key.',
  })
  @ApiQuery({
    name: 'kind',
    required: false,
    description: `Only these, of ${differenceKinds.join(', ')}; separated by commas.`,
  })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: maxLimit },
    description: '1 to 10,000; 1,000 unless given. CSV has all.',
  })
  @ApiQuery({ name: 'format', required: false, enum: ['json', 'csv'] })
  @ApiQuery({
    name: 'raw',
    required: false,
    type: Boolean,
    description: 'CSV: texts that a spreadsheet would run as a formula are written as they are.',
  })
  @ApiQuery({
    name: 'bom',
    required: false,
    type: Boolean,
    description: 'CSV: begins with a byte order mark, for spreadsheets.',
  })
  @ApiOkResponse({ type: ListComparisonResponse })
  @ApiNotFoundResponse({ description: 'IMPORT_NOT_FOUND, with which one.' })
  @ApiUnprocessableEntityResponse({
    description:
      'LISTS_NOT_COMPARABLE, FILE_MISSING, LIST_TOO_LONG, LISTS_TOO_LARGE, COMPARISON_TOO_LONG, or what the file is refused with.',
  })
  async compare(
    @Param('id') id: string,
    @Param('other') other: string,
    @Query() query: Record<string, unknown>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { kind: kinds = differenceKinds, limit, format, ...csv } = readQuery(query, compareQuery);
    const isCsv = formatAskedFor(format, request.headers.accept) === 'csv';
    if (isCsv) refuse({ limit }, 'CSV has every difference: leave it out');
    else refuse(csv, 'is for CSV: add format=csv, or leave it out');
    const caller = { key: actorOf(request).id, gone: hangUpOf(reply) };
    const found = await this.imports.compare([id, other], caller);
    const chosen = found.differences.filter(({ kind }) => kinds.includes(kind));
    if (!isCsv) {
      void reply.send(comparisonResponse(found, chosen, limit ?? defaultLimit));
      return;
    }
    const lines = csvLines(differingFields(chosen), comparisonColumns, csv);
    sendLines(reply, lines, { format: 'csv', filename: 'list-comparison.csv' });
  }
}

const refuse = (given: object, reason: string): void => {
  const errors = Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => ({ pointer: `?${name}`, reason }));
  if (errors.length > 0) throw queryInvalid(errors);
};
