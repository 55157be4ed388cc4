// A parent chart of this chart, without its injector, adds the sidecar to its own pods. The sidecar equals
// the injector's: names of variables, volumes and paths are a promise to users of both.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { all, kubeVersions, one, version } from './harness/chart.mjs';
import { renderConsumer } from './harness/consumer.mjs';
import { complaints } from './harness/manifest.mjs';
import { forbidden } from './harness/restricted.mjs';

function podOf(documents, name) {
  const { metadata, spec } = one(documents, 'Deployment', name).spec.template;
  const init = spec.initContainers ?? [];
  const sidecars = [...init, ...spec.containers].filter(each => each.name === 'postern');
  assert.equal(sidecars.length, 1, 'one sidecar');
  const [sidecar] = sidecars;
  const environment = Object.fromEntries(sidecar.env.map(each => [each.name, each.value]));
  const mounts = Object.fromEntries(sidecar.volumeMounts.map(each => [each.name, each.mountPath]));
  const volumes = Object.fromEntries(spec.volumes.map(({ name, ...source }) => [name, source]));
  return { metadata, spec, sidecar, environment, mounts, volumes, native: init.includes(sidecar) };
}

for (const kube of kubeVersions) {
  test(`good manifests for ${kube}`, () => {
    const documents = renderConsumer({ kube });
    for (const document of documents) assert.deepEqual(complaints(document), []);
    assert.equal(all(documents, 'MutatingWebhookConfiguration').length, 0);
    for (const { spec } of all(documents, 'Deployment')) {
      const sidecars = [...(spec.template.spec.initContainers ?? []), ...spec.template.spec.containers]
        .filter(each => each.name === 'postern');
      assert.deepEqual(forbidden({ ...spec.template.spec, initContainers: [], containers: sidecars }), []);
    }
  });
  test(`a native sidecar where Kubernetes has it: ${kube}`, () => {
    const { native, sidecar, spec } = podOf(renderConsumer({ kube }), 'billing');
    assert.equal(native, kube !== '1.25.0');
    assert.equal(sidecar.restartPolicy, native ? 'Always' : undefined);
    assert.equal(spec.containers[0].name, 'billing');
    for (const nativeSidecar of [true, false]) {
      const wished = podOf(renderConsumer({ kube, values: { sidecar: { nativeSidecar } } }), 'billing');
      assert.equal(wished.native, nativeSidecar);
    }
  });
}

test('variables, volumes and paths are those that the injector gives', () => {
  const { metadata, sidecar, environment, mounts, volumes } = podOf(renderConsumer(), 'billing');
  assert.equal(metadata.labels['postern.io/status'], 'injected');
  assert.equal(metadata.labels['postern.io/port'], '3000');
  assert.equal(metadata.labels['postern.io/inject'], undefined);
  assert.deepEqual(metadata.annotations, {
    'prometheus.io/scrape': 'true', 'prometheus.io/port': '3000',
    'prometheus.io/path': '/metrics', 'prometheus.io/scheme': 'http',
  });
  assert.equal(sidecar.image, `postern:${version}`);
  assert.equal(sidecar.args, undefined);
  assert.deepEqual(environment, {
    POSTERN_WEB_LISTEN_ADDRESS: ':3000', POSTERN_CONFIG_AWAIT: 'true', POSTERN_STATE_DIR: '/state',
    POSTERN_TLS_DIR: '/tls', POSTERN_CREDENTIALS_DIR: '/credentials',
    POSTERN_TARGET_URL: 'https://localhost:8443', POSTERN_TARGET_NAME: 'billing',
    POSTERN_TARGET_SERVER_NAME: 'billing', POSTERN_SANDBOX: 'auto',
  });
  assert.deepEqual(mounts, { 'postern-tls': '/tls', 'postern-credentials': '/credentials', 'postern-state': '/state' });
  assert.deepEqual(volumes, {
    'postern-tls': { secret: { secretName: 'billing-client', optional: true, defaultMode: 0o444 } },
    'postern-credentials': { secret: { secretName: 'billing-scraper', optional: true, defaultMode: 0o444 } },
    'postern-state': { emptyDir: { medium: 'Memory', sizeLimit: '4Mi' } },
  });
  assert.deepEqual(sidecar.ports, [{ name: 'postern', containerPort: 3000, protocol: 'TCP' }]);
  assert.deepEqual(sidecar.livenessProbe, { httpGet: { path: '/-/healthy', port: 'postern' }, timeoutSeconds: 5 });
  assert.equal(sidecar.readinessProbe ?? sidecar.startupProbe, undefined);
  assert.deepEqual(sidecar.resources, { requests: { cpu: '5m', memory: '16Mi' }, limits: { memory: '64Mi' } });
  assert.ok(sidecar.volumeMounts.every(each => each.subPath === undefined));
  assert.ok(sidecar.volumeMounts.every(each => each.readOnly || each.name === 'postern-state'));
});

test('every kind of material has its place', () => {
  const { environment, mounts, volumes } = podOf(renderConsumer({
    values: { sidecar: { credentials: { existingSecret: '' }, mysql: { existingSecret: 'db' }, ca: { existingConfigMap: 'ca' } } },
  }), 'billing');
  assert.equal(environment.POSTERN_MYSQL_DIR, '/mysql');
  assert.equal(environment.POSTERN_TLS_CA_FILE, '/ca/ca.crt');
  assert.equal(mounts['postern-mysql'], '/mysql');
  assert.equal(mounts['postern-ca'], '/ca');
  assert.deepEqual(volumes['postern-ca'], { configMap: { name: 'ca', optional: true } });
});

test('a configuration file names itself what is mounted beside it', () => {
  const target = { url: '', name: '', serverName: '' };
  const config = { targets: [{ name: 'billing', url: 'https://localhost:8443', sample_limit: 10000000 }] };
  const documents = renderConsumer({ values: { config, sidecar: { target } } });
  const { environment, mounts, volumes } = podOf(documents, 'billing');
  assert.equal(environment.POSTERN_CONFIG_FILE, '/config/postern.yml');
  assert.equal(environment.POSTERN_TLS_DIR ?? environment.POSTERN_TARGET_URL, undefined);
  assert.equal(mounts['postern-tls'], '/tls');
  assert.equal(mounts['postern-config'], '/config');
  const map = one(documents, 'ConfigMap');
  assert.deepEqual(volumes['postern-config'], { configMap: { name: map.metadata.name, optional: true } });
  assert.match(map.data['postern.yml'], /sample_limit: 10000000$/m);
  const other = podOf(documents, 'invoices');  // has its own target
  assert.equal(other.environment.POSTERN_TARGET_URL, 'https://localhost:9443');
  assert.equal(other.environment.POSTERN_CONFIG_FILE ?? other.volumes['postern-config'], undefined);
});

test('two workloads may differ', () => {
  const { metadata, sidecar, environment, volumes, native } = podOf(renderConsumer(), 'invoices');
  assert.equal(native, false);
  assert.equal(environment.POSTERN_TARGET_URL, 'https://localhost:9443');
  assert.equal(environment.POSTERN_TARGET_NAME, 'invoices');
  assert.equal(environment.POSTERN_TARGET_SERVER_NAME, 'billing', 'the rest is as in the values');
  assert.equal(metadata.annotations['prometheus.io/port'], '3001');
  assert.equal(sidecar.ports[0].containerPort, 3001);
  assert.equal(sidecar.securityContext.runAsUser, 1000650000);
  assert.equal(volumes['postern-tls'].secret.secretName, 'invoices-client');
  assert.equal(volumes['postern-tls'].secret.defaultMode, 0o440);
});

test('a pod with resources of its own has a sidecar without', () => {
  const { sidecar } = podOf(renderConsumer({ values: { sidecar: { podHasResources: true } } }), 'billing');
  assert.equal(sidecar.resources, undefined);
});

test('ephemeral storage is requested and limited alone, where it is asked for', () => {
  const resources = { requests: { 'ephemeral-storage': '8Mi' }, limits: { 'ephemeral-storage': '32Mi' } };
  const { sidecar } = podOf(renderConsumer({ values: { sidecar: { resources } } }), 'billing');
  assert.deepEqual(sidecar.resources, {
    requests: { cpu: '5m', memory: '16Mi', 'ephemeral-storage': '8Mi' },
    limits: { memory: '64Mi', 'ephemeral-storage': '32Mi' },
  });
  const shared = podOf(renderConsumer({ values: { sidecar: { resources, podHasResources: true } } }), 'billing');
  assert.deepEqual(shared.sidecar.resources, resources);
});

test('its image is pulled as the policy says', () => {
  const policy = sidecar => podOf(renderConsumer({ values: { sidecar } }), 'billing').sidecar.imagePullPolicy;
  assert.equal(policy({}), 'IfNotPresent');
  assert.equal(policy({ imagePullPolicy: 'Always' }), 'Always');
});

for (const [port, health] of [[3000, 3001], [9300, 9301], [65535, 3000]]) {
  test(`probes have a port of their own beside a web configuration: ${port}`, () => {
    const { sidecar, environment, mounts, volumes } = podOf(renderConsumer({
      values: { sidecar: { port, readinessProbe: true, startupProbe: true, webConfig: { existingSecret: 'web' } } },
    }), 'billing');
    assert.equal(environment.POSTERN_WEB_CONFIG_FILE, '/web/web-config.yml');
    assert.equal(environment.POSTERN_WEB_HEALTH_ADDRESS, `:${health}`);
    assert.equal(mounts['postern-web'], '/web');
    assert.equal(volumes['postern-web'].secret.secretName, 'web');
    assert.deepEqual(sidecar.ports, [
      { name: 'postern', containerPort: port, protocol: 'TCP' },
      { name: 'postern-health', containerPort: health, protocol: 'TCP' },
    ]);
    for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
      assert.equal(sidecar[probe].httpGet.port, 'postern-health', probe);
    }
  });
}

test('it is pulled with Secrets of its own', () => {
  const imagePullSecrets = [{ name: 'registry-a' }, { name: 'registry-b' }];
  const { spec } = podOf(renderConsumer({ values: { sidecar: { imagePullSecrets } } }), 'billing');
  assert.deepEqual(spec.imagePullSecrets, imagePullSecrets);
  assert.equal(podOf(renderConsumer(), 'billing').spec.imagePullSecrets, undefined);
});

test('the namespace may choose the user', () => {
  const { sidecar } = podOf(renderConsumer({ values: { sidecar: { runAsUser: 'none' } } }), 'billing');
  assert.equal(sidecar.securityContext.runAsUser, undefined);
  assert.equal(sidecar.securityContext.runAsNonRoot, true);
});

test('probes beside liveness come when they are asked for', () => {
  const { sidecar } = podOf(renderConsumer({
    values: { sidecar: { readinessProbe: true, startupProbe: true } },
  }), 'billing');
  assert.equal(sidecar.readinessProbe.httpGet.path, '/-/ready');
  assert.equal(sidecar.startupProbe.httpGet.path, '/-/healthy');
});
