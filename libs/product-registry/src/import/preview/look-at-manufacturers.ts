import {
  type EnsuredManufacturer,
  type ListedManufacturer,
  previewManufacturer,
} from '../../manufacturer/ensure-manufacturer.js';
import type { ProductRegistry } from '../../registry.js';
import { manufacturerCellOf, normaliseManufacturer } from '../normalise/manufacturer.js';
import { codeOfAnother } from '../run/plan-manufacturers.js';
import { refusedRow } from '../run/refused-row.js';
import { type Look, type PreviewedChange, settledLook } from './previewed.js';

/** What rows of a list of manufacturers would change. */
export const manufacturerLook =
  (registry: ProductRegistry, issueCodes: boolean): Look =>
  (row) => {
    const normalised = normaliseManufacturer(row, issueCodes);
    if ('rejected' in normalised) {
      return settledLook({ row: row.row, outcome: 'rejected', problems: normalised.rejected });
    }
    const { facts, problems } = normalised;
    return async () => {
      try {
        const foreign = await codeOfAnother(registry, facts, row);
        if (foreign) {
          const outcome = { row: row.row, outcome: 'needsReview', problems: [foreign] } as const;
          return { outcome, changes: [] };
        }
        const { manufacturerId, outcome } = await previewManufacturer(registry, facts);
        return {
          outcome: {
            row: row.row,
            outcome: outcome === 'unchanged' ? 'unchanged' : 'accepted',
            ...(manufacturerId !== null && { manufacturerId }),
            ...(problems.length > 0 && { problems }),
          },
          changes: changesOf(row.row, manufacturerId, facts, outcome),
        };
      } catch (error) {
        const outcome = refusedRow(row.row, error, (pointer) => manufacturerCellOf(row, pointer));
        return { outcome, changes: [] };
      }
    };
  };

const changesOf = (
  row: number,
  id: string | null,
  { name, aliases, code }: ListedManufacturer,
  outcome: EnsuredManufacturer['outcome'],
): readonly PreviewedChange[] =>
  outcome === 'unchanged'
    ? []
    : [{ row, id, name, path: '', from: null, to: { name, aliases, code } }];
