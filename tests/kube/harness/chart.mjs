// The chart, rendered by helm.
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import yaml from 'js-yaml';

const here = dirname(dirname(fileURLToPath(import.meta.url)));
export const root = dirname(dirname(here));
export const chart = join(root, 'helm');
export const namespace = 'postern-system';
// The version of chart and program.
export const { version } = yaml.load(readFileSync(join(chart, 'Chart.yaml'), 'utf8'));
export const kubeVersions = ['1.25.0', '1.29.0', '1.33.0'];

// A folder that is removed at exit.
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'postern-chart-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

const scratch = folder();
const program = join(here, 'node_modules/.bin/helm');

// Helm stores its files in the scratch folder and uses no network.
const environment = { PATH: process.env.PATH };
for (const name of ['CACHE', 'CONFIG', 'DATA']) environment[`HELM_${name}_HOME`] = join(scratch, name);
const options = { env: environment, encoding: 'utf8', maxBuffer: 64 << 20, timeout: 300_000 };

// { code, out, error }
export function helm(...args) {
  const run = spawnSync(program, args, options);
  if (run.error) throw run.error;
  return { code: run.status, out: run.stdout, error: run.stderr };
}

// [{ name, path }...]: one for each feature.
export function features() {
  return readdirSync(join(chart, 'ci')).sort()
    .map(name => ({ name: name.replace('-values.yaml', ''), path: join(chart, 'ci', name) }));
}

export function feature(name) {
  return yaml.load(readFileSync(join(chart, 'ci', `${name}-values.yaml`), 'utf8'));
}

// Merges values as helm does.
export function over(below, above) {
  const isMap = value => value !== null && typeof value === 'object' && !Array.isArray(value);
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    merged[key] = isMap(value) && isMap(below[key]) ? over(below[key], value) : value;
  }
  return merged;
}

function templateArgs(path, kube, release, of) {
  return ['template', release, of, '--namespace', namespace, '--kube-version', kube, '--values', path];
}

let files = 0;

function written(values) {
  const path = join(scratch, `values-${++files}.json`);
  writeFileSync(path, JSON.stringify(values));
  return path;
}

const rendered = new Map();

// `values`: a map, or the path of a file. Results are cached.
function template({ values = {}, kube = kubeVersions[1], release = 'postern', of = chart } = {}) {
  const key = JSON.stringify([values, kube, release, of]);
  if (!rendered.has(key)) {
    const path = typeof values === 'string' ? values : written(values);
    rendered.set(key, helm(...templateArgs(path, kube, release, of)));
  }
  return rendered.get(key);
}

// { documents } or { error }, in parallel to other renderings.
export function renderBeside({ values, kube }) {
  const args = templateArgs(written(values), kube, 'postern', chart);
  return new Promise(resolve => execFile(program, args, options, (failure, out, error) => {
    resolve(failure ? { error: error || failure.message } : { documents: yaml.loadAll(out).filter(document => document) });
  }));
}

// The documents, in helm's order.
export function render(options) {
  const { code, out, error } = template(options);
  if (code !== 0) throw new Error(`helm template: ${error}`);
  return yaml.loadAll(out).filter(document => document);
}

// The error of helm, which must refuse these values.
export function refusal(options) {
  const { code, error } = template(options);
  if (code === 0) throw new Error(`helm renders ${JSON.stringify(options)}`);
  return error;
}

export function all(documents, kind) {
  return documents.filter(document => document.kind === kind);
}

// The only document of its kind, or of that name.
export function one(documents, kind, name) {
  const found = all(documents, kind).filter(each => !name || each.metadata.name === name);
  if (found.length !== 1) throw new Error(`${found.length} of ${kind} ${name ?? ''}`);
  return found[0];
}

// Pods, and the pod templates of Deployments.
export function pods(documents) {
  return [...all(documents, 'Pod'), ...all(documents, 'Deployment').map(each => each.spec.template)];
}

// A copy of the chart with other files instead of its rules and dashboards: { path: text }.
export function chartWith(others) {
  const copy = join(folder(), 'helm');
  cpSync(chart, copy, { recursive: true, filter: path => basename(path) !== 'files' });
  for (const [path, text] of Object.entries(others)) {
    mkdirSync(dirname(join(copy, 'files', path)), { recursive: true });
    writeFileSync(join(copy, 'files', path), text);
  }
  return copy;
}
