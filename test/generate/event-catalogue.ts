import type { Category, Context } from '#kernel/context.js';

/** The catalogue of every event type of the contexts, as Markdown. */
export const renderCatalogue = (contexts: readonly Context[]): string => {
  const sections = contexts.flatMap(({ name, categories }) =>
    categories.map((category) => renderCategory(name, category)),
  );
  return [
    '# Event catalogue',
    '',
    'Generated from the contexts by `npm run generate`. Every event also carries the metadata of',
    '`libs/kernel/src/event.ts`.',
    '',
    ...sections,
  ].join('\n');
};

const renderCategory = (library: string, { category, events }: Category): string => {
  const rows = Object.entries(events).map(
    ([type, { about, data }]) =>
      `| \`${type}\` | \`${shapeOf(data).replaceAll('|', '\\|')}\` | ${about} |`,
  );
  return [
    `## ${category}`,
    '',
    `Stream \`${category}-<id>\` of \`libs/${library}\`.`,
    '',
    '| event | data | about |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
};

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

/** More members than this are not written out. */
const maxMembers = 20;

/** A JSON Schema in the words of TypeScript. */
const shapeOf = (schema: Schema): string => {
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  if (schema.anyOf) return schema.anyOf.map(shapeOf).join(' | ');
  if (schema.items) return listOf(shapeOf(schema.items));
  const members = Object.entries(schema.properties ?? {});
  const { additionalProperties, required = [] } = schema;
  if (typeof additionalProperties === 'object') {
    return `Record<string, ${shapeOf(additionalProperties)}>`;
  }
  if (members.length > maxMembers) return 'Record<string, object>';
  if (members.length > 0) {
    const shown = members.map(
      ([name, member]) => `${name}${required.includes(name) ? '' : '?'}: ${shapeOf(member)}`,
    );
    return `{ ${shown.join('; ')} }`;
  }
  if (schema.type === 'object') return '{}';
  return schema.type === 'integer' ? 'number' : (schema.type ?? 'unknown');
};

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value}'` : JSON.stringify(value);

const listOf = (item: string): string => (item.includes(' | ') ? `(${item})[]` : `${item}[]`);
