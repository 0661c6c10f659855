import { stringify } from 'yaml';

import { toRecord } from '#fanout/cloud-event.js';
import { Publication } from '#fanout/fact.js';
import type { Contract } from '#kernel/contract.js';
import { exampleEvent, type MessageOf, messagesOf } from '#test/contracts/example-events.js';

const bindingVersion = '0.5.0';

const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more });
const uuid = (description: string) => text(description, { format: 'uuid' });
const time = (description: string) => text(description, { format: 'date-time' });

const headers = {
  type: 'object',
  description: 'CloudEvents 1.0 in the binary mode of its Kafka binding, and ours. All are UTF-8.',
  required: [
    'content-type',
    'ce_specversion',
    'ce_id',
    'ce_type',
    'ce_source',
    'ce_time',
    'voltrace_revision',
    'voltrace_position',
    'voltrace_recorded_at',
    'voltrace_correlation_id',
    'voltrace_causation_id',
  ],
  properties: {
    'content-type': { const: 'application/json' },
    ce_specversion: { const: '1.0' },
    ce_id: uuid('Of the event, the same in every delivery.'),
    ce_type: text('The name of the message.'),
    ce_source: text('The stream that the fact is of.'),
    ce_time: time('When it happened. UTC.'),
    ce_traceparent: text('W3C trace context of the request that led to it.'),
    voltrace_revision: text('Place in its stream, from 0. Grows, with gaps.', {
      pattern: '^[0-9]+$',
    }),
    voltrace_position: text('Place in the log of all events. Grows, with gaps.', {
      pattern: '^[0-9]+(/[0-9]+)?$',
    }),
    voltrace_recorded_at: time('When it was written to the log. UTC.'),
    voltrace_correlation_id: text('Shared by everything that one request led to.'),
    voltrace_causation_id: text('The command or the event that led to it.'),
  },
};

/** As the relay creates it. An operator may have changed it since. */
const topicConfiguration = {
  'cleanup.policy': ['delete'],
  'retention.ms': -1,
  'retention.bytes': -1,
  'max.message.bytes': 2_097_152,
};

const channelOf = (
  topic: string,
  partitions: number,
  description: string,
  messages: readonly string[],
) => ({
  address: topic,
  description,
  servers: [{ $ref: '#/servers/kafka' }],
  messages: Object.fromEntries(
    messages.map((name) => [name, { $ref: `#/components/messages/${name}` }]),
  ),
  bindings: { kafka: { topic, partitions, topicConfiguration, bindingVersion } },
});

const orderOfFacts =
  'Facts of one key (a stream, unless said otherwise) arrive in their order, each once for a reader with ' +
  '`isolation.level=read_committed`. Members of an object that a reader does not know are passed over: ' +
  'optional ones may be added under the same name of a message.';

const channels = (contract: Contract, messages: readonly MessageOf[]) => {
  const { topic, partitions, summary } = contract;
  const names = messages
    .filter((each) => each.contract === contract)
    .map(({ message: { name } }) => name);
  return { [topic]: channelOf(topic, partitions, `${summary}\n\n${orderOfFacts}`, names) };
};

const kafkaKey = (about: string) => ({ kafka: { key: text(about), bindingVersion } });

const messageOf = (publication: Publication, { category, type, message }: MessageOf) => {
  const published = publication.of(exampleEvent(category.types.category, type, message.example));
  if (!published) throw new Error(`${message.name} is not published`);
  const { name, summary, schema } = message;
  return {
    name,
    title: type,
    summary,
    traits: [{ $ref: '#/components/messageTraits/fact' }],
    // What a message says itself counts before what its trait says.
    ...(category.key && { bindings: kafkaKey(category.key.about) }),
    headers: { type: 'object', properties: { ce_type: { const: name } } },
    payload: schema,
    examples: [
      { name: type, headers: toRecord(published.fact).headers, payload: published.fact.data },
    ],
  };
};

/** The AsyncAPI document of what is published, as an object. */
export const buildAsyncApi = (contracts: readonly Contract[]): object => {
  const messages = messagesOf(contracts);
  const publication = new Publication(contracts);
  const topics = contracts.map(({ topic }) => topic);
  const tags = new Map(
    contracts.map(({ context, summary }) => [context, summary] as const).reverse(),
  );
  return {
    asyncapi: '3.1.0',
    info: {
      title: 'Voltrace',
      version: 'v1',
      description:
        'The facts that Voltrace publishes on Apache Kafka. Generated from the contracts by `npm run generate`.',
      license: {
        name: 'Apache-2.0',
        url: 'https://www.apache.org/licenses/LICENSE-2.0',
      },
      tags: [...tags].reverse().map(([tag, description]) => ({ name: tag, description })),
    },
    defaultContentType: 'application/json',
    servers: {
      kafka: {
        host: '{brokers}',
        protocol: 'kafka',
        description: 'Names of topics may carry a prefix (KAFKA_NAMESPACE) where it is shared.',
        variables: { brokers: { default: 'localhost:9092', description: 'KAFKA_BROKERS' } },
      },
    },
    channels: Object.assign({}, ...contracts.map((each) => channels(each, messages))) as object,
    operations: Object.fromEntries(
      topics.map((topic) => [
        `publish ${topic}`,
        {
          action: 'send',
          channel: { $ref: `#/channels/${topic}` },
          summary: 'The relay publishes what was appended to the log, in its order.',
          description: orderOfFacts,
        },
      ]),
    ),
    components: {
      messageTraits: {
        fact: {
          contentType: 'application/json',
          correlationId: { location: '$message.header#/voltrace_correlation_id' },
          headers,
          bindings: kafkaKey('The stream, as in ce_source.'),
        },
      },
      messages: Object.fromEntries(
        messages.map((each) => [each.message.name, messageOf(publication, each)]),
      ),
    },
  };
};

/** The document as YAML, the same text for the same contracts. */
export const renderAsyncApi = (contracts: readonly Contract[]): string =>
  stringify(buildAsyncApi(contracts), { aliasDuplicateObjects: false, singleQuote: true });
