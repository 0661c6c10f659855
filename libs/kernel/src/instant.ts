const shape =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

const daysOf = (year: number, month: number): number => {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
};

/**
 * Milliseconds since the epoch of an ISO 8601 time with a zone (`2026-02-11T08:00:00Z`); undefined for
 * anything else, days and hours that do not exist among it (the platform's parser rolls them over).
 */
export const parseInstant = (text: string): number | undefined => {
  const [matched, ...fields] = shape.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields.map((field) =>
    Number(field || 0),
  );
  const exists =
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysOf(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 59;
  return exists ? Date.parse(text) : undefined;
};

/** What to tell somebody who gave something else. */
export const instantExpected = 'an ISO 8601 time with zone, such as 2026-02-11T08:00:00Z';

/** Whether the text is an ISO 8601 date (`2026-02-11`) that exists in the calendar. */
export const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && parseInstant(`${text}T00:00:00Z`) !== undefined;
