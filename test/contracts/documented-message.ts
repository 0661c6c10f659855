import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { parse } from 'yaml';

import { projectRoot } from '#testing/build.js';
import type { ReadRecord } from '#testing/kafka/read-independently.js';

import { type Check, schemaCheck } from './json-schema.js';

interface Message {
  readonly headers: object;
  readonly payload: object;
  readonly bindings?: Bindings;
}

interface Bindings {
  readonly kafka: { readonly key: object };
}

interface Document {
  readonly channels: Readonly<Record<string, { readonly messages: object }>>;
  readonly components: {
    readonly messageTraits: { readonly fact: Pick<Message, 'headers'> & { bindings: Bindings } };
    readonly messages: Readonly<Record<string, Message>>;
  };
}

/** What is wrong with the records of a topic by docs/asyncapi.yaml, which is all that a stranger has. */
export const documentedCheck = (topic: string): ((record: ReadRecord) => readonly string[]) => {
  const { channels, components } = parse(
    readFileSync(join(projectRoot, 'docs/asyncapi.yaml'), 'utf8'),
  ) as Document;
  const names = Object.keys(channels[topic]?.messages ?? {});
  const { headers: common, bindings } = components.messageTraits.fact;
  const checks = new Map(names.map((name) => [name, ofMessage(components.messages[name])]));
  const ofMessageAndTrait = schemaCheck(common);

  function ofMessage(message: Message | undefined): (record: ReadRecord) => readonly string[] {
    if (!message) return () => ['is not described'];
    const { key } = (message.bindings ?? bindings).kafka;
    const [headers, payload, keys]: readonly Check[] = [
      schemaCheck(message.headers),
      schemaCheck(message.payload),
      schemaCheck(key),
    ];
    return (record) => {
      const given = Object.fromEntries(record.headers);
      return [
        ...ofMessageAndTrait(given),
        ...(headers?.(given) ?? []),
        ...(keys?.(record.key) ?? []),
        ...(payload?.(JSON.parse(record.value ?? 'null')) ?? []),
      ];
    };
  }

  return (record) => {
    const name = record.headers.get('ce_type') ?? '';
    const problems = checks.get(name)?.(record) ?? ['is no message of the channel'];
    return problems.map((problem) => `${topic}: ${name}: ${problem}`);
  };
};
