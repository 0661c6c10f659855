import { ApiProperty } from '@nestjs/swagger';

import type { Column } from '#http/export.js';
import type { Change } from '#kernel/differences.js';

import type { ImportComparison } from './compare-imports.js';
import {
  type DifferenceKind,
  differenceKinds,
  type ListDifference,
  type NamedRow,
} from './compare-lists.js';

class ComparedListResponse {
  @ApiProperty({ format: 'uuid', description: 'Of the import.' }) id!: string;
  @ApiProperty({ type: String, nullable: true }) file!: string | null;
  @ApiProperty({ description: 'Data rows of the file.' }) total!: number;
  @ApiProperty({ description: 'Rows that cannot be read, and are not compared.' }) unread!: number;
  @ApiProperty({
    description: 'Rows of which a cell was left out or kept raw: such a cell is not compared.',
  })
  flagged!: number;
  @ApiProperty({
    description: 'Rows that name a product once more: the first one of each is compared.',
  })
  repeated!: number;
}

class RelabelledToo {
  @ApiProperty() transferred!: number;
  @ApiProperty() renamed!: number;
  @ApiProperty() edited!: number;
}

class ComparisonCounts {
  @ApiProperty({ description: 'Products of which both lists say the same in the same words.' })
  same!: number;
  @ApiProperty({ description: 'Only the earlier list names them.' }) gone!: number;
  @ApiProperty({ description: 'Another manufacturer has the model, with equal values.' })
  transferred!: number;
  @ApiProperty({
    description:
      'Under a similar name of the manufacturer, or with equal values and a model that only looks different.',
  })
  renamed!: number;
  @ApiProperty({ description: 'A fact differs, of the same manufacturer and model.' })
  edited!: number;
  @ApiProperty({ description: 'Only words differ, which mean the same.' }) relabelled!: number;
  @ApiProperty({ description: 'Only the later list names them.' }) new!: number;
  @ApiProperty({ type: RelabelledToo, description: 'Those that have other words, too.' })
  alsoRelabelled!: RelabelledToo;
  @ApiProperty({ description: 'Those of `transferred` and `renamed` of which facts differ, too.' })
  alsoEdited!: number;
}

class ListedProductResponse {
  @ApiProperty({ description: 'Data row in the file, from 1.' }) row!: number;
  @ApiProperty() manufacturer!: string;
  @ApiProperty() model!: string;
}

class ListedChangeResponse {
  @ApiProperty({
    description: 'JSON pointer into a product.',
    example: '/elements/EnergyCapacityNominal',
  })
  path!: string;
  @ApiProperty({ type: String, nullable: true, example: '305.5104 kWh' }) from!: string | null;
  @ApiProperty({ type: String, nullable: true, example: '305.51 kWh' }) to!: string | null;
}

class ListDifferenceResponse {
  @ApiProperty({ enum: differenceKinds }) kind!: string;
  @ApiProperty({ type: ListedProductResponse, nullable: true, description: 'Null of a new one.' })
  before!: ListedProductResponse | null;
  @ApiProperty({
    type: ListedProductResponse,
    nullable: true,
    description: 'Null of one that is gone.',
  })
  after!: ListedProductResponse | null;
  @ApiProperty({
    type: [ListedChangeResponse],
    description: 'Facts that differ, in one form for both lists.',
  })
  changes!: readonly ListedChangeResponse[];
  @ApiProperty({
    type: [ListedChangeResponse],
    description: 'Words that differ and mean the same, as written.',
  })
  labels!: readonly ListedChangeResponse[];
}

export class ListComparisonResponse {
  @ApiProperty({ type: ComparedListResponse }) before!: ComparedListResponse;
  @ApiProperty({ type: ComparedListResponse }) after!: ComparedListResponse;
  @ApiProperty({ type: ComparisonCounts, description: 'Of all products, whatever `kind` is.' })
  counts!: ComparisonCounts;
  @ApiProperty({ type: [ListDifferenceResponse], description: 'At most `limit`.' })
  items!: readonly ListDifferenceResponse[];
  @ApiProperty({ description: 'Differences of these kinds that are not listed.' }) more!: number;
}

export const comparisonResponse = (
  { before, after, same, differences }: ImportComparison,
  chosen: readonly ListDifference[],
  limit: number,
): ListComparisonResponse => {
  const count = (of: (difference: ListDifference) => boolean) => differences.filter(of).length;
  const relabelled = (of: DifferenceKind) =>
    count(({ kind, labels }) => kind === of && labels.length > 0);
  const kinds = Object.fromEntries(
    differenceKinds.map((one) => [one, count(({ kind }) => kind === one)]),
  ) as Record<DifferenceKind, number>;
  return {
    before,
    after,
    counts: {
      same,
      ...kinds,
      alsoRelabelled: {
        transferred: relabelled('transferred'),
        renamed: relabelled('renamed'),
        edited: relabelled('edited'),
      },
      alsoEdited: count(({ kind, changes }) => kind !== 'edited' && changes.length > 0),
    },
    items: chosen.slice(0, limit) as ListComparisonResponse['items'],
    more: Math.max(0, chosen.length - limit),
  };
};

/** One field of a difference; a difference without any is one record, too. */
interface DifferingField extends Pick<ListDifference, 'kind' | 'before' | 'after'> {
  readonly change: Change | undefined;
  readonly isLabel: boolean;
}

export function* differingFields(differences: Iterable<ListDifference>): Generator<DifferingField> {
  for (const { kind, before, after, changes, labels } of differences) {
    const product = { kind, before, after };
    for (const change of changes) yield { ...product, change, isLabel: false };
    for (const change of labels) yield { ...product, change, isLabel: true };
    const isBare = changes.length === 0 && labels.length === 0;
    if (isBare) yield { ...product, change: undefined, isLabel: false };
  }
}

const side = (name: 'before' | 'after'): Column<DifferingField>[] =>
  (['row', 'manufacturer', 'model'] as const satisfies (keyof NamedRow)[]).map((member) => ({
    name: `${member}_${name}`,
    value: (field) => field[name]?.[member],
  }));

export const comparisonColumns: readonly Column<DifferingField>[] = [
  { name: 'kind', value: ({ kind }) => kind },
  ...side('before'),
  ...side('after'),
  { name: 'field', value: ({ change }) => change?.path },
  { name: 'from', value: ({ change }) => change?.from as string | null | undefined },
  { name: 'to', value: ({ change }) => change?.to as string | null | undefined },
  { name: 'means_the_same', value: ({ change, isLabel }) => (change ? isLabel : null) },
];
