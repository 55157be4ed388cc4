// The chart as helm renders it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import yaml from 'js-yaml';

const here = dirname(dirname(fileURLToPath(import.meta.url)));
export const root = dirname(dirname(here));
export const chart = join(root, 'helm');
export const namespace = 'postern-system';
// The chart's and the program's.
export const { version } = yaml.load(readFileSync(join(chart, 'Chart.yaml'), 'utf8'));
export const kubeVersions = ['1.25.0', '1.29.0', '1.33.0'];

// A folder that goes with the process.
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'postern-chart-'));
  process.on('exit', () => rmSync(path, { recursive: true, force: true }));
  return path;
}

const scratch = folder();

// { code, out, error }. Helm keeps what it keeps in the scratch folder and talks to nobody.
export function helm(...args) {
  const environment = { PATH: process.env.PATH };
  for (const name of ['CACHE', 'CONFIG', 'DATA']) environment[`HELM_${name}_HOME`] = join(scratch, name);
  const run = spawnSync(join(here, 'node_modules/.bin/helm'), args,
    { env: environment, encoding: 'utf8', maxBuffer: 64 << 20, timeout: 60_000 });
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

const rendered = new Map();

// `values`: a map, or the path of a file. What has been rendered once is not rendered again.
function template({ values = {}, kube = kubeVersions[1], release = 'postern', of = chart } = {}) {
  const key = JSON.stringify([values, kube, release, of]);
  if (!rendered.has(key)) {
    let path = values;
    if (typeof values !== 'string') {
      path = join(scratch, `values-${rendered.size}.json`);
      writeFileSync(path, JSON.stringify(values));
    }
    const args = ['--namespace', namespace, '--kube-version', kube, '--values', path];
    rendered.set(key, helm('template', release, of, ...args));
  }
  return rendered.get(key);
}

// The documents, in helm's order.
export function render(options) {
  const { code, out, error } = template(options);
  if (code !== 0) throw new Error(`helm template: ${error}`);
  return yaml.loadAll(out).filter(document => document);
}

// What helm says where it must not render.
export function refusal(options) {
  const { code, error } = template(options);
  if (code === 0) throw new Error(`helm renders ${JSON.stringify(options)}`);
  return error;
}

export function all(documents, kind) {
  return documents.filter(document => document.kind === kind);
}

// The only one of its kind, or the only one of that name.
export function one(documents, kind, name) {
  const found = all(documents, kind).filter(each => !name || each.metadata.name === name);
  if (found.length !== 1) throw new Error(`${found.length} of ${kind} ${name ?? ''}`);
  return found[0];
}

// Pods, and the templates of those that a Deployment makes.
export function pods(documents) {
  return [...all(documents, 'Pod'), ...all(documents, 'Deployment').map(each => each.spec.template)];
}

// A copy of the chart with other files in the place of its own rules and dashboards: { path: text }.
export function chartWith(others) {
  const copy = join(folder(), 'helm');
  cpSync(chart, copy, { recursive: true, filter: path => basename(path) !== 'files' });
  for (const [path, text] of Object.entries(others)) {
    mkdirSync(dirname(join(copy, 'files', path)), { recursive: true });
    writeFileSync(join(copy, 'files', path), text);
  }
  return copy;
}
