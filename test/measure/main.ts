import { countOf, guide } from '../guide/guide.js';
import { followsTheLog, linesOf, ownerOf, sumOf } from './lines.js';

// Counts, from git, what the repository is made of: `npm run measure -- <before> <after>`. It asserts nothing.

const [before = '905144c', after = 'HEAD'] = process.argv.slice(2);
const [old, now] = [linesOf(before), linesOf(after)];

const row = (name: string, counts: (path: string) => boolean): string => {
  const [one, other] = [sumOf(old, counts), sumOf(now, counts)];
  const change = other - one;
  return `${name.padEnd(34)}${String(one).padStart(9)}${String(other).padStart(9)}${(change > 0 ? `+${String(change)}` : String(change)).padStart(9)}`;
};

const owners = [...new Set([...old.keys(), ...now.keys()].map(ownerOf))].sort();
console.log(
  [
    `Lines of production code in ${before} and ${after}`,
    '',
    ...owners.map((owner) => row(owner, (path) => ownerOf(path) === owner)),
    '',
    row('what follows the log, with codes', followsTheLog),
    row('all', () => true),
    '',
    'What docs/adding-a-context.md asks for',
    '',
    ...guide(process.cwd()).map((chapter) => {
      const { files, edits } = countOf(chapter);
      return `${chapter.title.padEnd(34)}${String(files).padStart(4)} new files${String(edits).padStart(4)} edits`;
    }),
  ].join('\n'),
);
