import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import ts from 'typescript';

import { projectRoot } from '#testing/build.js';

import { type Import as Edge, resolveImport } from '../../architecture.js';

/** One import, re-export or dynamic import of a file. */
export interface Import extends Edge {
  readonly line: number;
  readonly reexport: boolean;
}

/** Every TypeScript file of the folders, by its path in the repository. */
export const sourceFiles = (
  folders: readonly string[] = ['apps', 'libs', 'projections', 'test'],
): string[] =>
  folders.flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => posix.join(folder, name.replaceAll('\\', '/'))),
  );

/** The imports of one file's text, wherever they stand in it. */
export const importsIn = (from: string, text: string): Import[] => {
  const file = ts.createSourceFile(from, text, ts.ScriptTarget.Latest);
  const found: Import[] = [];
  const add = (node: ts.Node, typesOnly: boolean, reexport = false): void => {
    if (!ts.isStringLiteralLike(node)) return;
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
    found.push({ from, line, to: resolveImport(node.text, from), typesOnly, reexport });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, importsTypesOnly(node));
    if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      add(node.moduleSpecifier, node.isTypeOnly, true);
    }
    if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
      add(node.moduleReference.expression, node.isTypeOnly);
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    }
    if (ts.isCallExpression(node) && isLoading(node.expression)) {
      const [specifier] = node.arguments;
      if (specifier) add(specifier, false);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
};

const importsTypesOnly = ({ importClause: clause }: ts.ImportDeclaration): boolean => {
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const names = clause.namedBindings;
  if (clause.name || !names || !ts.isNamedImports(names)) return false;
  return names.elements.length > 0 && names.elements.every(({ isTypeOnly }) => isTypeOnly);
};

const isLoading = (callee: ts.Expression): boolean =>
  callee.kind === ts.SyntaxKind.ImportKeyword ||
  (ts.isIdentifier(callee) && callee.text === 'require');

/** The imports of all files of the repository. */
export const allImports = (): Import[] =>
  sourceFiles().flatMap((path) => importsIn(path, readFileSync(join(projectRoot, path), 'utf8')));
