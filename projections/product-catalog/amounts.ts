import type { DocumentElement } from '#product-registry/product/document.js';

/** How many places the point moves to the left on the way to thousands of the base unit. */
const energyPlaces: Readonly<Record<string, number>> = { Wh: 3, kWh: 0, MWh: -3, GWh: -6, TWh: -9 };
const powerPlaces: Readonly<Record<string, number>> = { W: 3, kW: 0, MW: -3, GW: -6, TW: -9 };

const decimal = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?$/;

/** The decimal `text` divided by 10 to the power of `places`, exactly; null where it is no decimal. */
export const shifted = (text: string, places: number): string | null => {
  const [, sign = '', whole = '', fraction = ''] = decimal.exec(text) ?? [];
  if (whole === '') return null;
  if (places === 0) return text;
  const scale = fraction.length + places;
  const digits = whole + fraction + '0'.repeat(Math.max(0, -scale));
  const padded = digits.padStart(Math.max(0, scale) + 1, '0');
  const point = padded.length - Math.max(0, scale);
  const rest = padded.slice(point);
  return `${sign}${padded.slice(0, point)}${rest === '' ? '' : `.${rest}`}`;
};

const converted = (
  element: DocumentElement | undefined,
  places: Readonly<Record<string, number>>,
): string | null => {
  if (typeof element?.value !== 'string' || element.unit === undefined) return null;
  const by = Object.hasOwn(places, element.unit) ? places[element.unit] : undefined;
  return by === undefined ? null : shifted(element.value, by);
};

/** An energy in kWh as a decimal; null where there is none or its unit is no multiple of the watt hour. */
export const inKilowattHours = (element: DocumentElement | undefined): string | null =>
  converted(element, energyPlaces);

/** A power in kW as a decimal; null where there is none or its unit is no multiple of the watt. */
export const inKilowatts = (element: DocumentElement | undefined): string | null =>
  converted(element, powerPlaces);
