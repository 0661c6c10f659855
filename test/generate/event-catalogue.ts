import { readFileSync } from 'node:fs';

import ts from 'typescript';

import type { Category, Context } from '#kernel/context.js';

/** What is shown of an event type. */
interface CataloguedEvent {
  readonly type: string;
  readonly about: string;
  readonly data: string;
}

/** The catalogue of every event type of the contexts, as Markdown. */
export const renderCatalogue = (contexts: readonly Context[], root: string): string => {
  const undeclared = new Map(eventFiles(root).flatMap((file) => aliasesIn(file)));
  const sections = contexts.flatMap(({ name, categories }) =>
    categories.map((category) => renderCategory(name, category, undeclared)),
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

const renderCategory = (
  library: string,
  { category, events }: Category,
  undeclared: ReadonlyMap<string, CataloguedEvent>,
): string => {
  const rows = Object.entries(events).map(([type, declared]) => {
    const { about, data } =
      declared === true
        ? undeclared.get(type)!
        : { about: declared.about, data: shapeOf(declared.data) };
    return `| \`${type}\` | \`${data.replaceAll('|', '\\|')}\` | ${about} |`;
  });
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

const eventFiles = (root: string): string[] =>
  ts.sys.readDirectory(root, ['.ts'], ['**/node_modules', 'dist'], ['libs/*/src/**/events.ts']);

/** The event types that a file says as types only. */
const aliasesIn = (file: string): [type: string, event: CataloguedEvent][] => {
  const source = ts.createSourceFile(
    file,
    readFileSync(file, 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  return source.statements.filter(ts.isTypeAliasDeclaration).flatMap((alias) => {
    const declared = domainEventOf(alias.type);
    return declared ? [[declared.type, { ...declared, about: aboutOf(alias) }]] : [];
  });
};

const domainEventOf = (type: ts.TypeNode): { type: string; data: string } | undefined => {
  if (!ts.isTypeReferenceNode(type) || type.typeName.getText() !== 'DomainEvent') return undefined;
  const [name, data] = type.typeArguments ?? [];
  if (!name || !ts.isLiteralTypeNode(name) || !ts.isStringLiteral(name.literal)) return undefined;
  const shape = (data?.getText() ?? '{}')
    .replace(/\/\*\*?.*?\*\//gs, '')
    .replaceAll('readonly ', '')
    .replace(/\s+/g, ' ');
  return { type: name.literal.text, data: shape };
};

const aboutOf = (node: ts.Node): string =>
  ts
    .getJSDocCommentsAndTags(node)
    .map((doc) => (ts.isJSDoc(doc) ? (ts.getTextOfJSDocComment(doc.comment) ?? '') : ''))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
