import { documentedCheck } from '#test/contracts/documented-message.js';
import { topicFaults, type TopicRecord } from '#test/faults/fanout/compare.js';
import { loggedFacts, type TopicOfLog } from '#test/faults/fanout/logged-facts.js';
import { asTopicRecord, type FanoutUnderTest } from '#test/faults/fanout/settled.js';
import { readTopicIndependently } from '#testing/kafka/read-independently.js';

export type PublishedRecord = TopicRecord & { readonly data: Readonly<Record<string, unknown>> };

export interface Published {
  readonly records: readonly PublishedRecord[];
  readonly faults: readonly string[];
}

/** Reads a topic by Kafka's own consumer and holds it against the log and the AsyncAPI document. */
export const publishedFaults = async (
  { brokers, eventStoreUrl }: Pick<FanoutUnderTest, 'brokers' | 'eventStoreUrl'>,
  ofTopic: TopicOfLog,
): Promise<Published> => {
  const { topic } = ofTopic;
  const log = await loggedFacts(eventStoreUrl, ofTopic);
  const records: PublishedRecord[] = [];
  const undocumented: string[] = [];
  const check = documentedCheck(topic);
  await readTopicIndependently({
    brokers,
    topic,
    // What is not there yet is waited for.
    atLeast: log.length,
    onRecord: (record) => {
      undocumented.push(...check(record));
      const data = JSON.parse(record.value ?? 'null') as PublishedRecord['data'];
      records.push({ ...asTopicRecord(record), data });
    },
  });
  const faults = [...topicFaults(records, log), ...undocumented];
  return { records, faults: log.length === 0 ? [`the log holds nothing of ${topic}`] : faults };
};
