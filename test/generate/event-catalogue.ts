import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

import ts from 'typescript';

/** One stored event type as its `events.ts` declares it. */
export interface CataloguedEvent {
  readonly category: string;
  readonly type: string;
  readonly about: string;
  readonly data: string;
  readonly file: string;
}

/** Every event type of every `events.ts` below `root`, in the order of files and declarations. */
export const eventCatalogue = (root: string): CataloguedEvent[] =>
  eventFiles(root).flatMap((file) => eventsOf(root, file));

const eventFiles = (root: string): string[] =>
  ts.sys
    .readDirectory(root, ['.ts'], ['**/node_modules', 'dist'], ['libs/*/src/**/events.ts'])
    .map((path) => path.slice(root.length + 1))
    .sort();

const eventsOf = (root: string, file: string): CataloguedEvent[] => {
  const text = readFileSync(`${root}/${file}`, 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const category = categoryOf(text) ?? basename(dirname(file));
  return source.statements.filter(ts.isTypeAliasDeclaration).flatMap((alias) => {
    const declared = domainEventOf(alias.type);
    if (!declared) return [];
    return [{ category, file, about: aboutOf(alias), ...declared }];
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

const categoryOf = (text: string): string | undefined =>
  /export const \w*[cC]ategory = '(\w+)'/.exec(text)?.[1];

/** The catalogue as Markdown. */
export const renderCatalogue = (events: readonly CataloguedEvent[]): string => {
  const categories = new Map<string, CataloguedEvent[]>();
  for (const event of events) {
    categories.set(event.category, [...(categories.get(event.category) ?? []), event]);
  }
  const sections = [...categories].map(([category, members]) => {
    const rows = members.map(
      ({ type, data, about }) => `| \`${type}\` | \`${data.replaceAll('|', '\\|')}\` | ${about} |`,
    );
    return [
      `## ${category}`,
      '',
      `Stream \`${category}-<id>\`, declared in \`${members[0]?.file ?? ''}\`.`,
      '',
      '| event | data | about |',
      '|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return [
    '# Event catalogue',
    '',
    'Generated from the `events.ts` files by `npm run generate`. Every event also carries the metadata of',
    '`libs/kernel/src/event.ts`.',
    '',
    ...sections,
  ].join('\n');
};
