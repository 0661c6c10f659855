import { brief, printFields, printTable, write } from './output.js';

interface Listed {
  readonly row: number;
  readonly manufacturer: string;
  readonly model: string;
}

interface FieldChange {
  readonly path: string;
  readonly from: string | null;
  readonly to: string | null;
}

interface ComparedList {
  readonly id: string;
  readonly file: string | null;
  readonly total: number;
  readonly unread: number;
  readonly flagged: number;
  readonly repeated: number;
}

type Kind = 'gone' | 'transferred' | 'renamed' | 'edited' | 'relabelled' | 'new';

/** What `/v1/imports/{id}/compare/{other}` answers. */
export interface Comparison {
  readonly before: ComparedList;
  readonly after: ComparedList;
  readonly counts: {
    readonly [kind in Kind | 'same' | 'alsoEdited']: number;
  } & { readonly alsoRelabelled: Readonly<Partial<Record<Kind, number>>> };
  readonly items: readonly {
    readonly kind: string;
    readonly before: Listed | null;
    readonly after: Listed | null;
    readonly changes: readonly FieldChange[];
    readonly labels: readonly FieldChange[];
  }[];
  readonly more: number;
}

export async function printComparison({ before, after, counts, items }: Comparison): Promise<void> {
  const { alsoRelabelled, alsoEdited, ...kinds } = counts;
  await printFields({
    earlier: listText(before),
    later: listText(after),
    ...kinds,
    'relabelled, too': Object.entries(alsoRelabelled)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', '),
    'edited, too': `${alsoEdited} transferred or renamed`,
  });
  await write('\n');
  await printTable(
    ['kind', 'earlier', 'later', 'what differs'],
    items.map(({ kind, before: old, after: now, changes, labels }) => [
      kind,
      productText(old),
      productText(now),
      [...changes.map(changeText), ...labels.map((label) => `(${changeText(label)})`)].join('\n'),
    ]),
  );
}

/** What was not compared would otherwise pass for equal. */
function listText({ id, file, total, unread, flagged, repeated }: ComparedList): string {
  const left = [
    ...(unread > 0 ? [`${unread} not readable`] : []),
    ...(repeated > 0 ? [`${repeated} repeated`] : []),
    ...(flagged > 0 ? [`${flagged} with cells that were left out`] : []),
  ];
  return `${file ?? id}, ${total} rows${left.length > 0 ? ` (${left.join(', ')})` : ''}`;
}

function productText(listed: Listed | null): string {
  return listed ? `${listed.manufacturer} ${listed.model}` : '';
}

function changeText({ path, from, to }: FieldChange): string {
  return `${path.slice(path.lastIndexOf('/') + 1)}: ${brief(from) || 'blank'} -> ${brief(to) || 'blank'}`;
}
