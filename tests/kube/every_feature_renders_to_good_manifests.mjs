// For every file of helm/ci and three versions of Kubernetes: helm lints and renders, both manifest checkers
// accept the objects, and every object has its labels. The checkers themselves find errors.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, chart, features, helm, kubeVersions, namespace, one, render } from './harness/chart.mjs';
import { complaints } from './harness/manifest.mjs';

// Kinds without a namespace.
const clusterWide = ['ClusterRole', 'ClusterRoleBinding', 'MutatingWebhookConfiguration'];

test('there is a file for each feature', () => assert.ok(features().length >= 15));

for (const { name, path } of features()) {
  test(`${name}: lint finds nothing`, () => {
    const { code, out, error } = helm('lint', '--strict', chart, '--values', path);
    assert.equal(code, 0, out + error);
  });
  for (const kube of kubeVersions) {
    test(`${name}: good manifests for ${kube}`, () => {
      const documents = render({ values: path, kube });
      const names = documents.map(({ kind, metadata }) => `${kind} ${metadata.namespace} ${metadata.name}`);
      assert.deepEqual(names, [...new Set(names)], 'each stands once');
      for (const document of documents) {
        const what = `${document.kind} ${document.metadata.name}`;
        assert.deepEqual(complaints(document), [], what);
        if (/-(extra|text)$/.test(document.metadata.name)) continue;  // of extraManifests
        assert.equal(document.metadata.namespace === undefined, clusterWide.includes(document.kind), what);
        for (const label of ['name', 'instance', 'version', 'component', 'part-of', 'managed-by']) {
          assert.ok(document.metadata.labels[`app.kubernetes.io/${label}`], `${what} has the label ${label}`);
        }
      }
    });
  }
}

test('a release has its name in every name', () => {
  const documents = render({ release: 'second', values: { podMonitor: { enabled: true } } });
  for (const { metadata } of documents) assert.match(metadata.name, /second-postern/);
  const wide = all(documents, 'ClusterRole')[0].metadata.name;
  assert.equal(wide, `${namespace}-second-postern-injector`);
});

test('a label that is given twice stands once, and none goes before what selects', () => {
  const labels = { team: 'a', 'app.kubernetes.io/component': 'other' };
  const documents = render({
    values: {
      commonLabels: { ...labels, team: 'all' }, podLabels: labels, service: { labels },
      podMonitor: { enabled: true, labels }, prometheusRule: { enabled: true, additionalLabels: labels },
    },
  });
  const { template } = one(documents, 'Deployment').spec;
  for (const { kind, metadata } of [...documents, { kind: 'template', ...template }]) {
    const own = ['template', 'Service', 'PodMonitor', 'PrometheusRule'].includes(kind);
    assert.equal(metadata.labels.team, own ? 'a' : 'all', kind);
    assert.notEqual(metadata.labels['app.kubernetes.io/component'], 'other', kind);
  }
});

test('large numbers stay whole, and small ones what they are', () => {
  const documents = render({
    values: {
      podSecurityContext: { runAsUser: 1000650000 },
      sidecar: {
        runAsUser: 1000650000,
        resources: { requests: { cpu: 0.5, memory: 20000000 }, limits: { memory: 100000000 } },
      },
    },
  });
  const { securityContext, containers } = one(documents, 'Deployment').spec.template.spec;
  assert.equal(securityContext.runAsUser, 1000650000);
  const defaults = containers[0].args.filter(arg => arg.startsWith('--inject.default='));
  assert.deepEqual(defaults.map(arg => arg.replace('--inject.default=', '')),
    ['limits-memory=100000000', 'port=3000', 'requests-cpu=0.5', 'requests-memory=20000000', 'run-as-user=1000650000']);
});

test('the checkers find what is wrong', () => {
  const documents = render({ values: { podMonitor: { enabled: true }, certManager: { enabled: true } } });
  const finds = (kind, name, spoil, expected) => {
    const spoiled = structuredClone(one(documents, kind, name));
    spoil(spoiled);
    assert.match(complaints(spoiled).join('\n'), expected);
  };
  const container = deployment => deployment.spec.template.spec.containers[0];
  finds('Deployment', undefined, it => { container(it).imagePulPolicy = 'Always'; }, /imagePulPolicy is not a field/);
  finds('Deployment', undefined, it => { delete container(it).name; }, /required property name/);
  finds('Deployment', undefined, it => { container(it).args = ['a', 1]; }, /args\[1\]: 1 is not a string/);
  finds('Service', undefined, it => { it.spec.ports[0].port = 'https'; }, /is not a number/);
  finds('PodMonitor', 'postern', it => { it.spec.podMetricsEndpoints[0].pat = '/metrics'; }, /pat is not a field/);
  finds('PodMonitor', 'postern', it => { delete it.spec.selector; }, /required property selector/);
  finds('Certificate', 'postern-injector', it => { it.spec.dnsName = 'a'; }, /dnsName is not a field/);
  finds('Certificate', 'postern-injector', it => { it.spec.isCA = 'yes'; }, /isCA/);
});
