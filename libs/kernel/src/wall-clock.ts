/**
 * The time of day, in milliseconds since 1970, as this machine has it. It jumps when it is corrected or
 * wakes up: how long something took, and when it is due, is measured with `performance.now()`.
 */
export const wallNow = (): number => Date.now();

/** How long ago a recorded time lies by the time of day, in milliseconds; negative where it lies ahead. */
export const ageMs = (recorded: Date | number): number => wallNow() - Number(recorded);

/** The time of day of a moment of `performance.now()`, as the clock stands by now. */
export const timeOfDay = (moment: number): Date =>
  new Date(wallNow() - (performance.now() - moment));
