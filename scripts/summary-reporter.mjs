import { summaryLines } from './summary.mjs';

// Closes a run with one plain line, skipped tests included: a skip is never silent.
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    console.log(['', ...summaryLines(results)].join('\n'));
    if (results.numFailedTestSuites > 0) process.exitCode = 1;
  }
}
