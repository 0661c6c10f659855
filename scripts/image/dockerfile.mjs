// Reads what a container engine reads, as far as our own Dockerfile goes; what it does not know it refuses.

/** The stages in order: name, what each starts from, and its instructions as `{ op, flags, words, text }`. */
export function stagesOf(dockerfile) {
  const stages = [];
  for (const line of logicalLines(dockerfile)) {
    const [, op, rest] = /^([A-Z]+)\s+(.*)$/s.exec(line) ?? [];
    if (op === undefined)
      throw new Error(`The Dockerfile has a line that is no instruction: ${line}`);
    if (op === 'FROM') {
      const [, from, name] = /^(\S+)\s+AS\s+(\S+)$/i.exec(rest) ?? [];
      if (from === undefined) throw new Error(`A stage has no name: FROM ${rest}`);
      stages.push({ name, from, steps: [] });
      continue;
    }
    const words = rest.split(/\s+/);
    const flags = {};
    while (op === 'COPY' && words[0]?.startsWith('--')) {
      const [flag, value] = words.shift().slice(2).split('=');
      flags[flag] = value;
    }
    if (!known.has(op))
      throw new Error(`The Dockerfile has an instruction that nobody here knows: ${op}`);
    const stage = stages.at(-1);
    if (stage === undefined) throw new Error(`There is no stage yet: ${line}`);
    stage.steps.push({ op, flags, words, text: rest });
  }
  return stages;
}

const known = new Set(
  'ARG CMD COPY ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL RUN USER VOLUME WORKDIR'.split(' '),
);

/** Without comments, each with the lines that it goes on in. */
function logicalLines(text) {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  return lines
    .join('\n')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** `A=1 B="x y"` of `ENV` and `LABEL`. */
export function pairsOf(text) {
  const pairs = text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S*))/g);
  return Object.fromEntries([...pairs].map(([, name, quoted, bare]) => [name, quoted ?? bare]));
}

/** What a stage is in the end: its settings, with those of the stages that it starts from. */
export function configOf(stages, name) {
  const stage = stageNamed(stages, name);
  const base = stages.some((other) => other.name === stage.from)
    ? configOf(stages, stage.from)
    : {
        image: stage.from,
        env: {},
        labels: {},
        ports: [],
        volumes: [],
        workdir: '/',
        user: 'root',
      };
  return stage.steps.reduce((config, { op, words, text }) => {
    switch (op) {
      case 'ENV':
        return { ...config, env: { ...config.env, ...pairsOf(text) } };
      case 'LABEL':
        return { ...config, labels: { ...config.labels, ...pairsOf(text) } };
      case 'EXPOSE':
        return { ...config, ports: [...config.ports, ...words.map(Number)] };
      case 'VOLUME':
        return { ...config, volumes: [...config.volumes, ...words] };
      case 'WORKDIR':
        return { ...config, workdir: text };
      case 'USER':
        return { ...config, user: text };
      case 'ENTRYPOINT':
        return { ...config, entrypoint: JSON.parse(text), command: undefined };
      case 'CMD':
        return { ...config, command: JSON.parse(text) };
      case 'HEALTHCHECK':
        return { ...config, healthcheck: JSON.parse(text.slice(text.indexOf('['))) };
      default:
        return config;
    }
  }, base);
}

export function stageNamed(stages, name) {
  const stage = stages.find((other) => other.name === name);
  if (stage === undefined) throw new Error(`The Dockerfile has no stage ${name}.`);
  return stage;
}

/** Whether the builder is given the file: the last pattern of `.dockerignore` that fits it, or a folder above it, decides. */
export function contextFilter(dockerignore) {
  const rules = dockerignore
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const isException = line.startsWith('!');
      return { isException, fits: expressionOf(isException ? line.slice(1) : line) };
    });
  return (path) =>
    rules.reduce(
      (isLeftOut, { isException, fits }) => (fits.test(path) ? !isException : isLeftOut),
      false,
    ) === false;
}

function expressionOf(pattern) {
  const source = pattern.replace(/\*\*\/|\*\*|\*|[.+^$()|[\]\\?{}]/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    return part === '*' ? '[^/]*' : `\\${part}`;
  });
  return new RegExp(`^${source}(?:/.*)?$`);
}
