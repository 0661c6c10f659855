import type { Operation } from './document.js';

export interface HostileAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Refusals with a status of 500 or more that a request can bring about on a system in good health. */
const statedFailures: ReadonlySet<string> = new Set([
  // Whoever asks for a position that nobody has reached waits for it in vain.
  'NOT_YET_VISIBLE',
  'KAFKA_NOT_CONFIGURED',
]);

/** What is wrong with an answer; undefined where it is one of those that are documented. */
export const faultOf = (
  answer: HostileAnswer,
  operation: Operation | undefined,
  codes: ReadonlyMap<string, ReadonlySet<number>>,
): string | undefined => {
  const { status, contentType, text } = answer;
  if (status < 400) {
    const documented = operation === undefined || operation.successes.has(status);
    return documented || status === 204 ? undefined : `success ${String(status)} is not documented`;
  }
  // A part that is down is named by the document of health itself.
  if (operation?.path === '/health/ready' && status === 503) return undefined;
  if (!contentType.startsWith('application/problem+json')) {
    return `${String(status)} is no problem document but ${contentType || 'nothing'}: ${text.slice(0, 200)}`;
  }
  // The answer to HEAD has no body.
  if (text === '') return undefined;
  const problem = problemIn(text);
  if (!problem) return `the problem document is broken: ${text.slice(0, 200)}`;
  const { code } = problem;
  if (problem.status !== status) return `status ${String(status)}, but the document says ${text}`;
  if (codes.get(code)?.has(status) !== true) {
    return `${code} with ${String(status)} is not among the problem codes`;
  }
  return status >= 500 && !statedFailures.has(code)
    ? `${String(status)} ${code}: ${problem.detail}`
    : undefined;
};

interface ProblemMembers {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
}

const required = ['type', 'title', 'status', 'detail', 'instance', 'code', 'trace_id'];

const problemIn = (text: string): ProblemMembers | undefined => {
  try {
    const problem = JSON.parse(text) as Record<string, unknown>;
    const complete = required.every((name) => problem[name] !== undefined);
    return complete ? (problem as unknown as ProblemMembers) : undefined;
  } catch {
    return undefined;
  }
};
