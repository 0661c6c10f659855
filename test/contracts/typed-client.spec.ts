import { readFileSync } from 'node:fs';

import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
};

/** What the compiler says of examples/client.ts, over types made of the OpenAPI document. */
const diagnosticsOf = (client: string, types: string): readonly string[] => {
  const made = new Map([
    [ts.sys.resolvePath('examples/client.ts'), client],
    [ts.sys.resolvePath('examples/voltrace-api.d.ts'), types],
  ]);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => made.has(ts.sys.resolvePath(file)) || fileExists(file);
  host.readFile = (file) => made.get(ts.sys.resolvePath(file)) ?? readFile(file);
  host.getSourceFile = (file, version, ...rest) => {
    const text = made.get(ts.sys.resolvePath(file));
    return text === undefined
      ? getSourceFile(file, version, ...rest)
      : ts.createSourceFile(file, text, version);
  };
  const program = ts.createProgram(['examples/client.ts'], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
};

describe('a client typed by the OpenAPI document', () => {
  it('compiles against the tour of the README, and not against another one', async () => {
    const types = astToString(await openapiTS(readFileSync('docs/openapi.json', 'utf8')));
    const client = readFileSync('examples/client.ts', 'utf8');
    expect(diagnosticsOf(client, types)).toEqual([]);
    const odd = client
      .replace("q: 'juniper'", "juniper: 'q'")
      .replace("reason: 'data", "why: 'data");
    expect(diagnosticsOf(odd, types)).toHaveLength(2);
  });
});
