import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { contracts } from '#apps/contracts.js';
import { renderAsyncApi } from '#test/generate/asyncapi.js';
import { projectRoot } from '#testing/build.js';

import { asyncApiLint, asyncApiProblems } from './asyncapi-problems.js';
import { messagesOf } from './example-events.js';
import { schemaCheck } from './json-schema.js';

interface Message {
  readonly name: string;
  readonly bindings?: { readonly kafka: { readonly key: { readonly description: string } } };
  readonly payload: object;
  readonly examples: readonly { readonly headers: object; readonly payload: object }[];
}

interface Document {
  readonly channels: Readonly<Record<string, { readonly messages: object }>>;
  readonly components: {
    readonly messageTraits: { readonly fact: { readonly headers: object } };
    readonly messages: Readonly<Record<string, Message>>;
  };
}

const committed = readFileSync(join(projectRoot, 'docs/asyncapi.yaml'), 'utf8');
const { channels, components } = parse(committed) as Document;

describe('docs/asyncapi.yaml', () => {
  it('is what the contracts say', () => {
    expect(renderAsyncApi(contracts)).toBe(committed);
  });

  it('is valid for the parser of the AsyncAPI initiative', async () => {
    expect(await asyncApiProblems(committed)).toEqual([]);
  });

  it('gives the rules of spectral:asyncapi nothing to say', async () => {
    expect(await asyncApiLint(committed)).toEqual([]);
    expect(await asyncApiLint('asyncapi: 3.1.0')).not.toEqual([]);
  });

  it('would be found wrong', async () => {
    const broken = committed
      .replace('action: send', 'action: shout')
      .replace(/components\/messages\/[\w.-]+/, 'components/messages/Nothing');
    const problems = (await asyncApiProblems(broken)).join('\n');
    expect(problems).toContain('action');
    expect(problems).toContain('Nothing');
  });

  it('says of messages that are not keyed by stream what they are keyed by', () => {
    const keys = Object.values(components.messages).flatMap(({ name, bindings }) =>
      bindings ? [[name, bindings.kafka.key.description]] : [],
    );
    expect(keys).toEqual([
      ['voltrace.battery-lab.CyclerSamplesRecorded.v1', 'The experiment, as in the data.'],
      ['voltrace.telemetry.SamplesRecorded.v1', 'The device, as in the data.'],
      ['voltrace.telemetry.SampleCorrected.v1', 'The device, as in the data.'],
    ]);
  });

  it.each(messagesOf(contracts).map(({ message, contract }) => [message.name, contract.topic]))(
    'has %s with an example that fits its schemas',
    (name, topic) => {
      expect(Object.keys(channels[topic]!.messages)).toContain(name);
      const message = components.messages[name]!;
      const headersCheck = schemaCheck(components.messageTraits.fact.headers);
      const check = schemaCheck(message.payload);
      expect(message.examples).toHaveLength(1);
      for (const { headers, payload } of message.examples) {
        expect(headersCheck(headers)).toEqual([]);
        expect(headers).toMatchObject({ ce_type: name });
        expect(check(payload)).toEqual([]);
      }
    },
  );
});
