// Closes a run with one plain line, skipped tests included: a skip is never silent.
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites } =
      results;
    const failed = numFailedTests + results.numRuntimeErrorTestSuites;
    console.log(
      `\ntests: ${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped`,
    );
    if (numFailedTestSuites > 0) process.exitCode = 1;
  }
}
