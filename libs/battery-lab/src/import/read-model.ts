import type { ProjectionVersion } from '#read-store/schema-names.js';

/**
 * The read model of experiments, which imports that were lost are found in; it is defined with the others. The version
 * is raised with each change of what the rows are.
 */
export const experimentsVersion = { name: 'experiments', version: 6 } satisfies ProjectionVersion;
