import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { JsonReporter } from 'vitest/node';

import { summaryLines } from './summary.mjs';

/** Under the name of its source. */
const bySource = (suite) => {
  const root = process.env.VOLTRACE_COMPILED;
  if (!root) return suite;
  return { ...suite, name: suite.name.replace(resolve(root), resolve()).replace(/\.js$/, '.ts') };
};

/**
 * Closes a run with one plain line, skipped tests included: a skip is never silent. With
 * `VOLTRACE_TEST_RESULTS` it writes them to that file instead, for who runs some of them again.
 */
export default class SummaryReporter extends JsonReporter {
  #errors = [];

  onTestRunEnd(modules, errors) {
    // Of no test: a worker that died with its suite, or what was thrown after the end.
    this.#errors = errors.map(({ message }) => message);
    return super.onTestRunEnd(modules);
  }

  writeReport(report) {
    const { testResults } = JSON.parse(report);
    const results = { testResults: testResults.map(bySource), errors: this.#errors };
    const file = process.env.VOLTRACE_TEST_RESULTS;
    if (file) writeFileSync(file, JSON.stringify(results));
    else console.log(['', ...summaryLines(results)].join('\n'));
    return Promise.resolve();
  }
}
