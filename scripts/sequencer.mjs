import { createRequire } from 'node:module';

// CommonJS, whose default export Node hands out wrapped.
const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer');

/**
 * Without timings of an earlier run the largest files come first. The contract suites are the longest
 * and stand in small files: started last, they would keep everybody waiting.
 */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const isSuite = ({ path }) => path.includes('consumer-contract.');
    const sorted = super.sort(tests);
    return [...sorted.filter(isSuite), ...sorted.filter((test) => !isSuite(test))];
  }
}
