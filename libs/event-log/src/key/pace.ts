/** How long a new claim is left to whoever made it, before it may be taken over. */
const graceMs = { least: 250, most: 5_000 };
/** In between, as long as so many calls take just now: a registration makes them to use what it claimed. */
const graceCalls = 6;

/** The slowest call that was timed so far: those of others who use the log now are as slow. */
export interface Pace {
  slowestMs: number;
}

export const timed = async <T>(pace: Pace, call: () => Promise<T>): Promise<T> => {
  const began = performance.now();
  try {
    return await call();
  } finally {
    pace.slowestMs = Math.max(pace.slowestMs, performance.now() - began);
  }
};

/** In milliseconds. */
export const graceOf = ({ slowestMs }: Pace): number =>
  Math.min(graceMs.most, Math.max(graceMs.least, graceCalls * slowestMs));
