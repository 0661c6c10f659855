import { createRequire } from 'node:module';

// CommonJS, whose default export Node hands out wrapped.
const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer');

/** What takes long and stands in small files, since it waits for most of its time or repeats much. */
const long = [
  ...['consumer-contract.', 'frozen.conformance.', 'node.conformance.', 'kafka-fanout.e2e.'],
  ...['takeover.int.', 'hostile-files.int.', 'guide.int.', 'silent-subscription.int.'],
];

/**
 * Without timings of an earlier run the largest files come first. Some small ones are the longest:
 * started last, they would keep everybody waiting.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const isLong = ({ path }) => long.some((name) => path.includes(name));
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}
