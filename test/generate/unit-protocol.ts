import type { TSchema } from 'typebox';
import { stringify } from 'yaml';

import { gotoSchema, loopSchema, programSchema, stepSchemas } from '#cycling/program/program.js';
import {
  ackExamples,
  birthExample,
  detectionExamples,
  instructionExamples,
  leaseExample,
  resendExample,
  samplesExample,
  stateExample,
  stepExamples,
} from '#cycling/protocol/examples.js';
import {
  confirmLimitsSchema,
  detectSchema,
  leaseSchema,
  plainInstructionSchema,
  resendSchema,
  resumeSchema,
  startSchema,
} from '#cycling/protocol/instructions.js';
import {
  birthSchema,
  cyclerSamplesSchema,
  detectionSchema,
  instructionAckSchema,
  stateSchema,
  stepMessageSchema,
} from '#cycling/protocol/messages.js';
import { envelopeSchema } from '#device-link/envelope.js';
import { type DownKind, downTopic, type UpKind, upTopic } from '#device-link/topics.js';

import { instructionTexts, overview, topicTexts } from './unit-protocol-texts.js';

const bindingVersion = '0.2.0';
const schemaRef = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const { drive, ...steps } = stepSchemas;
/** A pair is said in other ways by each version of JSON Schema; in this one by all of them. */
const pair = { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 };
const points = { ...drive.properties.points, items: pair };

/** A program with what its schema leaves to the reader: steps, loops in loops, jumps. */
const schemas = {
  Program: {
    ...programSchema,
    properties: {
      ...programSchema.properties,
      steps: { ...programSchema.properties.steps, items: schemaRef('ProgramNode') },
    },
  },
  ProgramNode: {
    description: 'A step, a loop or a jump.',
    anyOf: [
      ...Object.values(steps),
      { ...drive, properties: { ...drive.properties, points } },
      {
        ...loopSchema,
        properties: {
          ...loopSchema.properties,
          loop: { ...loopSchema.properties.loop, items: schemaRef('ProgramNode') },
        },
      },
      gotoSchema,
    ],
  },
};

interface Described {
  readonly name: string;
  readonly summary: string;
  readonly body: object;
  readonly examples: readonly object[];
}

const startWithProgram = {
  ...startSchema,
  properties: { ...startSchema.properties, program: schemaRef('Program') },
};

const instructionOf = (
  name: string,
  kind: keyof typeof instructionExamples,
  body: object = plainOf(kind),
): Described => ({
  ...{ name, summary: instructionTexts[kind], body },
  examples: [instructionExamples[kind]],
});

/** One of the plain instructions, by its own name. */
const plainOf = (kind: string) => ({
  ...plainInstructionSchema,
  properties: { ...plainInstructionSchema.properties, kind: { type: 'string', const: kind } },
});

const down: Readonly<Record<Exclude<DownKind, 'config'>, readonly Described[]>> = {
  instructions: [
    instructionOf('confirmLimits', 'confirm-limits', confirmLimitsSchema),
    instructionOf('start', 'start', startWithProgram),
    instructionOf('resume', 'resume', resumeSchema),
    instructionOf('pause', 'pause'),
    instructionOf('stop', 'stop'),
    instructionOf('outputOff', 'output-off'),
    instructionOf('resetTrip', 'reset-trip'),
    instructionOf('detect', 'detect', detectSchema),
    {
      ...{ name: 'resend', summary: 'Messages of a session are missing: send them again.' },
      ...{ body: resendSchema, examples: [resendExample] },
    },
  ],
  lease: [
    {
      ...{ name: 'lease', summary: 'Somebody supervises the unit: it may go on until then.' },
      ...{ body: leaseSchema, examples: [leaseExample] },
    },
  ],
};

const said = (
  name: string,
  summary: string,
  body: TSchema,
  examples: readonly object[],
): Described => ({ name, summary, body, examples });

const up: Readonly<Record<Exclude<UpKind, 'reports' | 'occurrences'>, readonly Described[]>> = {
  birth: [said('birth', 'The unit has started: a session begins.', birthSchema, [birthExample])],
  state: [
    said('state', 'The unit is connected again, or gone (last will).', stateSchema, [stateExample]),
  ],
  samples: [said('samples', 'What was measured.', cyclerSamplesSchema, [samplesExample])],
  steps: [said('step', 'What happened in an experiment.', stepMessageSchema, stepExamples)],
  acks: [
    said(
      'acknowledgement',
      'An instruction is done or refused.',
      instructionAckSchema,
      ackExamples,
    ),
    said('detection', 'Which devices are connected.', detectionSchema, detectionExamples),
  ],
};
const upKinds = Object.keys(up) as readonly (keyof typeof up)[];
const downKinds = Object.keys(down) as readonly (keyof typeof down)[];

/** A body in its envelope, as a unit sends it. */
const enveloped = ({ body, examples, ...texts }: Described, index: number): Described => ({
  ...texts,
  body: { ...envelopeSchema, properties: { ...envelopeSchema.properties, body } },
  examples: examples.map((example, more) => ({
    ...{ v: 1, id: 'unit-7', session: 'boot-17', seq: index + more + 1 },
    ...{ sentAt: '2026-05-04T11:00:00.250Z', body: example },
  })),
});

const messageOf = ({ name, summary, body, examples }: Described, correlatedBy?: string) => ({
  ...{ name, title: name, summary, contentType: 'application/json', payload: body },
  ...(correlatedBy !== undefined && {
    correlationId: {
      description: 'The instruction that is answered.',
      location: `$message.payload#${correlatedBy}`,
    },
  }),
  examples: examples.map((payload) => ({ name, payload })),
});

const channelOf = (
  address: string,
  kind: keyof typeof topicTexts,
  messages: readonly Described[],
) => ({
  address,
  description: topicTexts[kind],
  servers: [{ $ref: '#/servers/broker' }],
  parameters: { unit: { description: 'Id of the unit, which is its user name.' } },
  messages: Object.fromEntries(
    messages.map(({ name }) => [name, { $ref: `#/components/messages/${name}` }]),
  ),
});

const operationOf = (
  action: 'send' | 'receive',
  kind: keyof typeof topicTexts,
  { qos, retain = false }: { readonly qos: 0 | 1; readonly retain?: boolean },
) => ({
  action,
  channel: { $ref: `#/channels/${kind}` },
  summary: `The unit ${action === 'send' ? 'sends' : 'gets'} ${kind}.`,
  description: topicTexts[kind],
  bindings: { mqtt: { qos, ...(action === 'send' && { retain }), bindingVersion } },
  ...(kind === 'instructions' && {
    reply: {
      channel: { $ref: '#/channels/acks' },
      messages: ['acknowledgement', 'detection'].map((name) => ({
        $ref: `#/channels/acks/messages/${name}`,
      })),
    },
  }),
});

const retained: readonly string[] = ['birth', 'state'];

/** The AsyncAPI document of the protocol between units and the server, from the unit's side, as an object. */
export const buildUnitProtocol = (): object => ({
  asyncapi: '3.1.0',
  info: {
    title: 'Voltrace: protocol of computational units',
    version: '1',
    description: overview,
    license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    tags: [{ name: 'lab', description: 'Units that run programs on batteries.' }],
  },
  defaultContentType: 'application/json',
  servers: {
    broker: {
      host: '{broker}',
      protocol: 'mqtt',
      protocolVersion: '3.1.1',
      description: 'The embedded broker, or Mosquitto with the bridge.',
      variables: { broker: { default: 'localhost:1883', description: 'MQTT_PORT' } },
      security: [{ $ref: '#/components/securitySchemes/credential' }],
      bindings: {
        mqtt: {
          ...{ clientId: 'unit-7', cleanSession: false, keepAlive: 15, bindingVersion },
          lastWill: {
            ...{ topic: upTopic('unit-7', 'state'), qos: 1, retain: true },
            message: 'An envelope with seq 0 and the body {"state": "offline"}.',
          },
        },
      },
    },
  },
  channels: Object.fromEntries([
    ...downKinds.map((kind) => [kind, channelOf(downTopic('{unit}', kind), kind, down[kind])]),
    ...upKinds.map((kind) => [kind, channelOf(upTopic('{unit}', kind), kind, up[kind])]),
  ]),
  operations: Object.fromEntries([
    ...downKinds.map((kind) => [
      `receive ${kind}`,
      operationOf('receive', kind, { qos: kind === 'lease' ? 0 : 1 }),
    ]),
    ...upKinds.map((kind) => [
      `send ${kind}`,
      operationOf('send', kind, { qos: 1, retain: retained.includes(kind) }),
    ]),
  ]),
  components: {
    securitySchemes: {
      credential: {
        type: 'userPassword',
        description:
          'The id of the unit, and the secret of a credential of its device (`voltrace devices credentials issue`).',
      },
    },
    schemas,
    messages: Object.fromEntries([
      ...Object.values(down)
        .flat()
        .map((one) => [
          one.name,
          messageOf(one, 'instruction' in (one.examples[0] ?? {}) ? '/instruction' : undefined),
        ]),
      ...Object.values(up)
        .flat()
        .map((one, index) => [
          one.name,
          messageOf(
            enveloped(one, index),
            'instruction' in (one.examples[0] ?? {}) ? '/body/instruction' : undefined,
          ),
        ]),
    ]),
  },
});

/** The document as YAML, the same text each time. */
export const renderUnitProtocol = (): string =>
  stringify(buildUnitProtocol(), {
    ...{ aliasDuplicateObjects: false, singleQuote: true, blockQuote: 'literal', lineWidth: 0 },
  });
