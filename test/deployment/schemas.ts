import { join } from 'node:path';

import ts from 'typescript';

import { projectRoot } from '#testing/build.js';

import type { Manifest } from './manifests.js';

/** Resources of operators whose schemas no package ships. */
export const withoutSchema = new Set([
  'kafka.strimzi.io/v1beta2 Kafka',
  'kafka.strimzi.io/v1beta2 KafkaNodePool',
  'kafka.strimzi.io/v1beta2 KafkaUser',
]);

const kindOf = ({ apiVersion, kind }: Manifest): string => `${apiVersion} ${kind}`;

const packageOf = (apiVersion: string): string => {
  if (apiVersion.startsWith('monitoring.coreos.com/'))
    return `@kubernetes-models/prometheus-operator/${apiVersion}`;
  if (apiVersion.startsWith('cert-manager.io/'))
    return `@kubernetes-models/cert-manager/${apiVersion}`;
  if (apiVersion.startsWith('postgresql.cnpg.io/'))
    return `@kubernetes-models/cloudnative-pg/${apiVersion}`;
  return `kubernetes-models/${apiVersion}`;
};

type Model = new (data: object) => { validate(): void };

/** What the schemas of Kubernetes and of the operators say against the values of a manifest. */
export const valueProblems = async (manifest: Manifest): Promise<string[]> => {
  if (withoutSchema.has(kindOf(manifest))) return [];
  const { apiVersion, kind, metadata } = manifest;
  const models = (await import(packageOf(apiVersion)).catch(() => ({}))) as Record<string, Model>;
  const SomeModel = models[kind];
  if (!SomeModel) return [`${metadata.name}: there is no ${kindOf(manifest)}`];
  try {
    new SomeModel(manifest).validate();
    return [];
  } catch (error) {
    return [`${kind} ${metadata.name}: ${(error as Error).message}`];
  }
};

/**
 * The fields of manifests that Kubernetes does not know, or not there: those schemas let them pass, and an older API server
 * leaves them out without a word. The compiler knows them by the types of the same packages. Takes some seconds.
 */
export const fieldProblems = (manifests: readonly Manifest[]): string[] => {
  const known = manifests.filter((manifest) => !withoutSchema.has(kindOf(manifest)));
  const lines = known.map(
    (manifest, index) =>
      `import type { I${manifest.kind} as T${String(index)} } from '${packageOf(manifest.apiVersion)}';\n` +
      `export const m${String(index)}: T${String(index)} = ${JSON.stringify(manifest)};`,
  );
  // Beside the packages, which are looked for from there. It is never written.
  const path = join(projectRoot, 'manifests.generated.ts');
  const options: ts.CompilerOptions = {
    ...{ noEmit: true, strict: true, skipLibCheck: true, types: [] },
    ...{ module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
    target: ts.ScriptTarget.ES2022,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  const text = lines.join('\n');
  host.getSourceFile = (name, ...rest) =>
    name === path
      ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022)
      : getSourceFile(name, ...rest);
  host.fileExists = (name) => name === path || fileExists(name);
  host.readFile = (name) => (name === path ? text : readFile(name));
  const program = ts.createProgram([path], options, host);
  return ts
    .getPreEmitDiagnostics(program, program.getSourceFile(path))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
};
