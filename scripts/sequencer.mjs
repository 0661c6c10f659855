import { BaseSequencer } from 'vitest/node';

/** What takes long and stands in small files, since it waits for most of its time or repeats much. */
const long = [
  ...['consumer-contract.', 'frozen.conformance.', 'node.conformance.', 'kafka-fanout.e2e.'],
  ...['takeover.int.', 'hostile-files.int.', 'guide.int.', 'silent-subscription.int.'],
];

/**
 * Without timings of an earlier run the largest files come first. Some small ones are the longest:
 * started last, they would keep everybody waiting.
 */
export default class LongestFirst extends BaseSequencer {
  async sort(files) {
    const isLong = ({ moduleId }) => long.some((name) => moduleId.includes(name));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
