type Node = Readonly<Record<string, unknown>>;

/**
 * The steps of a program in the order of their ids. Of a drive cycle the points are counted alone: there may be
 * thousands, and a row is written with every event.
 */
export const programSteps = (nodes: readonly Node[]): readonly Node[] =>
  nodes.flatMap((node) => {
    if ('loop' in node) return programSteps(node['loop'] as readonly Node[]);
    if ('goto' in node) return [];
    const { points } = node;
    return [Array.isArray(points) ? { ...node, points: points.length } : node];
  });
