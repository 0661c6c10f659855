import { execFileSync } from 'node:child_process';

/** What is not run in production. */
const testCode =
  /\.(spec|fixture|types)\.ts$|^libs\/testing\/|^test\/|\/(test|testing|contract-suite|fixtures)\//;

/** Whether a file counts as production code: TypeScript and SQL of libraries, read models and apps. */
export const isProduction = (path: string): boolean =>
  /^(libs|projections|apps)\/.*\.(ts|sql)$/.test(path) && !testCode.test(path);

/** Lines of each production file of a commit. */
export const linesOf = (commit: string): ReadonlyMap<string, number> => {
  const args = ['grep', '-c', '', commit, '--', 'libs', 'projections', 'apps'];
  const output = execFileSync('git', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return new Map(
    output
      .split('\n')
      .map((line): [string, number] => {
        const [, path = '', count = '0'] = /^[^:]*:(.*):(\d+)$/.exec(line) ?? [];
        return [path, Number(count)];
      })
      .filter(([path]) => isProduction(path)),
  );
};

const assignCodes = /^libs\/product-registry\/(src\/assign-codes|migrations\/\d+_.*codes)/;

/** Where a file counts: its library, else its folder at the top. */
export const ownerOf = (path: string): string => {
  const [top = '', name = ''] = path.split('/');
  return top === 'libs' ? `libs/${name}` : top;
};

/** What follows the log: the engine and its two libraries, and the assigning of codes. */
export const followsTheLog = (path: string): boolean =>
  /^libs\/(fanout|read-store|subscription)\//.test(path) || assignCodes.test(path);

/** The lines of the files for which `counts` holds. */
export const sumOf = (
  lines: ReadonlyMap<string, number>,
  counts: (path: string) => boolean,
): number => [...lines].reduce((sum, [path, count]) => sum + (counts(path) ? count : 0), 0);
