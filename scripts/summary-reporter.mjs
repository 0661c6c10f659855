import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { JsonReporter } from 'vitest/node';

import { summaryLines } from './summary.mjs';

/** The name of a suite's source. */
const sourceOf = (name) => {
  const root = process.env.VOLTRACE_COMPILED;
  return root ? name.replace(resolve(root), resolve()).replace(/\.js$/, '.ts') : name;
};

/**
 * Closes a run with one plain line, skipped tests included: a skip is never silent. With
 * `VOLTRACE_TEST_RESULTS` it writes them to that file instead, for who runs some of them again.
 */
export default class SummaryReporter extends JsonReporter {
  #errors = [];

  onTestRunEnd(modules, errors) {
    // Of no test: a worker that died with its suite, or what was thrown beside or after a test.
    this.#errors = errors.map(({ message, VITEST_TEST_PATH: suite }) => ({
      message,
      suite: suite && sourceOf(suite),
    }));
    return super.onTestRunEnd(modules);
  }

  writeReport(report) {
    const { testResults } = JSON.parse(report);
    const named = testResults.map((suite) => ({ ...suite, name: sourceOf(suite.name) }));
    const results = { testResults: named, errors: this.#errors };
    const file = process.env.VOLTRACE_TEST_RESULTS;
    if (file) writeFileSync(file, JSON.stringify(results));
    else console.log(['', ...summaryLines(results)].join('\n'));
    return Promise.resolve();
  }
}
