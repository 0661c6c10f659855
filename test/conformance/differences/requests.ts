import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';

import {
  allFromStart,
  anyRevision,
  appendMessage,
  appendOptions,
  batch,
  classicAppend,
  identifier,
  proposed,
  read,
  readOptions,
  uuidOf,
  withRaw,
} from '../raw.js';
import { newStream } from '../support.js';
import { batchAnswer, GRACE_MS } from './batch-answer.js';
import { answerOf, type Difference, NO_ANSWER } from './difference.js';

const INVALID = '3 INVALID_ARGUMENT';
const UNKNOWN = '2 UNKNOWN';

const readWith =
  (options: () => streams.ReadReq.Options | undefined): Difference['measure'] =>
  (store) =>
    answerOf(
      withRaw(store, async (raw) => {
        const answers = await read(raw, options(), GRACE_MS);
        return `${answers.length} messages`;
      }),
    );

const readIn = (stream: shared.StreamIdentifier | undefined): streams.ReadReq.Options =>
  readOptions()
    .setCount('1')
    .setStream(
      new streams.ReadReq.Options.StreamOptions()
        .setStreamIdentifier(stream)
        .setStart(new shared.Empty()),
    );

const appendWith =
  (requests: () => streams.AppendReq[]): Difference['measure'] =>
  (store) =>
    answerOf(classicAppend(store, requests()).then(() => 'written'));

const properties = { type: 'ThingHappened', 'content-type': 'application/json' };

const kinder = 'The caller is told what is wrong.';

/** Requests that lack something: no client makes them, a program of one's own may. */
export const requestDifferences: readonly Difference[] = [
  {
    key: 'read-without-options',
    situation: 'A read without options',
    node: INVALID,
    server: UNKNOWN,
    why: kinder,
    measure: readWith(() => undefined),
  },
  {
    key: 'read-without-uuid-option',
    situation: 'A read that does not say in which form it wants ids',
    node: INVALID,
    server: NO_ANSWER,
    why: `${kinder} Against a server, give every call a time limit.`,
    measure: readWith(() =>
      readOptions().setUuidOption(undefined).setAll(allFromStart()).setCount('1'),
    ),
  },
  {
    key: 'read-of-nothing',
    situation: 'A read of neither a stream nor `$all`',
    node: INVALID,
    server: UNKNOWN,
    why: kinder,
    measure: readWith(() => readOptions().setCount('1')),
  },
  {
    key: 'read-without-stream',
    situation: 'A read of a stream that is not named',
    node: INVALID,
    server: UNKNOWN,
    why: kinder,
    measure: readWith(() => readIn(undefined)),
  },
  {
    key: 'read-of-empty-name',
    situation: 'A read of a stream whose name is empty',
    node: INVALID,
    server: UNKNOWN,
    why: kinder,
    measure: readWith(() => readIn(identifier(''))),
  },
  {
    key: 'append-without-id',
    situation: 'An append, in a call of its own, of an event whose id is no UUID',
    node: INVALID,
    server: UNKNOWN,
    why: kinder,
    measure: appendWith(() => [
      appendOptions(newStream()),
      appendMessage(properties, uuidOf('none')),
    ]),
  },
  {
    key: 'append-without-options',
    situation: 'An append, in a call of its own, that begins with an event',
    node: INVALID,
    server: UNKNOWN,
    why: kinder,
    measure: appendWith(() => [appendMessage(properties)]),
  },
  {
    key: 'batch-without-options',
    situation: 'A batch append without options',
    node: 'BadRequest',
    server: NO_ANSWER,
    why: `${kinder} Against a server, give every append a time limit.`,
    measure: (store) => batchAnswer(store, batch({ messages: [proposed()] })),
  },
  {
    key: 'stream-of-prefix-alone',
    situation: 'An append to a stream named `$$`',
    node: 'BadRequest',
    server: 'the process ends',
    why: 'Never send it to a server.',
    onlyNode: true,
    measure: (store) => {
      const options = anyRevision('$$');
      return batchAnswer(store, batch({ options, messages: [proposed()] }));
    },
  },
];
