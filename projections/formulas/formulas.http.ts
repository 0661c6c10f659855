import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

import { oneOf, text } from '#http/query-params.js';
import { schemaOf } from '#read-store/schema-names.js';
import { resourceController } from '#resource/controller.js';
import type { Folding } from '#resource/folds.js';
import { defineResource, filter, visibleIn } from '#resource/resource.js';
import { compares } from '#resource/sql.js';
import { formulaDecider, unknownFormula } from '#telemetry/formula/decider.js';
import { formulaCategory, type FormulaEvent } from '#telemetry/formula/events.js';

import { formulas } from './formulas.projection.js';

const statuses = ['inUse', 'withdrawn'] as const;

class FormulaResponse {
  @ApiProperty() id!: string;
  @ApiProperty({ format: 'uuid' }) siteId!: string;
  @ApiProperty({ example: 'solar' }) name!: string;
  @ApiProperty({ enum: statuses }) status!: string;
  @ApiProperty({ description: 'Counts its definitions.' }) version!: number;
  @ApiProperty({ example: 'pos(egauge.A.Solar)' }) expression!: string;
  @ApiProperty({ type: String, nullable: true, example: 'kW' }) unit!: string | null;
  @ApiProperty() description!: string;
  @ApiPropertyOptional({
    format: 'date-time',
    description: 'When this version was defined; not with `asOf`, for which the history says it.',
  })
  definedAt?: Date;
  @ApiPropertyOptional({ description: 'Principal who defined it.' }) definedBy?: string;
  @ApiPropertyOptional({ type: String, nullable: true, description: 'Why.' })
  reason?: string | null;
  @ApiProperty() revision!: number;
}

type State = Omit<FormulaResponse, 'revision'>;

const folding: Folding<State, FormulaEvent> = {
  streamOf: (id) => `${formulaCategory}-${id}`,
  types: formulaDecider,
  evolve(state, id, { type, data }) {
    if (type === 'FormulaWithdrawn') return state && { ...state, status: 'withdrawn' };
    const { devices: _, ...definition } = data;
    if ('siteId' in definition) return { ...definition, id, status: 'inUse' };
    return state && { ...state, ...definition, status: 'inUse' };
  },
};

const formulaList = defineResource({
  name: 'formulas',
  tag: 'formulas',
  permission: 'formulas.read',
  ready: visibleIn(formulas),
  response: FormulaResponse,
  select: `id, site_id as "siteId", name, status, version::float8, expression, unit, description,
    defined_at as "definedAt", defined_by as "definedBy", reason, revision::float8`,
  from: `${schemaOf(formulas)}.formulas`,
  list: {
    summary: 'Formulas of sites, the newest first',
    description: 'As they are computed now, with who defined that and why.',
    filters: {
      siteId: filter(text(64), compares('site_id')),
      name: filter(text(200), compares('name')),
      status: filter(oneOf(...statuses), compares('status')),
    },
    order: [{ expression: 'first_position', type: 'bigint', descending: true }],
  },
  one: {
    summary: 'A formula by its id',
    description: 'As it stands, or as it stood.',
    unknown: unknownFormula,
  },
  history: {
    summary: 'How a formula was defined over time',
    description: 'Who defined or withdrew it, when and why.',
    folding,
    asOf: ({ state, revision }) => ({ ...state, revision: Number(revision) }),
  },
});

export class FormulasController extends resourceController(formulaList) {}
