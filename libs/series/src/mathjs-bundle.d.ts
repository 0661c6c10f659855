/** The whole of mathjs in one file: the separate ones, over a thousand, take seconds to load. */
declare module 'mathjs/lib/browser/math.js' {
  import type { create, createUnitDependencies, parseDependencies, unitDependencies } from 'mathjs';
  const mathjs: {
    readonly create: typeof create;
    readonly unitDependencies: typeof unitDependencies;
    readonly createUnitDependencies: typeof createUnitDependencies;
    readonly parseDependencies: typeof parseDependencies;
  };
  export default mathjs;
}
