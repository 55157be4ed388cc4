// Reads the rendered policy as a cluster would, and computes for every port of every protocol who may open it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, namespace, one, render } from './harness/chart.mjs';

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

// Whether a rule lets a pod of the namespace in; a rule without `from` lets everybody in.
function letsIn(rule, from) {
  return !rule.from || rule.from.some(peer => {
    assert.deepEqual(Object.keys(peer), ['namespaceSelector'], 'a peer is a namespace');
    return matchesLabels(peer.namespaceSelector, { 'kubernetes.io/metadata.name': from });
  });
}

function covers(rule, protocol, port) {
  return !rule.ports || rule.ports.some(each => (each.protocol ?? 'TCP') === protocol &&
    (each.endPort ? each.port <= port && port <= each.endPort : each.port === port));
}

// The ports of a protocol that a pod of the namespace cannot open.
function closed(policy, protocol, from) {
  const rules = policy.spec.ingress.filter(rule => letsIn(rule, from));
  return everyPort.filter(port => !rules.some(rule => covers(rule, protocol, port)));
}

function policies(values) {
  return all(render({ values }), 'NetworkPolicy');
}

test('there is none unless it is asked for', () => assert.deepEqual(policies({}), []));

for (const port of [3000, 1024, 65535]) {
  test(`port ${port} is for the monitoring namespaces, every other port for all`, () => {
    const [policy] = policies({
      networkPolicy: { enabled: true, namespaces: ['shop'], monitoringNamespaces: ['monitoring', 'second'] },
      sidecar: { port },
    });
    for (const protocol of protocols) {
      for (const friend of ['monitoring', 'second']) assert.deepEqual(closed(policy, protocol, friend), []);
      for (const other of ['shop', 'kube-system', 'monitoring-2']) {
        assert.deepEqual(closed(policy, protocol, other), protocol === 'TCP' ? [port] : []);
      }
    }
  });
}

test('it is for pods with a sidecar alone, and for what comes in alone', () => {
  const found = policies({ networkPolicy: { enabled: true, namespaces: ['shop', 'billing'] } });
  assert.deepEqual(found.map(each => each.metadata.namespace), ['shop', 'billing']);
  for (const { spec } of found) {
    assert.deepEqual(spec.podSelector, { matchLabels: { 'postern.io/status': 'injected' } });
    assert.deepEqual(spec.policyTypes, ['Ingress']);
    assert.equal(spec.egress, undefined);
  }
});

test('without an injector it is for the pods of the release', () => {
  const documents = render({ values: { networkPolicy: { enabled: true }, injector: { enabled: false } } });
  assert.equal(one(documents, 'NetworkPolicy').metadata.namespace, namespace);
});
