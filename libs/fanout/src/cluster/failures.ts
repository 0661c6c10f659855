/** Another relay has acquired the id, or the broker took this one for dead: its open transaction is void. */
export class Fenced extends Error {
  override readonly name = 'Fenced';
}

/** Kafka does not hold what the relay knows to have written. Nothing is published until an operator decides. */
export class NeedsOperator extends Error {
  override readonly name: string = 'NeedsOperator';
}

/** What a reset of the topic repairs. */
export class TopicLost extends NeedsOperator {
  override readonly name = 'TopicLost';
  constructor(topic: string, what: string) {
    super(`${what}; once you know why: voltrace relay reset ${topic}`);
  }
}

interface KafkaFailure extends Error {
  readonly type?: string;
  readonly code?: string | number;
  readonly cause?: unknown;
  /** Of a request about several things: what became of each. */
  readonly errors?: readonly unknown[];
  /** Of a topic that could not be made. */
  readonly topic?: string;
}

/** kafkajs wraps: the retries that were exceeded, the error that was not retried, then the error of the broker. */
const chainOf = (error: unknown): KafkaFailure[] => {
  const chain: KafkaFailure[] = [];
  for (let each = error; each instanceof Error && chain.length < 8;) {
    const failure: KafkaFailure = each;
    chain.push(failure);
    each = failure.cause ?? failure.errors?.[0];
  }
  return chain;
};

/** The broker's name of the error, such as `MESSAGE_TOO_LARGE`; undefined where no broker named one. */
export const brokerErrorOf = (error: unknown): string | undefined =>
  chainOf(error).find(({ type }) => typeof type === 'string')?.type;

/** What a broker answers to a producer whose transactional id a newer one has, or whose transaction it ended itself. */
const fencing = new Set([
  'INVALID_PRODUCER_EPOCH',
  'INVALID_TXN_STATE',
  'INVALID_PRODUCER_ID_MAPPING',
  'TRANSACTION_COORDINATOR_FENCED',
]);
/** PRODUCER_FENCED is younger than kafkajs. */
const unknownFencing = /unknown error code 90\b/i;

export const isFencing = (error: unknown): boolean =>
  error instanceof Fenced ||
  fencing.has(brokerErrorOf(error) ?? '') ||
  chainOf(error).some(({ message }) => unknownFencing.test(message));

export const isTooLarge = (error: unknown): boolean =>
  ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'].includes(brokerErrorOf(error) ?? '');

/** One line for the status, the log and readiness: our own message, else that of the innermost error. */
export const describeFailure = (error: unknown): string => {
  const chain = chainOf(error);
  const telling = chain.find(({ name }) => !name.startsWith('KafkaJS')) ?? chain.at(-1);
  if (!telling) return String(error).slice(0, 500);
  const { type, code, topic, message } = telling;
  const named = type ?? (typeof code === 'string' ? code : undefined);
  const text = named === undefined || message.includes(named) ? message : `${named}: ${message}`;
  return (topic === undefined ? text : `topic ${topic}: ${text}`).slice(0, 500);
};
