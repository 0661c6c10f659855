import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { ProjectionVersion } from '#read-store/schema-names.js';

/** What a compiled version of Voltrace has, as far as another one meets it on the same stores. */
export interface Version {
  readonly projections: readonly ProjectionVersion[];
  /** `<category> <event type>`, those that are read as older shapes included. */
  readonly eventTypes: ReadonlySet<string>;
  /** Migrations that no older version runs beside. */
  readonly breaking: readonly string[];
}

interface Projections {
  readonly projections: readonly ProjectionVersion[];
}

interface Contexts {
  readonly contexts: readonly {
    readonly categories: readonly {
      readonly category: string;
      readonly events: object;
      readonly upcasts?: object;
    }[];
  }[];
}

/** Of the compiled sources in `dist`, as they say themselves. */
export const versionIn = async (dist: string): Promise<Version> => {
  const load = async <T>(path: string): Promise<T> =>
    (await import(pathToFileURL(join(dist, path)).href)) as T;
  const { projections } = await load<Projections>('projections/all.js');
  const { contexts } = await load<Contexts>('apps/contexts.js');
  const types = contexts
    .flatMap(({ categories }) => categories)
    .flatMap(({ category, events, upcasts }) =>
      Object.keys({ ...events, ...upcasts }).map((type) => `${category} ${type}`),
    );
  return {
    projections: projections.map(({ name, version }) => ({ name, version })),
    eventTypes: new Set(types),
    breaking: ['libs', 'projections'].flatMap((folder) => breakingIn(join(dist, folder))),
  };
};

const breakingIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => /migrations\/\d{6}_\w+\.sql$/.test(path))
    .filter((path) => readFileSync(join(folder, path), 'utf8').startsWith('-- breaking'));

/** The projections of `newer` that `older` has in no or in another version. */
export const raised = (older: Version, newer: Version): readonly ProjectionVersion[] =>
  newer.projections.filter(
    ({ name, version }) =>
      !older.projections.some((one) => one.name === name && one.version === version),
  );

/** Event types that `older` cannot read: it waits where it meets one, and refuses changes of such a stream. */
export const unknownTypes = (older: Version, newer: Version): readonly string[] =>
  [...newer.eventTypes].filter((type) => !older.eventTypes.has(type));

/** Migrations of `newer` for which the processes of `older` have to be stopped. */
export const breakingSince = (older: Version, newer: Version): readonly string[] =>
  newer.breaking.filter((path) => !older.breaking.includes(path));
