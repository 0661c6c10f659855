// Runs the tests by the command that its arguments are, and each suite that failed once more, alone.
// A suite that passes then does not fail the run: the run ends with `FLAKY <suite>` and both outputs,
// so that somebody mends it. What fails twice, and a runner that crashes, fails the run.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { isFailed, summaryLines } from './summary.mjs';

/** More are no accident, and would take as long as the run itself. */
const mostReruns = 20;

const summaryReporter = join(import.meta.dirname, 'summary-reporter.mjs');
const folder = mkdtempSync(join(tmpdir(), 'voltrace-results-'));
try {
  process.exitCode = await main(process.argv.slice(2));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function main(command) {
  const first = await runTests(command, []);
  if (!first.results) return crashed(first);
  const failed = first.results.testResults.filter(isFailed);
  // A worker that died leaves its suite out of the results; what a failed test threw beside it goes with it.
  const ofNone = ({ suite }) => !failed.some(({ name }) => name === suite);
  if (first.results.errors.some(ofNone) || (first.exitCode !== 0 && failed.length === 0))
    return crashed(first);
  const again = failed.length > mostReruns ? [] : await rerun(command, failed);
  for (const { suite, output } of again.filter(({ passed }) => passed)) {
    console.log(`\nFLAKY ${nameOf(suite)}`);
    const failures = [
      suite.message,
      ...suite.assertionResults.flatMap(({ failureMessages }) => failureMessages ?? []),
    ].join('\n');
    console.log(`\nIt failed in the whole run:\n${failures}\n\nIt passed alone:\n${output}`);
  }
  const last = (suite) => again.find((other) => other.suite === suite)?.last ?? suite;
  const testResults = first.results.testResults.map(last);
  console.log(['', ...summaryLines({ testResults })].join('\n'));
  return testResults.some(isFailed) ? 1 : 0;
}

async function rerun(command, failed) {
  const runs = [];
  for (const suite of failed) {
    console.log(`\nOnce more, alone: ${nameOf(suite)}`);
    const run = await runTests(command, ['--maxWorkers=1', nameOf(suite)]);
    const last = run.results?.testResults.find(({ name }) => name === suite.name) ?? suite;
    const passed = run.exitCode === 0 && !isFailed(last);
    runs.push({ suite, output: run.output, passed, last: passed ? last : suite });
  }
  return runs;
}

function crashed({ exitCode, signal }) {
  console.error(`The test runner itself failed: ${signal ?? `exit code ${exitCode}`}.`);
  return exitCode || 1;
}

function nameOf({ name }) {
  return relative(process.cwd(), name);
}

/** Passes the output on as it comes. `results` is missing where the runner wrote none. */
async function runTests([program, ...words], options) {
  const outputFile = join(folder, 'results.json');
  rmSync(outputFile, { force: true });
  const reporters = ['--reporter=default', `--reporter=${summaryReporter}`];
  const child = spawn(program, [...words, ...reporters, ...options], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, VOLTRACE_TEST_RESULTS: outputFile },
  });
  let output = '';
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.setEncoding('utf8').on('data', (text) => {
      output += text;
      to.write(text);
    });
  }
  const [exitCode, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  return { exitCode, signal, output, results: resultsIn(outputFile) };
}

function resultsIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
