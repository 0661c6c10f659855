// Closes a run with one plain line, skipped tests included: a skip is never silent.
export default class SummaryReporter {
  onRunComplete(_contexts, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numFailedTestSuites } =
      results;
    const failed = numFailedTests + results.numRuntimeErrorTestSuites;
    console.log('');
    for (const [reason, count] of skipReasons(results)) {
      console.log(`skipped: ${count} ${count === 1 ? 'test' : 'tests'}: ${reason}`);
    }
    console.log(
      `tests: ${numPassedTests} passed, ${failed} failed, ${numPendingTests + numTodoTests} skipped`,
    );
    if (numFailedTestSuites > 0) process.exitCode = 1;
  }
}

// Tests that cannot run on this machine say why in the name of their group: `... [skipped: reason]`.
function skipReasons(results) {
  const counts = new Map();
  for (const test of results.testResults.flatMap((file) => file.testResults)) {
    const reason = /\[skipped: (.*)\]$/m.exec(test.ancestorTitles.join('\n'))?.[1];
    if (test.status === 'pending' && reason) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
}
