// Every leaf and every map of values.yaml is set to null, one at a time. The chart renders without it to
// manifests that both checkers accept, or refuses it with its name. It never causes a template error, and the
// output has no `null` or `<nil>`.
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { after, describe, test } from 'node:test';
import { feature, one, over, render, renderBeside } from './harness/chart.mjs';
import { renderConsumer } from './harness/consumer.mjs';
import { injectedBy, injectedWith } from './harness/injector.mjs';
import { complaints } from './harness/manifest.mjs';
import { defaults, valueAt } from './harness/values.mjs';

function isMap(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

// Every path of values.yaml, a map before its members.
function paths(values, above = '') {
  return Object.entries(values).flatMap(([key, value]) => {
    const path = above ? `${above}.${key}` : key;
    return isMap(value) ? [path, ...paths(value, path)] : [path];
  });
}

function withNull(base, path) {
  return over(base, path.split('.').reverse().reduce((below, key) => ({ [key]: below }), null));
}

// The places of nulls in the output.
function nulls(value, path) {
  if (value === null || String(value).includes('<nil>')) return [path];
  return typeof value === 'object' ? Object.entries(value).flatMap(([key, each]) => nulls(each, `${path}.${key}`)) : [];
}

const pod = {
  apiVersion: 'v1', kind: 'Pod',
  metadata: {
    name: 'web', labels: { 'postern.io/inject': 'true' },
    annotations: { 'postern.io/target-url': 'https://localhost:8443', 'postern.io/credentials-secret': 'a' },
  },
  spec: { containers: [{ name: 'web', image: 'web:1' }] },
};

function sidecarOf({ spec }) {
  return [...(spec.initContainers ?? []), ...spec.containers].find(each => each.name === 'postern');
}

const every = paths(defaults);
const maps = every.filter(path => isMap(valueAt(path)));
const together = names => names.reduce((values, name) => over(values, feature(name)), {});
const everything = together(['extra', 'reach', 'issuer', 'locked-annotations', 'network-policy', 'pod-monitor',
  'scheduling', 'sidecar']);
// Separate, as they are long.
const files = path => /^(dashboards|prometheusRule)/.test(path);

// Refused nulls: these values are required where they are used.
const always = ['image', 'livenessProbe.httpGet', 'readinessProbe.httpGet', 'webhook'];
const ofFields = ['image.repository', 'webhook.port', 'healthPort', 'podSecurityContext.seccompProfile.type',
  'livenessProbe.httpGet.port', 'readinessProbe.httpGet.port'];

for (const [name, base, kube, tried, refused] of [
  ['everything is in use', everything, '1.29.0', every.filter(path => !files(path)),
    [...always, ...ofFields, 'networkPolicy.namespaces', 'networkPolicy.monitoringNamespaces',
      'networkPolicy.injector.apiServerPorts', 'networkPolicy.injector.dnsPorts']],
  ['dashboards and rules', together(['dashboards', 'prometheus-rule']), '1.29.0', every.filter(files), []],
  ['the defaults', {}, '1.25.0', maps, always],
  ['no injector', feature('no-injector'), '1.33.0', maps, []],
]) {
  describe(name, { concurrency: availableParallelism() }, () => {
    const found = [];
    for (const path of tried) {
      test(`${path} is null`, async () => {
        const { documents, error } = await renderBeside({ values: withNull(base, path), kube });
        if (error) {
          assert.doesNotMatch(error, /nil|wrong type|error calling|invalid value|YAML parse/, error);
          const above = path.split('.').slice(0, -1).join('.');
          const key = path.split('.').at(-1);
          const named = [path, `- ${above}: ${key} is required`, `${above} has no ${key}`];
          assert.ok(named.some(each => error.includes(each)), error);
          found.push(path);
          return;
        }
        assert.deepEqual(nulls(documents, ''), []);
        assert.deepEqual(documents.flatMap(complaints), []);
        // Flags without a value are refused.
        if (documents.some(each => each.kind === 'Deployment')) assert.ok(sidecarOf(injectedWith(documents, pod)));
      });
    }
    after(() => assert.deepEqual(found.sort(), [...refused].sort(), 'what is refused'));
  });
}

test('nothing is left of a default: each by what it was', () => {
  const documents = render({
    values: {
      commonLabels: { team: null }, nodeSelector: { zone: null }, replicaCount: null, sandbox: null, podDisruptionBudget: null, topologySpreadConstraints: null,
      resources: { limits: null, requests: { cpu: null, 'ephemeral-storage': null } }, podSecurityContext: null,
      image: { pullPolicy: null }, serviceAccount: { automount: null },
      webhook: { failurePolicy: null, timeoutSeconds: null, excludedNamespaces: null },
      podMonitor: { enabled: true, honorLabels: null },
    },
  });
  const { spec } = one(documents, 'Deployment');
  const pod = spec.template.spec;
  const [container] = pod.containers;
  const [webhook] = one(documents, 'MutatingWebhookConfiguration').webhooks;
  assert.deepEqual(
    [spec.replicas, pod.topologySpreadConstraints, pod.securityContext, pod.automountServiceAccountToken],
    Array(4).fill(undefined));
  assert.deepEqual(nulls(documents, ''), []);
  assert.deepEqual([container.imagePullPolicy, container.resources], [undefined, { requests: { memory: '32Mi' } }]);
  assert.ok(!container.args.some(arg => arg.startsWith('--sandbox')));
  assert.deepEqual([webhook.failurePolicy, webhook.timeoutSeconds], [undefined, undefined]);
  assert.deepEqual(webhook.namespaceSelector.matchExpressions[0].values, ['postern-system']);
  assert.ok(!documents.some(each => each.kind === 'PodDisruptionBudget'));
  const [page] = one(documents, 'PodMonitor', 'postern').spec.podMetricsEndpoints;
  assert.equal(page.honorLabels, undefined);
});

// With null the program's default applies, in the injector and in the template.
for (const path of ['sidecar', ...paths(defaults.sidecar, 'sidecar')]) {
  test(`injector and template have a sidecar: ${path} is null`, () => {
    const values = withNull({}, path);
    const injected = sidecarOf(injectedBy(values, pod));
    const template = one(renderConsumer({ values }), 'Deployment', 'billing').spec.template;
    const rendered = sidecarOf(template);
    for (const each of [injected, rendered]) {
      assert.equal(each.ports[0].containerPort, 3000);
      assert.equal(each.securityContext.runAsUser, 65532);
      assert.deepEqual(each.resources,
        { requests: { cpu: '5m', memory: '16Mi' }, limits: { memory: '64Mi' } });
    }
    assert.equal(template.metadata.labels['postern.io/port'], '3000');
  });
}
