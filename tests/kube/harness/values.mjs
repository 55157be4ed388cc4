// The comments of values.yaml.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import yaml from 'js-yaml';
import { chart } from './chart.mjs';

export const defaults = yaml.load(readFileSync(join(chart, 'values.yaml'), 'utf8'));
export const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8'));

export function valueAt(path) {
  return path.split('.').reduce((value, key) => value[key], defaults);
}

// The part of the schema that a reference names.
export function resolved(part) {
  return part.$ref ? schema.definitions[part.$ref.replace('#/definitions/', '')] : part;
}

// [{ path, meaning }...]: the keys with a comment after `# --`, in their order.
export function documented() {
  const found = [];
  const above = [];  // [{ indent, key }...]: the keys that contain the line
  let comment = [];
  for (const line of readFileSync(join(chart, 'values.yaml'), 'utf8').split('\n')) {
    const words = line.match(/^ *# ?(.*)$/);
    if (words) {
      if (words[1].startsWith('-- ')) comment = [words[1].slice(3)];
      else if (comment.length) comment.push(words[1]);
      continue;
    }
    const key = line.match(/^( *)([A-Za-z-]+):/);
    if (key) {
      while (above.length && above.at(-1).indent >= key[1].length) above.pop();
      above.push({ indent: key[1].length, key: key[2] });
      const path = above.map(each => each.key).join('.');
      if (comment.length) found.push({ path, meaning: comment.join(' ') });
    }
    comment = [];
  }
  return found;
}
