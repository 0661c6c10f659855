import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { projectRoot } from '#testing/build.js';

import { type Check, schemaCheck } from './json-schema.js';

interface Message {
  readonly payload: object;
  readonly examples: readonly { readonly payload: object }[];
}

export interface UnitDocument {
  readonly channels: Readonly<
    Record<
      string,
      { readonly address: string; readonly messages: Readonly<Record<string, object>> }
    >
  >;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly messages: Readonly<Record<string, Message>>;
  };
}

export const unitDocumentText = (): string =>
  readFileSync(join(projectRoot, 'docs/unit-protocol.yaml'), 'utf8');

const unitDocument = (): UnitDocument => parse(unitDocumentText()) as UnitDocument;

/** A schema of the document by itself, with those that it refers to. */
const whole = (schema: object, { components: { schemas } }: UnitDocument): object =>
  JSON.parse(
    JSON.stringify({ ...schema, $defs: schemas }).replaceAll('#/components/schemas/', '#/$defs/'),
  ) as object;

export const unitMessageCheck = (name: string, document = unitDocument()): Check =>
  schemaCheck(whole(document.components.messages[name]?.payload ?? {}, document));

/**
 * What is wrong with a message on a topic by docs/unit-protocol.yaml, which is all that who writes a unit has: it has to be
 * one of the messages of the channel. Empty where nothing is wrong.
 */
export const documentedUnitCheck = (): ((kind: string, payload: unknown) => readonly string[]) => {
  const document = unitDocument();
  const checks = Object.fromEntries(
    Object.entries(document.channels).map(([kind, { messages }]) => [
      kind,
      Object.keys(messages).map((name) => [name, unitMessageCheck(name, document)] as const),
    ]),
  );
  return (kind, payload) => {
    const problems = (checks[kind] ?? []).map(([name, check]) => [name, check(payload)] as const);
    if (problems.some(([, found]) => found.length === 0)) return [];
    return [
      `${kind}: ${JSON.stringify(payload)}`,
      ...problems.map(([name, found]) => `${name}: ${found.join(', ')}`),
    ];
  };
};
