// Generates the table of helm/README.md from the comments of helm/values.yaml.
//
//   node tests/kube/readme.mjs            checks that the table is up to date
//   node tests/kube/readme.mjs --write    writes it
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './harness/chart.mjs';
import { documented, valueAt } from './harness/values.mjs';

const begin = '<!-- Made of values.yaml by `node tests/kube/readme.mjs --write`. -->\n';
const end = '<!-- End of the values. -->\n';
const path = join(chart, 'README.md');

const rows = documented().map(({ path, meaning }) =>
  `| \`${path}\` | \`${JSON.stringify(valueAt(path))}\` | ${meaning.replaceAll('|', '\\|')} |\n`);
const text = readFileSync(path, 'utf8');
const [before, , after] = text.split(new RegExp(`${begin}([\\s\\S]*)${end}`));
if (after === undefined) throw new Error('README.md has no place for the table');
const wanted = `${before}${begin}\n| value | default | meaning |\n| --- | --- | --- |\n${rows.join('')}\n${end}${after}`;

if (process.argv.includes('--write')) {
  writeFileSync(path, wanted);
} else if (text !== wanted) {
  console.error('helm/README.md is not what values.yaml says: node tests/kube/readme.mjs --write');
  process.exitCode = 1;
}
