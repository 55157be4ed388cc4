// The chart's injector: its webhook, certificate, permissions and pods.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, feature, features, kubeVersions, namespace, one, over, pods, refusal, render } from './harness/chart.mjs';
import { forbidden } from './harness/restricted.mjs';

const own = 'postern-system-postern-injector';

function container(documents) {
  return one(documents, 'Deployment').spec.template.spec.containers[0];
}

test('pods without the label are never sent, nor those of excluded namespaces', () => {
  const [ofPods, ofConfigMaps, ...others] = one(render(), 'MutatingWebhookConfiguration').webhooks;
  assert.deepEqual(others, []);
  assert.deepEqual(ofPods, {
    name: 'pods.postern.io',
    admissionReviewVersions: ['v1'],
    clientConfig: { service: { name: 'postern-injector', namespace, port: 443, path: '/mutate' } },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'], scope: 'Namespaced' }],
    objectSelector: {
      matchExpressions: [
        { key: 'postern.io/inject', operator: 'Exists' },
        { key: 'postern.io/inject', operator: 'NotIn', values: ['false'] },
      ],
    },
    namespaceSelector: {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', namespace] }],
    },
    failurePolicy: 'Fail', reinvocationPolicy: 'IfNeeded', sideEffects: 'None', timeoutSeconds: 5,
  });
  assert.deepEqual(ofConfigMaps.objectSelector, { matchLabels: { 'postern.io/config': 'true' } });
  assert.deepEqual(ofConfigMaps.rules[0].operations, ['CREATE', 'UPDATE']);
  assert.deepEqual(ofConfigMaps.namespaceSelector, ofPods.namespaceSelector);
  assert.equal(ofConfigMaps.failurePolicy, 'Ignore');
  assert.equal(ofConfigMaps.sideEffects, 'None');
});

// As in the API server: NotIn also matches an object without the label.
function selects({ matchExpressions, matchLabels = {} }, labels) {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    (matchExpressions ?? []).every(({ key, operator, values }) => ({
      Exists: key in labels,
      DoesNotExist: !(key in labels),
      In: values?.includes(labels[key]),
      NotIn: !values?.includes(labels[key]),
    })[operator]);
}

for (const [label, sent] of [
  ['true', true], ['false', false], ['yes', true], ['True', true], ['False', true], ['enabled', true], ['', true],
  [undefined, false],
]) {
  test(`a pod with the label ${label} is ${sent ? 'sent' : 'not sent'}`, () => {
    const labels = label === undefined ? { app: 'web' } : { app: 'web', 'postern.io/inject': label };
    const [{ objectSelector }] = one(render(), 'MutatingWebhookConfiguration').webhooks;
    assert.equal(selects(objectSelector, labels), sent);
  });
}

test('a pod without the label is sent by its annotations, where the API server can tell', () => {
  const byName = kube => one(render({ kube }), 'MutatingWebhookConfiguration').webhooks
    .find(each => each.name === 'unlabeled-pods.postern.io');
  assert.equal(byName('1.29.0'), undefined);
  const webhook = byName('1.33.0');
  assert.ok(selects(webhook.objectSelector, { app: 'web' }));
  assert.ok(!selects(webhook.objectSelector, { 'postern.io/inject': 'false' }));
  assert.deepEqual(webhook.matchConditions, [{
    name: 'has-annotations-of-postern',
    expression: "has(object.metadata.annotations) && object.metadata.annotations.exists(key, key.startsWith('postern.io/'))",
  }]);
  assert.equal(webhook.failurePolicy, 'Ignore');
  const [ofPods] = one(render({ kube: '1.33.0' }), 'MutatingWebhookConfiguration').webhooks;
  assert.deepEqual(webhook.namespaceSelector, ofPods.namespaceSelector);
  assert.deepEqual(webhook.clientConfig, ofPods.clientConfig);
});

test('no pod of the chart asks for a sidecar', () => {
  for (const { path } of features()) {
    for (const { metadata } of pods(render({ values: path }))) {
      assert.equal(metadata.labels['postern.io/inject'], undefined);
    }
  }
});

test('the webhook leads to the pods by the Service', () => {
  const documents = render();
  const service = one(documents, 'Service').spec;
  const labels = one(documents, 'Deployment').spec.template.metadata.labels;
  for (const [key, value] of Object.entries(service.selector)) assert.equal(labels[key], value);
  const ports = Object.fromEntries(container(documents).ports.map(each => [each.name, each.containerPort]));
  assert.deepEqual(service.ports.map(each => [each.port, ports[each.targetPort]]), [[443, 10250], [8080, 8080]]);
  assert.equal(service.publishNotReadyAddresses, undefined);
});

test('its own certificate: an empty Secret, and no right to any other', () => {
  const documents = render();
  const secret = one(documents, 'Secret');
  assert.deepEqual([secret.data, secret.stringData, secret.type], [undefined, undefined, 'Opaque']);
  assert.equal(secret.metadata.annotations['helm.sh/resource-policy'], 'keep');
  assert.deepEqual(one(documents, 'Role').rules, [
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['postern-injector-certificate'], verbs: ['get', 'patch'] },
  ]);
  assert.deepEqual(one(documents, 'ClusterRole').rules, [
    { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
    { apiGroups: [''], resources: ['nodes'], verbs: ['list'] },
    { nonResourceURLs: ['/version'], verbs: ['get'] },
    {
      apiGroups: ['admissionregistration.k8s.io'], resources: ['mutatingwebhookconfigurations'],
      resourceNames: [own], verbs: ['get', 'patch'],
    },
  ]);
  assert.equal(one(documents, 'MutatingWebhookConfiguration').metadata.name, own);
  const { args } = container(documents);
  for (const flag of ['service=postern-injector', 'secret=postern-injector-certificate', `webhook=${own}`]) {
    assert.ok(args.includes(`--inject.${flag}`), flag);
  }
  for (const binding of [one(documents, 'RoleBinding'), one(documents, 'ClusterRoleBinding')]) {
    assert.deepEqual(binding.subjects, [{ kind: 'ServiceAccount', name: 'postern-injector', namespace }]);
    assert.ok(one(documents, binding.roleRef.kind, binding.roleRef.name));
  }
});

for (const name of ['cert-manager', 'issuer', 'existing-secret']) {
  test(`a certificate by ${name}: no right to Secrets and webhooks`, () => {
    const documents = render({ values: feature(name) });
    assert.deepEqual([...all(documents, 'Secret'), ...all(documents, 'Role'), ...all(documents, 'RoleBinding')], []);
    const resources = one(documents, 'ClusterRole').rules.flatMap(rule => rule.resources ?? []);
    assert.deepEqual(resources, ['pods', 'nodes']);
    const { args, volumeMounts } = container(documents);
    assert.ok(args.includes('--tls.dir=/tls'));
    assert.ok(!args.some(arg => /^--inject\.(secret|webhook|service)=/.test(arg)));
    assert.deepEqual(volumeMounts, [{ name: 'tls', mountPath: '/tls', readOnly: true }]);
    const { secretName } = one(documents, 'Deployment').spec.template.spec.volumes[0].secret;
    const { metadata, webhooks } = one(documents, 'MutatingWebhookConfiguration');
    const annotation = metadata.annotations['cert-manager.io/inject-ca-from'];
    if (name === 'existing-secret') {
      assert.equal(secretName, 'webhook-certificate');
      for (const { clientConfig } of webhooks) {
        assert.equal(Buffer.from(clientConfig.caBundle, 'base64').toString(), feature(name).tls.caBundle);
      }
      assert.equal(annotation, undefined);
      return;
    }
    const certificate = one(documents, 'Certificate', 'postern-injector');
    assert.equal(annotation, `${namespace}/${certificate.metadata.name}`);
    assert.equal(certificate.spec.secretName, secretName);
    assert.ok(certificate.spec.dnsNames.includes(`postern-injector.${namespace}.svc`));
    for (const { clientConfig } of webhooks) assert.equal(clientConfig.caBundle, undefined);
    if (name === 'issuer') {
      assert.deepEqual(certificate.spec.issuerRef, feature(name).certManager.issuerRef);
      assert.deepEqual(all(documents, 'Issuer'), []);
    } else {
      const issuer = one(documents, 'Issuer', certificate.spec.issuerRef.name);
      const authority = all(documents, 'Certificate').find(each => each.spec.secretName === issuer.spec.ca.secretName);
      assert.equal(authority.spec.isCA, true);
      assert.ok(one(documents, 'Issuer', authority.spec.issuerRef.name).spec.selfSigned);
    }
  });
}

// The permissions of the ClusterRole for different values.
for (const [what, values, expected] of [
  ['all that it does by default', {}, ['pods', 'nodes', 'mutatingwebhookconfigurations']],
  ['pods are not counted', { injector: { countMissedPods: false } }, ['nodes', 'mutatingwebhookconfigurations']],
  ['pods are not counted and nodes are known', { injector: { countMissedPods: false }, sidecar: { nativeSidecar: true } },
    ['mutatingwebhookconfigurations']],
  ['it has no reason to ask the API server',
    { injector: { countMissedPods: false }, sidecar: { nativeSidecar: false }, tls: { existingSecret: 'a' } }, undefined],
]) {
  test(`rights: ${what}`, () => {
    const documents = render({ values });
    const [role, ...others] = all(documents, 'ClusterRole');
    assert.deepEqual(others, []);
    assert.deepEqual(role?.rules.flatMap(rule => rule.resources ?? []), expected);
    assert.equal(all(documents, 'ClusterRoleBinding').length, expected ? 1 : 0);
    const counts = values.injector?.countMissedPods ?? true;
    assert.equal(container(documents).args.includes('--inject.count-missed-pods=false'), !counts);
  });
}

test('nodes are asked only where it has to find out what they know', () => {
  for (const nativeSidecar of [true, false]) {
    const { rules } = one(render({ values: { sidecar: { nativeSidecar } } }), 'ClusterRole');
    assert.ok(!rules.some(rule => rule.resources?.includes('nodes') || rule.nonResourceURLs));
  }
});

test('every pod fits the standard `restricted`', () => {
  for (const { name, path } of features()) {
    for (const { spec } of pods(render({ values: path }))) {
      assert.deepEqual(forbidden(spec), [], name);
      for (const { resources, securityContext } of spec.containers) {
        assert.ok(resources.requests.cpu && resources.requests.memory && resources.limits.memory, name);
        assert.equal(resources.limits.cpu, undefined, 'no limit of CPU');
        assert.equal(securityContext.readOnlyRootFilesystem, true);
      }
    }
  }
});

test('two of them, which no rollout and no drained node takes away at once', () => {
  const documents = render();
  const { spec } = one(documents, 'Deployment');
  assert.equal(spec.replicas, 2);
  assert.equal(spec.strategy.rollingUpdate.maxUnavailable, 0);
  const budget = one(documents, 'PodDisruptionBudget').spec;
  assert.equal(budget.minAvailable, 1);
  assert.deepEqual(budget.selector, spec.selector);
  const [constraint] = spec.template.spec.topologySpreadConstraints;
  assert.deepEqual(constraint.labelSelector, spec.selector);
  const labelSelector = { matchLabels: { app: 'a' } };
  const topologySpreadConstraints = [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector }];
  const other = one(render({ values: { topologySpreadConstraints } }), 'Deployment').spec.template.spec;
  assert.deepEqual(other.topologySpreadConstraints, topologySpreadConstraints);
  const single = render({ values: { replicaCount: 1, topologySpreadConstraints: [] } });
  assert.deepEqual(all(single, 'PodDisruptionBudget'), [], 'a node with the only one can be drained');
  assert.equal(one(single, 'Deployment').spec.template.spec.topologySpreadConstraints, undefined);
});

test('probes ask its health listener', () => {
  const documents = render();
  const { livenessProbe, readinessProbe, startupProbe, args, ports } = container(documents);
  assert.deepEqual(livenessProbe.httpGet, { path: '/-/healthy', port: 'health' });
  assert.deepEqual(readinessProbe.httpGet, { path: '/-/ready', port: 'health' });
  assert.equal(startupProbe, undefined);
  assert.equal(args[0], 'inject');
  assert.ok(args.includes('--web.health-address=:8080') && args.includes('--web.listen-address=:10250'));
  assert.deepEqual(ports.map(each => each.containerPort), [10250, 8080]);
});

test('the defaults of all sidecars are flags, and what says nothing is none', () => {
  const defaults = documents => container(documents).args.filter(arg => arg.startsWith('--inject.default='))
    .map(arg => arg.replace('--inject.default=', ''));
  assert.deepEqual(defaults(render()),
    ['limits-memory=64Mi', 'port=3000', 'requests-cpu=5m', 'requests-memory=16Mi', 'run-as-user=65532']);
  const documents = render({ values: feature('sidecar') });
  assert.deepEqual(defaults(documents), [
    'ca-config-map=internal-ca', 'credentials-secret=postern-credentials',
    'image-pull-policy=Always', 'image-pull-secrets=registry-a,registry-b', 'limits-cpu=500m',
    'limits-ephemeral-storage=32Mi', 'limits-memory=96Mi',
    'log-format=json', 'log-level=warn', 'port=9300', 'preset=whatsapp',
    'readiness-probe=true', 'requests-cpu=10m', 'requests-ephemeral-storage=8Mi', 'requests-memory=24Mi', 'run-as-user=none', 'sandbox=on',
    'scrape=replace', 'scrape-timeout=8s', 'startup-probe=true', 'status-page=false', 'target-name=447418342132',
    'target-server-name=whatsapp-web', 'target-url=https://localhost:443', 'timeout-offset=250ms',
    'tls-secret=postern-tls', 'tls-system-roots=true', 'web-config-secret=postern-web',
  ]);
  const { args } = container(documents);
  assert.ok(args.includes('--native-sidecar=false'));
  assert.ok(args.includes('--inject.image=registry.example/monitoring/postern:0.1.0'));
  assert.ok(args.includes('--inject.allowed-images=registry.example/monitoring/postern:*'));
  assert.deepEqual(defaults(render({ values: feature('existing-config-map') })).slice(0, 2),
    ['ca-config-map=internal-ca', 'config-map=fleet-config']);
});

test('what pods may not set or name is a flag each', () => {
  const rules = documents => container(documents).args
    .filter(arg => /^--inject\.(locked-annotations|allowed-target-hosts)=/.test(arg));
  assert.deepEqual(rules(render()), []);
  assert.deepEqual(rules(render({ values: feature('locked-annotations') })), [
    '--inject.locked-annotations=config-map', '--inject.locked-annotations=mysql-secret',
    '--inject.allowed-target-hosts=*.shop.svc', '--inject.allowed-target-hosts=2001:db8::1',
  ]);
});

test('a configuration is in the namespaces of the pods, for the webhook to check', () => {
  const maps = all(render({ values: feature('config') }), 'ConfigMap');
  assert.deepEqual(maps.map(each => each.metadata.namespace), ['shop', 'billing']);
  for (const { metadata, data } of maps) {
    assert.equal(metadata.labels['postern.io/config'], 'true');
    assert.deepEqual(Object.keys(data), ['postern.yml']);
  }
});

test('the test of a release asks the injector, in its own image', () => {
  const documents = render();
  const { metadata, spec } = one(documents, 'Pod');
  assert.equal(metadata.annotations['helm.sh/hook'], 'test');
  const [{ args, image }] = spec.containers;
  assert.equal(image, container(documents).image);
  assert.deepEqual(args, ['check', '--live', `--web.health-address=postern-injector.${namespace}.svc:8080`]);
  assert.equal(spec.automountServiceAccountToken, false);
});

test('no Secret has anything in it, and no value asks for one', () => {
  for (const { path } of features()) {
    for (const { data, stringData } of all(render({ values: path }), 'Secret')) {
      assert.equal(data ?? stringData, undefined);
    }
  }
});

// The address of the injector, and the requests sent to it: values, examined part, expected content.
const podOf = documents => one(documents, 'Deployment').spec.template.spec;
const webhookOf = documents => one(documents, 'MutatingWebhookConfiguration').webhooks[0];
const notIn = { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', namespace] };
const condition = { name: 'a', expression: 'true' };
for (const [what, values, found, expected] of [
  ['no matter which network it is on', {}, documents => [podOf(documents).hostNetwork, podOf(documents).dnsPolicy],
    [undefined, undefined]],
  ['on the network of its nodes', { hostNetwork: true, webhook: { port: 9443 } },
    documents => [podOf(documents).hostNetwork, podOf(documents).dnsPolicy, container(documents).ports[0].containerPort],
    [true, 'ClusterFirstWithHostNet', 9443]],
  ['with another DNS policy', { hostNetwork: true, dnsPolicy: 'Default', webhook: { port: 9443 } },
    documents => podOf(documents).dnsPolicy, 'Default'],
  ['with other ports', { webhook: { port: 443 }, healthPort: 9080 },
    documents => [...container(documents).args.slice(1, 3), ...container(documents).ports.map(each => each.containerPort)],
    ['--web.listen-address=:443', '--web.health-address=:9080', 443, 9080]],
  ['the Service has the same ports for all that', { webhook: { port: 443 }, healthPort: 9080 },
    documents => one(documents, 'Service').spec.ports.map(each => [each.port, each.targetPort]),
    [[443, 'https'], [8080, 'health']]],
  ['by both families of addresses', { service: { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] } },
    documents => [one(documents, 'Service').spec.ipFamilyPolicy, one(documents, 'Service').spec.ipFamilies],
    ['PreferDualStack', ['IPv6', 'IPv4']]],
  ['namespaces by their labels', { webhook: { namespaceSelector: { matchLabels: { team: 'a' } } } },
    documents => webhookOf(documents).namespaceSelector, { matchLabels: { team: 'a' }, matchExpressions: [notIn] }],
  ['namespaces by expressions',
    { webhook: { namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } } },
    documents => webhookOf(documents).namespaceSelector,
    { matchExpressions: [notIn, { key: 'a', operator: 'Exists' }] }],
  ['pods by their labels, and never those without the label',
    { webhook: { objectSelector: { matchLabels: { app: 'a' } } } },
    documents => ['app', 'postern.io/inject'].map(missing => {
      const labels = { app: 'a', 'postern.io/inject': 'true' };
      const { objectSelector } = webhookOf(documents);
      const all = selects(objectSelector, labels);
      delete labels[missing];
      return [all, selects(objectSelector, labels)];
    }), [[true, false], [true, false]]],
  ['pods by expressions', { webhook: { objectSelector: { matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] } } },
    documents => webhookOf(documents).objectSelector.matchExpressions.at(-1), { key: 'a', operator: 'DoesNotExist' }],
  ['pods by conditions', { webhook: { matchConditions: [condition] } },
    documents => webhookOf(documents).matchConditions, [condition]],
  ['configurations without conditions', { webhook: { matchConditions: [condition] } },
    documents => one(documents, 'MutatingWebhookConfiguration').webhooks
      .find(each => each.name === 'configmaps.postern.io').matchConditions, undefined],
  ['an image of a mirror', { global: { imageRegistry: 'mirror.example' }, image: { registry: 'registry.example' } },
    documents => [container(documents).image, one(documents, 'Pod').spec.containers[0].image],
    ['mirror.example/postern:0.1.0', 'mirror.example/postern:0.1.0']],
  ['a Deployment with labels and annotations of its own',
    { deploymentAnnotations: { a: 'b' }, deploymentLabels: { c: 'd' } },
    documents => [one(documents, 'Deployment').metadata.annotations, one(documents, 'Deployment').metadata.labels.c,
      one(documents, 'Deployment').spec.template.metadata.labels.c], [{ a: 'b' }, 'd', undefined]],
  ['another rollout', { updateStrategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }, revisionHistoryLimit: 0 },
    documents => [one(documents, 'Deployment').spec.strategy, one(documents, 'Deployment').spec.revisionHistoryLimit],
    [{ rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } }, 0]],
  ['no rollout', { updateStrategy: { type: 'Recreate' } },
    documents => one(documents, 'Deployment').spec.strategy, { type: 'Recreate' }],
  ['more containers', { extraContainers: [{ name: 'a', image: 'b' }], initContainers: [{ name: 'c', image: 'd' }] },
    documents => [podOf(documents).containers.map(each => each.name), podOf(documents).initContainers],
    [['postern', 'a'], [{ name: 'c', image: 'd' }]]],
  ['a budget of pods that may be away', { podDisruptionBudget: { maxUnavailable: 0 } },
    documents => [one(documents, 'PodDisruptionBudget').spec.maxUnavailable,
      one(documents, 'PodDisruptionBudget').spec.minAvailable], [0, undefined]],
  ['a budget for ready pods alone', { podDisruptionBudget: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } },
    documents => one(documents, 'PodDisruptionBudget').spec.unhealthyPodEvictionPolicy, 'AlwaysAllow'],
]) {
  test(`it is reached and replaced as the values say: ${what}`, () => {
    assert.deepEqual(found(render({ values })), expected);
  });
}

test('another namespace is that of everything, and never gets sidecars', () => {
  const values = over(feature('pod-monitor'), {
    namespaceOverride: 'other', podMonitor: { namespace: '' }, prometheusRule: { enabled: true },
    dashboards: { enabled: true }, networkPolicy: { injector: { enabled: true } },
  });
  for (const certManager of [{ enabled: false }, { enabled: true }]) {
    const documents = render({ values: { ...values, certManager } });
    assert.doesNotMatch(JSON.stringify(documents), new RegExp(namespace));
    assert.ok(documents.filter(each => each.metadata.namespace).every(each => each.metadata.namespace === 'other'));
    assert.equal(one(documents, 'MutatingWebhookConfiguration').metadata.name, 'other-postern-injector');
    assert.ok(container(documents).args.includes('--inject.namespace=other'));
  }
});

test('what Kubernetes would leave out is refused', () => {
  const conditions = { webhook: { matchConditions: [condition] } };
  const budget = { podDisruptionBudget: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } };
  for (const kube of kubeVersions) {
    for (const [values, since] of [[conditions, '1.28.0'], [budget, '1.27.0']]) {
      if (kube > since) render({ values, kube });
      else assert.match(refusal({ values, kube }), new RegExp(`Kubernetes v${kube} ignores it, expected ${since} or newer`));
      render({ values: { ...values, kubeVersionOverride: '1.30.4-gke.100' }, kube });
      assert.match(refusal({ values: { ...values, kubeVersionOverride: '1.26' }, kube }), /Kubernetes 1\.26 ignores it/);
    }
  }
});

test('ports that cannot be are refused', () => {
  const refuses = (values, expected) => assert.match(refusal({ values }), expected);
  refuses({ hostNetwork: true }, /webhook.port is 10250, where the kubelet listens .*, expected another port/);
  refuses({ healthPort: 10250 }, /webhook.port and healthPort are both 10250, expected two ports/);
  refuses({ webhook: { port: 0 } }, /- webhook.port: /);
});
