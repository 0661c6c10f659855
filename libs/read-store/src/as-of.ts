import { type ProjectionVersion, schemaOf } from './schema-names.js';

/** The projection that moments are looked up in (`libs/resource`); it is defined with the others. */
export const eventClockVersion = { name: 'event-clock', version: 1 } satisfies ProjectionVersion;
/** The schema of its tables. */
export const eventClockSchema = schemaOf(eventClockVersion);
