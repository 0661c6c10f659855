/**
 * What closes a run, from jest's results or from what `--json` wrote of them: why tests were skipped,
 * and one plain line with all counts. A suite that did not even load counts as one failed test.
 */
export function summaryLines(results) {
  const tests = results.testResults.flatMap(testsOf);
  const count = (...statuses) => tests.filter(({ status }) => statuses.includes(status)).length;
  const unloaded = results.testResults.filter((suite) => isFailed(suite) && failedIn(suite) === 0);
  const failed = count('failed') + unloaded.length;
  const skipped = count('pending', 'skipped', 'disabled', 'todo');
  return [
    ...[...skipReasons(tests)].map(
      ([reason, skips]) => `skipped: ${skips} ${skips === 1 ? 'test' : 'tests'}: ${reason}`,
    ),
    `tests: ${count('passed')} passed, ${failed} failed, ${skipped} skipped`,
  ];
}

const testsOf = (suite) => suite.assertionResults ?? suite.testResults;
const failedIn = (suite) => testsOf(suite).filter(({ status }) => status === 'failed').length;

/** Whether a suite has a failed test, or did not load. */
export const isFailed = (suite) =>
  suite.status === 'failed' || Boolean(suite.testExecError) || failedIn(suite) > 0;

// Tests that cannot run on this machine say why in the name of their group: `... [skipped: reason]`.
function skipReasons(tests) {
  const counts = new Map();
  for (const test of tests) {
    const reason = /\[skipped: (.*)\]$/m.exec(test.ancestorTitles.join('\n'))?.[1];
    if (test.status === 'pending' && reason) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
}
