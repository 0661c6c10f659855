/** What envalid keeps of a variable's declaration. */
interface Variable {
  readonly desc?: string;
  readonly default?: unknown;
  readonly choices?: readonly unknown[];
}

/** The environment of each process as Markdown. */
export const renderConfiguration = (
  processes: Readonly<Record<string, Readonly<Record<string, Variable>>>>,
): string => {
  const sections = Object.entries(processes).map(([name, variables]) =>
    [
      `## ${name}`,
      '',
      '| variable | default | about |',
      '|---|---|---|',
      ...Object.entries(variables).map(
        ([variable, { desc = '', ...rest }]) =>
          `| \`${variable}\` | ${shownDefault(rest)} | ${desc} |`,
      ),
      '',
    ].join('\n'),
  );
  return [
    '# Configuration',
    '',
    'Generated from the declarations of the processes by `npm run generate`. Every process checks its environment at',
    'start and names what is wrong. `.env` is read in development. Instead of a variable `X`, `X_FILE` may name a file',
    'that holds its value, such as a mounted secret; a line break at its end is left off.',
    '',
    ...sections,
  ].join('\n');
};

const shownDefault = (variable: Variable): string => {
  if (!('default' in variable)) return 'required';
  const value = variable.default;
  return typeof value === 'string' || typeof value === 'number' ? `\`${String(value)}\`` : 'none';
};
