import { existsSync, readdirSync } from 'node:fs';
import { join, posix } from 'node:path';

import { parse } from 'yaml';

import { projectRoot } from '#testing/build.js';

import { textOf } from './apps.js';
import { type Manifest, manifestsIn, selects } from './manifests.js';

interface Patch {
  readonly path?: string;
  readonly target: {
    readonly kind?: string;
    readonly name?: string;
    readonly labelSelector?: string;
  };
}

export interface Kustomization {
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly patches?: readonly Patch[];
  readonly replicas?: readonly { readonly name: string }[];
  readonly labels?: readonly { readonly pairs: Readonly<Record<string, string>> }[];
  readonly configMapGenerator?: readonly { readonly files?: readonly string[] }[];
}

const kustomizationOf = (folder: string): Kustomization =>
  parse(textOf(`${folder}/kustomization.yaml`)) as Kustomization;

const isFolder = (path: string): boolean =>
  existsSync(join(projectRoot, path, 'kustomization.yaml'));

/** The resources of a folder and of those that it starts from, before patches. */
const resourcesOf = (folder: string, of = kustomizationOf(folder)): Manifest[] => {
  const { resources = [], components = [], labels = [] } = of;
  const added = Object.assign({}, ...labels.map(({ pairs }) => pairs)) as Record<string, string>;
  return [...resources, ...components]
    .map((path) => posix.join(folder, path))
    .filter((path) => existsSync(join(projectRoot, path)))
    .flatMap((path) => (isFolder(path) ? resourcesOf(path) : manifestsIn(textOf(path))))
    .map((manifest) => {
      const { metadata } = manifest;
      return { ...manifest, metadata: { ...metadata, labels: { ...metadata.labels, ...added } } };
    });
};

/** Files of a folder that a kustomization names. */
const filesOf = ({
  resources = [],
  patches = [],
  configMapGenerator = [],
}: Kustomization): string[] => [
  ...resources.filter((path) => path.endsWith('.yaml')),
  ...patches.flatMap(({ path }) => path ?? []),
  ...configMapGenerator.flatMap(({ files = [] }) => files),
];

/**
 * What can be said of an overlay without kubectl: files that are not there or that nobody names, and patches for
 * nothing. `changed` stands for the kustomization of the overlay itself.
 */
export const kustomizationProblems = (folder: string, changed?: Kustomization): string[] => {
  const own = changed ?? kustomizationOf(folder);
  const targets = resourcesOf(folder, own);
  const others = [...(own.resources ?? []), ...(own.components ?? [])].map((path) =>
    posix.join(folder, path),
  );
  return [
    ...problemsOf(folder, own, targets),
    ...others
      .filter((path) => !path.endsWith('.yaml'))
      .flatMap((path) =>
        isFolder(path)
          ? problemsOf(path, kustomizationOf(path), targets)
          : [`${folder}: there is no ${path}`],
      ),
  ];
};

const problemsOf = (folder: string, of: Kustomization, targets: readonly Manifest[]): string[] => {
  const named = filesOf(of);
  const there = readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' });
  const files = there.filter(
    (path) => /\.(yaml|json|conf)$/.test(path) && path !== 'kustomization.yaml',
  );
  const lost = (of.patches ?? []).filter(
    ({ target }) => !targets.some((one) => isTarget(target, one)),
  );
  const idle = (of.replicas ?? []).filter(
    ({ name }) => !targets.some(({ metadata }) => metadata.name === name),
  );
  return [
    ...named.filter((path) => !there.includes(path)).map((path) => `there is no ${path}`),
    ...files.filter((path) => !named.includes(path)).map((path) => `nobody names ${path}`),
    ...lost.map(({ target }) => `nothing is patched for ${JSON.stringify(target)}`),
    ...idle.map(({ name }) => `there is no ${name} to have replicas`),
  ].map((problem) => `${folder}: ${problem}`);
};

const isTarget = ({ kind, name, labelSelector }: Patch['target'], manifest: Manifest): boolean => {
  const fits = (pattern: string | undefined, text: string) =>
    pattern === undefined || new RegExp(`^(?:${pattern})$`).test(text);
  const pairs = (labelSelector ?? '').split(',').filter((pair) => pair !== '');
  const labels = Object.fromEntries(pairs.map((pair) => pair.split('='))) as Record<string, string>;
  const { kind: ofKind, metadata } = manifest;
  return fits(kind, ofKind) && fits(name, metadata.name) && selects(labels, metadata.labels);
};
