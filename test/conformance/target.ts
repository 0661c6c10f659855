/** Whose answers are expected where the node and a server differ: see `differences.ts`. */
export type Target = 'node' | 'server';

/** A running store to test, which others may use meanwhile; without one the suite starts nodes of its own. */
export const external = process.env['EVENTSTORE_URL'];

const chosen = process.env['CONFORMANCE_EXPECT'] ?? (external === undefined ? 'node' : 'server');
if (chosen !== 'node' && chosen !== 'server') {
  throw new Error(`CONFORMANCE_EXPECT is "node" or "server", not "${chosen}"`);
}
export const target: Target = chosen;
