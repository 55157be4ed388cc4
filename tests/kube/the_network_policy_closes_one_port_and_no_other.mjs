// Reads the rendered policies as a cluster does, and computes for every port of every protocol who may
// connect. The pods are injected with the flags of the same chart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, namespace, one, pods, render } from './harness/chart.mjs';
import { renderConsumer } from './harness/consumer.mjs';
import { injectedBy } from './harness/injector.mjs';

const protocols = ['TCP', 'UDP', 'SCTP'];
const everyPort = Array.from({ length: 65535 }, (_, i) => i + 1);

function matchesLabels({ matchLabels = {}, matchExpressions = [] }, labels) {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      if (operator === 'In') return values.includes(labels[key]);
      if (operator === 'NotIn') return !values.includes(labels[key]);
      throw new Error(`operator ${operator}`);
    });
}

// `peer`: { in: its namespace, labels, address }, or the name of a namespace. A peer without an address is a pod.
function admits(selector, peer, own) {
  if (selector.ipBlock) return peer.address === selector.ipBlock.cidr;
  if (peer.address) return false;
  const of = selector.namespaceSelector;
  if (of ? !matchesLabels(of, { 'kubernetes.io/metadata.name': peer.in }) : peer.in !== own) return false;
  return !selector.podSelector || matchesLabels(selector.podSelector, peer.labels ?? {});
}

function covers(rule, protocol, port) {
  return !rule.ports || rule.ports.some(each => (each.protocol ?? 'TCP') === protocol &&
    (each.endPort ? each.port <= port && port <= each.endPort : each.port === port));
}

// The ports of a protocol that are closed between a pod with these labels and the peer. A pod that no policy
// selects is open; a connection is allowed if one of several policies allows it.
function closed(policies, labels, protocol, peer, direction = 'Ingress') {
  const [list, side] = direction === 'Ingress' ? ['ingress', 'from'] : ['egress', 'to'];
  const of = typeof peer === 'string' ? { in: peer } : peer;
  const selecting = policies.filter(({ spec }) => matchesLabels(spec.podSelector, labels) && spec.policyTypes.includes(direction));
  if (!selecting.length) return [];
  const rules = selecting.flatMap(({ metadata, spec }) => spec[list]
    .filter(rule => !rule[side] || rule[side].some(each => admits(each, of, metadata.namespace))));
  return everyPort.filter(port => !rules.some(rule => covers(rule, protocol, port)));
}

function policies(values, inNamespace) {
  return all(render({ values }), 'NetworkPolicy').filter(each => !inNamespace || each.metadata.namespace === inNamespace);
}

// A pod that requests a sidecar, and whose application listens on these ports.
function podWith(ports, annotations = {}) {
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: {
      name: 'web', labels: { 'postern.io/inject': 'true' },
      annotations: { 'postern.io/target-url': 'https://localhost:8443', ...annotations },
    },
    spec: { containers: [{ name: 'web', image: 'web:1', ports: ports.map(containerPort => ({ containerPort })) }] },
  };
}

function sidecarPort({ spec }) {
  const [container] = [...(spec.initContainers ?? []), ...spec.containers].filter(each => each.name === 'postern');
  return container.ports.find(each => each.name === 'postern').containerPort;
}

// Checks that the sidecar's port is open only to the monitoring namespaces, and every other port to all.
function closesOnly(port, found, labels) {
  for (const protocol of protocols) {
    for (const friend of ['monitoring', 'second']) assert.deepEqual(closed(found, labels, protocol, friend), []);
    for (const other of ['shop', 'kube-system', 'monitoring-2']) {
      assert.deepEqual(closed(found, labels, protocol, other), protocol === 'TCP' && port ? [port] : []);
    }
  }
}

test('no policy exists unless it is requested', () => assert.deepEqual(policies({}), []));

// The application's ports, annotations, values of the sidecar and of the policy, and the closed port; 0: the
// policies close no port.
for (const [what, ports, annotations, sidecar, policy, expected] of [
  ['the default', [8080], {}, {}, {}, 3000],
  ['the application has the sidecar\'s port', [3000], {}, {}, {}, 3001],
  ['the application has the next ones too', [3000, 3001, 3002], {}, {}, {}, 3003],
  ['it has more than there are spare ports', [3000, 3001, 3002, 3003], {}, {}, {}, 0],
  ['one more spare port', [3000, 3001, 3002, 3003], {}, {}, { sparePorts: 4 }, 3004],
  ['no spare port', [3000], {}, {}, { sparePorts: 0 }, 0],
  ['another port of all sidecars', [3000], {}, { port: 9300 }, {}, 9300],
  ['the lowest port', [], {}, { port: 1024 }, {}, 1024],
  ['the highest port', [], {}, { port: 65535 }, {}, 65535],
  ['the application has the highest port', [65535], {}, { port: 65535 }, {}, 3000],
  ['the pod chooses a port that the policies have', [8080], { 'postern.io/port': '9300' }, {}, { additionalPorts: [9300] }, 9300],
  ['the pod chooses a spare port', [8080], { 'postern.io/port': '3002' }, {}, {}, 3002],
  ['the pod chooses a port that no policy has', [8080], { 'postern.io/port': '9300' }, {}, {}, 0],
]) {
  test(`the port where the sidecar listens is closed, and no other: ${what}`, () => {
    const values = {
      networkPolicy: { enabled: true, namespaces: ['shop'], monitoringNamespaces: ['monitoring', 'second'], ...policy },
      sidecar,
    };
    const pod = injectedBy(values, podWith(ports, annotations));
    if (expected) assert.equal(sidecarPort(pod), expected);
    closesOnly(expected, policies(values, 'shop'), pod.metadata.labels);
  });
}

test('it is for pods with a sidecar alone, and for what comes in alone', () => {
  const found = policies({ networkPolicy: { enabled: true, namespaces: ['shop', 'billing'], sparePorts: 1 } });
  assert.deepEqual(found.map(each => [each.metadata.namespace, each.metadata.name]), [
    ['shop', 'postern-3000'], ['shop', 'postern-3001'], ['billing', 'postern-3000'], ['billing', 'postern-3001'],
  ]);
  for (const { spec } of found) {
    assert.deepEqual(spec.policyTypes, ['Ingress']);
    assert.equal(spec.egress, undefined);
    for (const labels of [{}, { 'postern.io/port': '3000' }, { 'postern.io/status': 'injected' }]) {
      assert.ok(!matchesLabels(spec.podSelector, labels));
    }
  }
});

test('a port that is given twice has one policy', () => {
  const found = policies({ networkPolicy: { enabled: true, namespaces: ['shop'], additionalPorts: [3001, 9300] } });
  assert.deepEqual(found.map(each => each.metadata.name),
    [3000, 3001, 3002, 3003, 9300].map(port => `postern-${port}`));
});

test('without an injector it is for the pods of the release, by the label that the template gives them', () => {
  const values = { networkPolicy: { enabled: true, monitoringNamespaces: ['monitoring', 'second'] }, injector: { enabled: false } };
  const documents = renderConsumer({ values });
  const found = all(documents, 'NetworkPolicy');
  assert.deepEqual([...new Set(found.map(each => each.metadata.namespace))], [namespace]);
  const templates = pods(documents).filter(each => each.metadata.labels['postern.io/status']);
  assert.deepEqual(templates.map(sidecarPort), [3000, 3001]);
  for (const template of templates) closesOnly(sidecarPort(template), found, template.metadata.labels);
});

// The injector's own policy.
const address = cidr => ({ address: cidr });
const monitoring = { in: 'monitoring' };
const stranger = { in: 'shop' };
const tester = { in: namespace, labels: one(render(), 'Pod').metadata.labels };

function openPorts(own, direction, protocol, peer) {
  const documents = render({ values: { networkPolicy: { injector: { enabled: true, ...own } } } });
  const [policy, ...others] = all(documents, 'NetworkPolicy');
  assert.deepEqual(others, []);
  assert.equal(policy.metadata.namespace, namespace);
  const { labels } = one(documents, 'Deployment').spec.template.metadata;
  const shut = new Set(closed([policy], labels, protocol, peer, direction));
  return everyPort.filter(port => !shut.has(port));
}

for (const [what, own, direction, protocol, peer, expected] of [
  ['any API server reaches the webhook', {}, 'Ingress', 'TCP', address('192.0.2.1/32'), [10250]],
  ['a pod reaches the webhook', {}, 'Ingress', 'TCP', stranger, [10250]],
  ['Prometheus reaches metrics', {}, 'Ingress', 'TCP', monitoring, [8080, 10250]],
  ['the test of the release reaches health', {}, 'Ingress', 'TCP', tester, [8080, 10250]],
  ['a pod of the same namespace does not', {}, 'Ingress', 'TCP', { in: namespace }, [10250]],
  ['a pod with the labels of the test elsewhere does not', {}, 'Ingress', 'TCP', { ...tester, in: 'shop' }, [10250]],
  ['nothing comes by UDP', {}, 'Ingress', 'UDP', monitoring, []],
  ['the API server of the block reaches the webhook', { webhookCidrs: ['10.0.0.0/28'] }, 'Ingress', 'TCP', address('10.0.0.0/28'), [10250]],
  ['another address does not', { webhookCidrs: ['10.0.0.0/28'] }, 'Ingress', 'TCP', address('192.0.2.1/32'), []],
  ['a pod does not either', { webhookCidrs: ['10.0.0.0/28'] }, 'Ingress', 'TCP', stranger, []],
  ['it reaches DNS and the API server', {}, 'Egress', 'TCP', address('10.0.0.0/28'), [53, 443, 6443]],
  ['it reaches DNS by UDP', {}, 'Egress', 'UDP', stranger, [53]],
  ['ports are values', { apiServerPorts: [16443], dnsPorts: [53, 5353] }, 'Egress', 'TCP', stranger, [53, 5353, 16443]],
  ['the API server of the block', { apiServerCidrs: ['10.0.0.0/28'] }, 'Egress', 'TCP', address('10.0.0.0/28'), [53, 443, 6443]],
  ['no other address', { apiServerCidrs: ['10.0.0.0/28'] }, 'Egress', 'TCP', address('192.0.2.1/32'), [53]],
]) {
  test(`the injector: ${what}`, () => {
    assert.deepEqual(openPorts(own, direction, protocol, peer), expected);
  });
}

test('the policy of the injector has its ports, and is there with an injector alone', () => {
  const networkPolicy = { injector: { enabled: true } };
  const documents = render({ values: { networkPolicy, webhook: { port: 9443 }, healthPort: 9080 } });
  const listening = one(documents, 'Deployment').spec.template.spec.containers[0].ports.map(each => each.containerPort);
  const allowed = one(documents, 'NetworkPolicy').spec.ingress.flatMap(rule => rule.ports.map(each => each.port));
  assert.deepEqual(allowed, listening);
  assert.deepEqual(policies({ networkPolicy, injector: { enabled: false } }), []);
});
