import { readFileSync } from 'node:fs';

import ts from 'typescript';

import { problemKinds } from '#http/problems.js';

/** A code that a source refuses with. */
export interface ProblemCode {
  readonly code: string;
  readonly kind: keyof typeof problemKinds;
  readonly file: string;
}

/** What such a source refuses with, no user ever sees. */
export const isTestCode = (file: string): boolean =>
  /\.(spec|fixture)\.ts$|\/(contract-suite|fixtures?|tests?|testing)\//.test(file);

/** Every code that the sources below `root` write out, in the order of codes and files. */
export const problemCodes = (root: string): ProblemCode[] =>
  ts.sys
    .readDirectory(root, ['.ts'], ['**/node_modules', 'dist'], ['apps', 'libs', 'projections'])
    .map((path) => path.slice(root.length + 1))
    .filter((file) => !isTestCode(file))
    .sort()
    .flatMap((file) => codesIn(file, readFileSync(`${root}/${file}`, 'utf8')))
    .sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));

/**
 * The codes of one source: `new Refusal('CODE', 'kind', ...)`, `super('CODE', 'kind', ...)`, tables of
 * `{ code, kind }`, and calls of functions `(code, ...) => new Refusal(code, 'kind', ...)`.
 */
export const codesIn = (file: string, text: string): ProblemCode[] => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const nodes = [...nodesBelow(source)];
  const makers = new Map(nodes.flatMap(makerOf));
  const found = nodes.flatMap((node) => {
    const [code, kind] = ts.isObjectLiteralExpression(node)
      ? [textOf(valueOf(node, 'code')), textOf(valueOf(node, 'kind'))]
      : codeAndKind(node, makers);
    return code !== undefined && isKind(kind) ? [{ code, kind, file }] : [];
  });
  return [...new Map(found.map((each) => [`${each.code} ${each.kind}`, each])).values()];
};

type Pair = readonly [code: string | undefined, kind: string | undefined];

const codeAndKind = (node: ts.Node, makers: ReadonlyMap<string, string>): Pair => {
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return [undefined, undefined];
  const callee = node.expression.getText();
  const [code, kind] = node.arguments ?? [];
  const refuses = callee === 'Refusal' || callee === 'super';
  return [textOf(code), refuses ? textOf(kind) : makers.get(callee)];
};

/** Name and kind of a function that refuses with the code that it is given. */
const makerOf = (node: ts.Node): [name: string, kind: string][] => {
  if (!ts.isVariableDeclaration(node) || !node.initializer) return [];
  if (!ts.isArrowFunction(node.initializer)) return [];
  const { parameters, body } = node.initializer;
  if (!ts.isNewExpression(body) || body.expression.getText() !== 'Refusal') return [];
  const [code, kind] = body.arguments ?? [];
  const text = textOf(kind);
  if (text === undefined || code?.getText() !== parameters[0]?.name.getText()) return [];
  return [[node.name.getText(), text]];
};

const valueOf = (object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined =>
  object.properties
    .filter(ts.isPropertyAssignment)
    .find((property) => property.name.getText() === name)?.initializer;

const textOf = (node: ts.Node | undefined): string | undefined =>
  node && ts.isStringLiteral(node) ? node.text : undefined;

const isKind = (kind: string | undefined): kind is keyof typeof problemKinds =>
  kind !== undefined && Object.hasOwn(problemKinds, kind);

function* nodesBelow(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodesBelow(child);
}

/** The codes as Markdown. */
export const renderProblemCodes = (codes: readonly ProblemCode[]): string => {
  const rows = new Map<string, string[]>();
  for (const { code, kind, file } of codes) {
    const row = `| \`${code}\` | ${kind} | ${String(problemKinds[kind].status)} |`;
    rows.set(row, [...(rows.get(row) ?? []), `\`${file}\``]);
  }
  return [
    '# Problem codes',
    '',
    'Generated from the sources by `npm run generate`. `code` of a problem document is stable; `detail` is for people.',
    'A bug of ours is `INTERNAL` with status 500 and says nothing but its `trace_id`.',
    '',
    '| code | kind | status | refused in |',
    '|---|---|---|---|',
    ...[...rows].map(([row, files]) => `${row} ${files.join(', ')} |`),
    '',
  ].join('\n');
};
