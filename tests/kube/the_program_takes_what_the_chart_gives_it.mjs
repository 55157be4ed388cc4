// The program has every flag and variable that the chart renders, and the template `postern.sidecar` renders
// the same container as `postern inject` with the chart's flags.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import yaml from 'js-yaml';
import { all, feature, features, folder, one, over, pods, render, root } from './harness/chart.mjs';
import { renderConsumer } from './harness/consumer.mjs';
import { injectedBy, postern } from './harness/injector.mjs';

const help = postern(['--help']).out;
const flags = new Set(help.match(/^ {2}--[a-z.-]+/gm).map(each => each.trim()));
const variables = new Set(help.match(/^ {8}\$POSTERN_[A-Z_]+/gm).map(each => each.trim().slice(1)));

const consumers = yaml.load(readFileSync(join(root, 'tests/kube/consumer/values.yaml'), 'utf8')).postern;

// The parts of a pod that the sidecar changes; lists whose order does not matter are sorted.
function plain(pod) {
  const byName = list => [...list].sort((a, b) => a.name.localeCompare(b.name));
  const { metadata, spec } = pod;
  const native = (spec.initContainers ?? []).some(each => each.name === 'postern');
  const container = [...(spec.initContainers ?? []), ...spec.containers].find(each => each.name === 'postern');
  return {
    native,
    container: { ...container, env: byName(container.env), volumeMounts: byName(container.volumeMounts) },
    volumes: byName(spec.volumes),
    imagePullSecrets: spec.imagePullSecrets,
    annotations: metadata.annotations,
    labels: ['postern.io/status', 'postern.io/port'].map(name => metadata.labels[name]),
  };
}

// The pod after `postern inject` with the flags of the chart's injector.
function injected(values) {
  const pod = {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name: 'billing', labels: { 'postern.io/inject': 'true' } },
    spec: { containers: [{ name: 'billing', image: 'billing:1' }] },
  };
  return plain(injectedBy(over(values, { injector: { enabled: true } }), pod));
}

test('the program has every flag', () => {
  assert.ok(flags.size > 20);
  for (const { name, path } of features()) {
    for (const { spec } of pods(render({ values: path }))) {
      const [, ...args] = spec.containers[0].args;
      for (const arg of args) assert.ok(flags.has(arg.split('=')[0]), `${name}: ${arg}`);
    }
  }
});

test('the program has every variable', () => {
  const sidecar = over(feature('sidecar').sidecar, { target: { spiffeId: 'spiffe://a/b' } });
  const { spec } = one(renderConsumer({ values: { sidecar } }), 'Deployment', 'billing').spec.template;
  const { env } = spec.containers.find(each => each.name === 'postern');
  assert.ok(env.length > 15);
  for (const { name } of env) assert.ok(variables.has(name), name);
});

const noTarget = { name: '', url: '', serverName: '' };
for (const [name, values] of Object.entries({
  'the values of the consumer': {},
  'every value of a sidecar': { sidecar: feature('sidecar').sidecar },
  'a native sidecar': { sidecar: { nativeSidecar: true } },
  'a database': { sidecar: { credentials: { existingSecret: '' }, mysql: { existingSecret: 'db' }, ca: { existingConfigMap: 'ca' } } },
  'a web configuration beside a configuration': {
    ...feature('config'),
    sidecar: { ...feature('config').sidecar, target: noTarget, webConfig: { existingSecret: 'web' } },
  },
  'a configuration': { ...feature('config'), sidecar: { ...feature('config').sidecar, target: noTarget } },
})) {
  test(`template and injector agree: ${name}`, () => {
    // Without a cluster the injector treats `auto` as an ordinary container.
    const sidecar = over({ nativeSidecar: false }, values.sidecar ?? {});
    const ours = over(over(consumers, { fullnameOverride: 'fleet' }), { ...values, sidecar });
    const template = one(renderConsumer({ values: ours }), 'Deployment', 'billing').spec.template;
    assert.deepEqual(plain(template), injected(ours));
  });
}

test('the injector takes the names and hosts of the chart, and refuses pods by them', () => {
  const { args } = one(render({ values: feature('locked-annotations') }), 'Deployment').spec.template.spec.containers[0];
  const rules = args.filter(arg => /^--inject\.(locked-annotations|allowed-target-hosts)=/.test(arg));
  const refusal = annotations => postern(['inject', '--pod=-', ...rules], JSON.stringify({
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name: 'billing', labels: { 'postern.io/inject': 'true' }, annotations },
    spec: { containers: [{ name: 'billing', image: 'billing:1' }] },
  })).error;
  assert.equal(refusal({ 'postern.io/target-url': 'https://web.shop.svc' }), '');
  assert.match(refusal({ 'postern.io/target-url': 'https://evil.example' }), /the host evil\.example is not allowed/);
  assert.match(refusal({ 'postern.io/config-map': 'a' }), /postern\.io\/config-map: is locked/);
});

test('the daemon takes the configuration of a ConfigMap', () => {
  const file = join(folder(), 'postern.yml');
  const [map] = all(render({ values: feature('config') }), 'ConfigMap');
  writeFileSync(file, map.data['postern.yml']);
  const { code, out, error } = postern(['--config.check', `--config.file=${file}`]);
  assert.equal(code, 1, out + error);  // the certificates are missing; 2 is a bad configuration
});
