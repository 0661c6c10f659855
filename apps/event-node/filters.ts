import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { RE2JS } from 're2js';

import type { RecordedEvent } from './event.js';
import { IncompleteRequest, invalidArgument } from './failure.js';
import { lookAroundTest, type NameTest, SERVED } from './look-around.js';
import { patternSize, tooLarge } from './pattern-size.js';
import { UnknownSyntax } from './pattern-syntax.js';

type FilterOptions = streams.ReadReq.Options.FilterOptions;
type Expression = streams.ReadReq.Options.FilterOptions.Expression;

const MAX_PATTERN_LENGTH = 1000;
const MAX_PREFIXES = 1000;
const MAX_WINDOW = 100_000;
const DEFAULT_WINDOW = 32;
const LOOK_AROUND = /\(\?<?[=!]/;
/** Names repeat; what was decided about the last of them is kept. */
const REMEMBERED_NAMES = 2_000;

export interface EventFilter {
  readonly matches: (event: RecordedEvent) => boolean;
  /** A checkpoint is due after this many considered events. */
  readonly checkpointEvery: number;
}

/** Throws INVALID_ARGUMENT for an expression that is none, or is one that could run for ever. */
export const eventFilter = (options: FilterOptions, asServer = false): EventFilter => {
  const window = options.hasMax() ? options.getMax() : DEFAULT_WINDOW;
  const multiplier = Math.max(1, options.getCheckpointintervalmultiplier());
  return {
    matches: matcher(options, asServer),
    checkpointEvery: Math.min(Math.max(1, window), MAX_WINDOW) * Math.min(multiplier, MAX_WINDOW),
  };
};

const matcher = (options: FilterOptions, asServer: boolean): EventFilter['matches'] => {
  const byStream = options.getStreamIdentifier();
  if (byStream !== undefined) {
    const accepts = nameTest(byStream, asServer);
    return (event) => accepts(event.stream);
  }
  const byType = options.getEventType();
  if (byType === undefined)
    throw invalidArgument('The filter names neither stream nor event type.');
  const accepts = nameTest(byType, asServer);
  return (event) => accepts(event.type);
};

const nameTest = (expression: Expression, asServer: boolean): NameTest => {
  const prefixes = expression.getPrefixList();
  if (prefixes.length > MAX_PREFIXES) {
    throw invalidArgument(`A filter holds at most ${MAX_PREFIXES} prefixes.`);
  }
  if (prefixes.length > 0) return (name) => prefixes.some((prefix) => name.startsWith(prefix));
  const pattern = expression.getRegex();
  if (pattern === '') throw invalidArgument('The filter has neither prefixes nor a pattern.');
  return patternTest(pattern, asServer);
};

const patternTest = (pattern: string, asServer: boolean): NameTest => {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw invalidArgument(`A pattern is at most ${MAX_PATTERN_LENGTH} characters long.`);
  }
  const reason = tooLarge(patternSize(pattern));
  if (reason !== undefined) throw invalidArgument(`The pattern is not served: ${reason}.`);
  return remembering(compile(pattern, asServer));
};

/** RE2 takes time in proportion to the name, whatever the pattern. */
const compile = (pattern: string, asServer: boolean): NameTest => {
  try {
    const compiled = RE2JS.compile(pattern);
    return (name) => compiled.matcher(name).find();
  } catch (error) {
    if (LOOK_AROUND.test(pattern)) return compileLookAround(pattern, asServer);
    throw new IncompleteRequest(
      `The pattern is not a regular expression of the RE2 syntax: ${reasonOf(error)}`,
    );
  }
};

const compileLookAround = (pattern: string, asServer: boolean): NameTest => {
  try {
    return lookAroundTest(pattern);
  } catch (error) {
    const backtracking = asServer ? backtrackingTest(pattern) : undefined;
    if (backtracking !== undefined) return backtracking;
    const reason = error instanceof UnknownSyntax ? error.message : reasonOf(error);
    throw new IncompleteRequest(`The pattern is not served: ${reason}. ${SERVED}`);
  }
};

/** Backtracks as a real server does, which may take for ever. */
const backtrackingTest = (pattern: string): NameTest | undefined => {
  const [, flags = '', rest = ''] = /^(?:\(\?([is]+)\))?(.*)$/s.exec(pattern) ?? [];
  try {
    const expression = new RegExp(rest, flags);
    return (name) => expression.test(name);
  } catch {
    return undefined;
  }
};

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const remembering = (test: NameTest): NameTest => {
  const known = new Map<string, boolean>();
  return (name) => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const accepted = test(name);
    if (known.size >= REMEMBERED_NAMES) known.clear();
    known.set(name, accepted);
    return accepted;
  };
};
