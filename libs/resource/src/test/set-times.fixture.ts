import fc from 'fast-check';
import pg from 'pg';

const base = 1_750_000_000_000n;
const ticksPerMs = 10_000n;
/** How the clock of the store goes on from one event to the next, in ticks of 100 ns: it stands, or is set back. */
const steps = fc.constantFrom(0, 1, 4_000, 10_000, 60_000, -5_000, -90_000, 600_000);

/** Gives the events of a stopped node the times of a clock that stands, jumps ahead and is set back. */
export const setTimes = async (url: string, seed: number): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ position: string }>(
    'select position from events order by position',
  );
  const length = { minLength: rows.length, maxLength: rows.length };
  const [walk = []] = fc.sample(fc.array(steps, length), { numRuns: 1, seed });
  let created = base * ticksPerMs;
  for (const [index, { position }] of rows.entries()) {
    created += BigInt(walk[index] ?? 0);
    await client.query('update events set created = $1 where position = $2', [
      created.toString(),
      position,
    ]);
  }
  await client.end();
};
