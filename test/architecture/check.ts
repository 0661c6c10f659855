import { concerns, folderOf, forbids, matches, type Rule } from '../../architecture.js';
import type { Import } from './imports.js';

const show = ({ from, line, to }: Omit<Import, 'typesOnly' | 'reexport'>): string =>
  `${from}:${String(line)} -> ${to}`;

/** What breaks a rule, as `file:line -> import`. */
export const violations = (rule: Rule, imports: readonly Import[]): string[] => {
  const concerned = imports.filter(({ from }) => concerns(rule, from));
  const direct = concerned.filter((found) => forbids(rule, found)).map(show);
  const { reaches, through = [] } = rule;
  const followed = imports.filter(({ from }) => !matches(from, through));
  return reaches ? [...direct, ...reached(concerned, reaches, followed)] : direct;
};

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

const graphOf = (edges: Iterable<readonly [string, string]>): Graph => {
  const graph = new Map<string, Set<string>>();
  for (const [from, to] of edges) graph.set(from, (graph.get(from) ?? new Set()).add(to));
  return graph;
};

/** The shortest way from `start` to each node that it leads to, `start` included. */
const waysFrom = (graph: Graph, start: string): Map<string, string[]> => {
  const ways = new Map([[start, [start]]]);
  for (const [node, way] of ways) {
    for (const next of graph.get(node) ?? []) if (!ways.has(next)) ways.set(next, [...way, next]);
  }
  return ways;
};

/** The ways over imports of values from one of `starts` to something of the patterns. */
const reached = (
  starts: readonly Import[],
  patterns: readonly string[],
  imports: readonly Import[],
): string[] => {
  const values = imports.filter(({ typesOnly }) => !typesOnly);
  const graph = graphOf(values.map(({ from, to }) => [from, to]));
  return starts.flatMap((start) => {
    if (start.typesOnly) return [];
    const ends = [...waysFrom(graph, start.to)].filter(([end]) => matches(end, patterns));
    return ends.map(([, way]) => show({ ...start, to: way.join(' -> ') }));
  });
};

/** The cycles of folders that import each other, each as a way around it; types count too. */
export const cycles = (imports: readonly Import[]): string[] => {
  const edges = imports
    .map(({ from, to }) => [folderOf(from), folderOf(to)] as const)
    .filter(([from, to]) => from !== to);
  const graph = graphOf(edges);
  const found = new Map<string, string>();
  for (const [from, to] of edges) {
    const back = waysFrom(graph, to).get(from);
    if (!back) continue;
    const key = [...back].sort().join();
    if (!found.has(key)) found.set(key, [from, ...back].join(' -> '));
  }
  return [...found.values()];
};
