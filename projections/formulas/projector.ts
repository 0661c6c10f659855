import type { StoredEvent } from '#event-log/event-log.js';
import { formatPosition } from '#event-log/position.js';
import { formulaCategory, type FormulaEvent } from '#telemetry/formula/events.js';

/** A row of `formulas`. Times are ISO 8601, 64-bit numbers text. */
export interface FormulaRow {
  readonly id: string;
  readonly site_id: string;
  readonly name: string;
  readonly status: 'inUse' | 'withdrawn';
  readonly version: string;
  readonly expression: string;
  readonly unit: string | null;
  readonly description: string;
  readonly defined_at: string;
  readonly defined_by: string;
  readonly reason: string | null;
  readonly first_position: string;
  readonly revision: string;
}

type Apply = (rows: Map<string, FormulaRow>, event: StoredEvent) => void;
type Of<T extends FormulaEvent['type']> = Extract<FormulaEvent, { type: T }>['data'];

const idOf = ({ stream }: StoredEvent): string => stream.slice(formulaCategory.length + 1);

const definitionOf = (event: StoredEvent) => {
  const { version, expression, unit, description } = event.data as Of<'FormulaRevised'>;
  const { actor, reason = null } = event.metadata;
  return {
    ...{ status: 'inUse' as const, version: String(version), expression, unit, description },
    ...{ defined_at: event.created.toISOString(), defined_by: actor.id, reason },
    revision: String(event.revision),
  };
};

/** What each event changes. Complete: a new event type of formulas fails to compile here. */
export const changes: Readonly<Record<FormulaEvent['type'], Apply>> = {
  FormulaDefined: (rows, event) => {
    const { siteId, name } = event.data as Of<'FormulaDefined'>;
    rows.set(idOf(event), {
      ...{ id: idOf(event), site_id: siteId, name, ...definitionOf(event) },
      first_position: formatPosition(event.position),
    });
  },
  FormulaRevised: (rows, event) => {
    const row = rows.get(idOf(event));
    if (row) rows.set(row.id, { ...row, ...definitionOf(event) });
  },
  FormulaWithdrawn: (rows, event) => {
    const row = rows.get(idOf(event));
    if (row) rows.set(row.id, { ...row, status: 'withdrawn', revision: String(event.revision) });
  },
};
