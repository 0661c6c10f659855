import { basename } from 'node:path';

/**
 * What closes a run, from its results as the reporter `json` words them: why tests were skipped,
 * and one plain line with all counts. A suite that did not even load counts as one failed test.
 */
export function summaryLines(results) {
  const tests = results.testResults.flatMap(testsOf);
  const count = (...statuses) => tests.filter(({ status }) => statuses.includes(status)).length;
  const unloaded = results.testResults.filter((suite) => isFailed(suite) && failedIn(suite) === 0);
  const failed = count('failed') + unloaded.length;
  const conformance = conformanceLine(results.testResults);
  const skipped = count('pending', 'skipped', 'todo');
  return [
    ...[...skipReasons(tests)].map(
      ([reason, skips]) => `skipped: ${skips} ${skips === 1 ? 'test' : 'tests'}: ${reason}`,
    ),
    ...(conformance === undefined ? [] : [conformance]),
    `tests: ${count('passed')} passed, ${failed} failed, ${skipped} skipped`,
  ];
}

// The rule stands in test/conformance/target.ts as well: a script reads no TypeScript. Change both.
/** Whose answers the conformance suite expects. */
const expected = () =>
  process.env.CONFORMANCE_EXPECT ?? (process.env.EVENTSTORE_URL === undefined ? 'node' : 'server');

/**
 * How the store under test conforms: what passed, what of it differs between the embedded node and a
 * server and is as the table of differences states it, what differs otherwise, and what was not run
 * because only a node of one's own can be asked for it; what was skipped for a reason of its own is in
 * none of these. Undefined for a run without the suite.
 */
export function conformanceLine(testResults, whose = expected()) {
  const suites = testResults.filter((suite) => /\.conformance\.spec\.ts$/.test(suite.name));
  if (suites.length === 0) return undefined;
  const count = (some, ...statuses) =>
    some.flatMap(testsOf).filter(({ status }) => statuses.includes(status)).length;
  const tables = suites.filter((suite) => basename(suite.name).startsWith('differences.'));
  const others = suites.filter((suite) => !tables.includes(suite));
  const unloaded = suites.filter((suite) => isFailed(suite) && failedIn(suite) === 0).length;
  const nodeOnly = suites
    .flatMap(testsOf)
    .filter((test) => test.status === 'skipped' && !skipReasonOf(test)).length;
  const stated =
    whose === 'node' ? 'hold where a server differs' : 'differ from the node as stated';
  return [
    `conformance, as a ${whose} answers: ${count(others, 'passed')} passed`,
    `${count(tables, 'passed')} ${stated}`,
    `${count(suites, 'failed') + unloaded} differ otherwise`,
    `${nodeOnly} are of the node alone and were not run`,
  ].join(', ');
}

const testsOf = (suite) => suite.assertionResults;
const failedIn = (suite) => testsOf(suite).filter(({ status }) => status === 'failed').length;

/** Whether a suite has a failed test, or did not load. */
export const isFailed = (suite) => suite.status === 'failed' || failedIn(suite) > 0;

// Tests that cannot run on this machine say why in the name of their group: `... [skipped: reason]`.
const skipReasonOf = (test) => /\[skipped: (.*)\]$/m.exec(test.ancestorTitles.join('\n'))?.[1];

function skipReasons(tests) {
  const counts = new Map();
  for (const test of tests) {
    const reason = skipReasonOf(test);
    if (test.status === 'skipped' && reason) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
}
