// values.yaml, its schema and the table of the README name the same keys; an unknown key is refused by its
// name at every level. The chart has the project's version.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import yaml from 'js-yaml';
import { chart, one, over, refusal, render, root, version } from './harness/chart.mjs';
import { defaults, documented, resolved, schema } from './harness/values.mjs';

function isMap(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

const rows = new Set(documented().map(each => each.path));
// Keys that only a parent chart sets.
const ofParents = ['enabled'];

// The paths that need a row: a map that is documented as a whole has one row.
function leaves(values, path = '') {
  return Object.entries(values).flatMap(([key, value]) => {
    const below = path ? `${path}.${key}` : key;
    return isMap(value) && !rows.has(below) ? leaves(value, below) : [below];
  });
}

// Calls `visit` with the path of every object of the schema that has fields.
function objects(part, path, visit) {
  if (Array.isArray(part)) return part.forEach((each, i) => objects(each, `${path}/${i}`, visit));
  if (!isMap(part)) return;
  if (isMap(part.properties) && part.type === 'object') visit(part, path);
  for (const [key, each] of Object.entries(part)) objects(each, `${path}/${key}`, visit);
}

test('every value is documented once, and nothing else', () => {
  assert.deepEqual([...rows].sort(), leaves(defaults).sort());
  assert.equal(documented().length, rows.size);
});

test('the table of the README is made of them', () => {
  const script = fileURLToPath(new URL('readme.mjs', import.meta.url));
  const run = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
});

test('the schema has the same keys', () => {
  const compare = (values, part, path) => {
    const known = resolved(part).properties;
    const named = Object.keys(known).filter(key => path || !ofParents.includes(key)).sort();
    assert.deepEqual(named, Object.keys(values).sort(), path);
    for (const [key, value] of Object.entries(values)) {
      const below = path ? `${path}.${key}` : key;
      if (isMap(value) && !rows.has(below)) compare(value, known[key], below);
    }
  };
  compare(defaults, schema, '');
});

test('the schema of the chart\'s own keys is closed everywhere', () => {
  assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#');
  let count = 0;
  objects(schema, '', (part, path) => {
    count += 1;
    // Validated by the daemon, or for other charts.
    const others = path.endsWith('/targets/items') || path === '/properties/global';
    assert.ok(part.additionalProperties === false || others, `${path} is closed`);
  });
  assert.ok(count > 20);
});

// Keys with a type of Kubernetes, Prometheus Operator or cert-manager, with fields that not every version
// has, or none yet.
const container = documents => podOf(documents).containers[0];
const podOf = documents => one(documents, 'Deployment').spec.template.spec;
const webhookOf = documents => one(documents, 'MutatingWebhookConfiguration').webhooks[0];
const endpoint = documents => one(documents, 'PodMonitor', 'postern').spec.podMetricsEndpoints[0];
const term = {
  topologyKey: 'topology.kubernetes.io/zone', matchLabelKeys: ['pod-template-hash'], labelSelector: {},
  mismatchLabelKeys: ['a'],
};
const passedOn = [
  ['podSecurityContext', { supplementalGroupsPolicy: 'Strict', sysctls: [{ name: 'a', value: 'b' }], later: 1 },
    documents => podOf(documents).securityContext],
  ['securityContext', { procMount: 'Default', appArmorProfile: { type: 'RuntimeDefault', later: 1 } },
    documents => container(documents).securityContext],
  ['resources', { requests: { cpu: '.5', 'example.com/gpu': 1 }, limits: { 'hugepages-2Mi': '4Mi' }, claims: [{ name: 'a' }] },
    documents => container(documents).resources],
  ['livenessProbe', { httpGet: { httpHeaders: [{ name: 'a', value: 'b' }], host: 'a', later: 1 }, later: [] },
    documents => container(documents).livenessProbe],
  ['startupProbe', { grpc: { port: 8080, service: 'a' } }, documents => container(documents).startupProbe],
  ['tolerations', [{ operator: 'Exists', tolerationSeconds: 1, later: 'a' }], documents => podOf(documents).tolerations],
  ['affinity', {
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
    nodeAffinity: { requiredDuringSchedulingRequiredDuringExecution: { later: 1 } },
  }, documents => podOf(documents).affinity],
  ['topologySpreadConstraints', [{ ...term, maxSkew: 1, whenUnsatisfiable: 'Later', labelSelector: { later: 1 } }],
    documents => podOf(documents).topologySpreadConstraints],
  ['updateStrategy', { rollingUpdate: { maxSurge: '50%', later: 1 }, later: 1 },
    documents => one(documents, 'Deployment').spec.strategy],
  ['extraContainers', [{ name: 'a', image: 'b', later: 1 }], documents => podOf(documents).containers.slice(1)],
  ['initContainers', [{ name: 'a', image: 'b', later: 1 }], documents => podOf(documents).initContainers],
  ['webhook.namespaceSelector', { matchLabels: { a: 'b' }, later: 1 },
    documents => webhookOf(documents).namespaceSelector],
  ['webhook.objectSelector', { matchLabels: { a: 'b' }, later: 1 }, documents => webhookOf(documents).objectSelector],
  ['webhook.matchConditions', [{ name: 'a', expression: 'b', later: 1 }],
    documents => webhookOf(documents).matchConditions],
  ['podMonitor.attachMetadata', { node: true, later: 1 },
    documents => one(documents, 'PodMonitor', 'postern').spec.attachMetadata],
  ['podMonitor.tlsConfig', { insecureSkipVerify: true, later: 1 }, documents => endpoint(documents).tlsConfig],
  ['podMonitor.basicAuth', { username: { name: 'a', key: 'b' }, later: 1 },
    documents => endpoint(documents).basicAuth],
  ['imagePullSecrets', [{ name: 'a', later: 1 }], documents => podOf(documents).imagePullSecrets],
  ['extraEnv', [{ name: 'A', valueFrom: { fileKeyRef: { key: 'a', path: 'b', volumeName: 'c' } } }],
    documents => container(documents).env],
  ['extraVolumes', [{ name: 'a', image: { reference: 'registry.example/x:1' } }, { name: 'b', nfs: { server: 's', path: '/p' } }],
    documents => podOf(documents).volumes.slice(1)],
  ['extraVolumeMounts', [{ name: 'a', mountPath: '/a', recursiveReadOnly: 'IfPossible' }, { name: 'b', mountPath: '/b', subPathExpr: '$(POD)' }],
    documents => container(documents).volumeMounts.slice(1)],
  ['podMonitor.relabelings', [{ action: 'Keep', sourceLabels: ['a'], regex: 'b', later: 1 }],
    documents => endpoint(documents).relabelings],
  ['podMonitor.metricRelabelings', [{ action: 'KeepEqual', sourceLabels: ['a'], targetLabel: 'b', later: 1 }],
    documents => endpoint(documents).metricRelabelings],
  ['prometheusRule.rules', [{ record: 'a:b:c', expr: 'up', later: 1 }],
    documents => one(documents, 'PrometheusRule').spec.groups.at(-1).rules],
  ['certManager.issuerRef', { name: 'a', kind: 'ClusterIssuer', later: 1 },
    documents => one(documents, 'Certificate').spec.issuerRef],
];
const inUse = { podMonitor: { enabled: true }, prometheusRule: { enabled: true }, certManager: { enabled: true } };

function at(path, value) {
  return path.split('.').reverse().reduce((below, key) => ({ [key]: below }), value);
}

for (const [path, value, found] of passedOn) {
  test(`a field of somebody else's type is passed on: ${path}`, () => {
    const rendered = found(render({ values: over(inUse, at(path, value)) }));
    assert.deepEqual(rendered, isMap(value) ? over(rendered, value) : value);
  });
}

test('what the schema leaves open is passed on, and nothing else is left open', () => {
  const open = [];
  const visit = (part, path) => {
    if (!isMap(part)) return;
    const text = JSON.stringify(part);
    if (path && /passedOn|podSecurityContext|probe/.test(text) && !part.properties) open.push(path);
    else for (const [key, each] of Object.entries(part.properties ?? {})) visit(each, path ? `${path}.${key}` : key);
  };
  visit(schema, '');
  // Probes are tested once.
  const tried = [...passedOn.map(([path]) => path), 'readinessProbe'];
  assert.deepEqual(open.sort(), tried.sort());
});

test('quantities and durations are read as Kubernetes and Go read them', () => {
  for (const cpu of ['.5', '5.', '100m', '1e3', '1E3', '0.1', 1, '250000u', '1k']) {
    render({ values: { sidecar: { resources: { requests: { cpu } } } } });
  }
  for (const duration of ['2160h', '1.5h', '2160h0m0s', '90m']) {
    render({ values: { certManager: { enabled: true, duration } } });
  }
  render({ values: { tls: { existingSecret: 'a', caBundle: 'subject=CN = a\n-----BEGIN CERTIFICATE-----\nMA==\n' } } });
});

test('a typo is refused by its name', () => {
  let count = 0;
  const spoil = (values, path) => {
    for (const [key, value] of Object.entries(values)) {
      if (isMap(value) && !rows.has(path ? `${path}.${key}` : key)) {
        spoil(value, path ? `${path}.${key}` : key);
      }
    }
    if (path === 'global') return;
    count += 1;
    const typo = { tpyo: 1 };
    const error = refusal({ values: path ? at(path, typo) : typo });
    assert.match(error, /Additional property tpyo is not allowed/);
    if (path) assert.match(error, new RegExp(`- ${path}: `));
  };
  spoil(defaults, '');
  assert.ok(count > 15);
});

test('a wrong value is refused by the name of its key', () => {
  const refuses = (key, value) => {
    assert.match(refusal({ values: at(key, value) }), new RegExp(`- ${key}`), key);
  };
  refuses('replicaCount', '2');
  refuses('image.pullPolicy', 'Sometimes');
  refuses('image.digest', 'latest');
  refuses('webhook.failurePolicy', 'fail');
  refuses('webhook.timeoutSeconds', 31);
  refuses('webhook.port', 65536);
  refuses('dnsPolicy', 'Clusterfirst');
  refuses('kubeVersionOverride', 'latest');
  refuses('service.ipFamilies', ['IPv5']);
  refuses('podDisruptionBudget.maxUnavailable', 'one');
  refuses('podMonitor.scheme', 'tcp');
  refuses('prometheusRule.runbookUrl', 'helm/files/runbooks.md');
  refuses('podMonitor.sampleLimit', -1);
  refuses('certManager.duration', '90d');
  refuses('tls.caBundle', 'ca.crt');
  refuses('sidecar.target.name', 447418342132);
  refuses('sidecar.target.url', 'http://localhost');
  refuses('sidecar.port', 80);
  refuses('sidecar.runAsUser', 0);
  refuses('sidecar.nativeSidecar', 'sometimes');
  refuses('sidecar.tls.existingSecret', 'My_Secret');
  refuses('sidecar.resources.limits.memory', '64 MB');
  refuses('podMonitor.interval', '30 seconds');
  refuses('podMonitor.relabelings', {});
  refuses('affinity', []);
  refuses('extraVolumes', [{ emptyDir: {} }]);
  refuses('startupProbe.httpGet', { path: '/' });
  refuses('networkPolicy.monitoringNamespaces', []);
  refuses('networkPolicy.sparePorts', -1);
  refuses('networkPolicy.additionalPorts', [80]);
  refuses('networkPolicy.injector.webhookCidrs', ['10.0.0.1']);
  refuses('networkPolicy.injector.apiServerPorts', []);
  refuses('injector.countMissedPods', 'no');
  refuses('config', { target: [] });
  refuses('extraArgs', ['inject']);
});

test('what contradicts itself is refused with what was expected', () => {
  const refuses = (values, expected) => assert.match(refusal({ values }), expected);
  const config = { targets: [{ url: 'https://localhost' }] };
  refuses({ config, existingConfigMap: 'a' }, /config and existingConfigMap are .*, expected one of them/);
  refuses({ config, sidecar: { target: { url: 'https://localhost' } } }, /sidecar.target .*, expected one of them/);
  refuses({ config, sidecar: { target: { serverName: 'a' } } }, /sidecar.target .*, expected one of them/);
  refuses({ config, sidecar: { tls: { systemRoots: true } } }, /sidecar.tls.systemRoots/);
  refuses({ sidecar: { credentials: { existingSecret: 'a' }, mysql: { existingSecret: 'b' } } }, /two sources of one credential/);
  refuses({ certManager: { enabled: true }, tls: { existingSecret: 'a' } }, /two sources of one certificate/);
  refuses({ tls: { caBundle: '-----BEGIN CERTIFICATE-----' } }, /in tls.existingSecret, expected both/);
  refuses({ networkPolicy: { enabled: true } }, /networkPolicy.namespaces is empty, expected/);
  refuses({ podDisruptionBudget: { minAvailable: null, maxUnavailable: null } },
    /podDisruptionBudget.minAvailable and podDisruptionBudget.maxUnavailable are not set, expected one of them/);
  refuses({ startupProbe: { httpget: { port: 1 } } }, /startupProbe has no httpGet, tcpSocket, grpc or exec, expected one/);
});

test('a probe can be taken away, and a chart may have this one as a part', () => {
  const documents = render({ values: { livenessProbe: null, global: { anything: 1 }, enabled: true } });
  const [container] = documents.find(each => each.kind === 'Deployment').spec.template.spec.containers;
  assert.equal(container.livenessProbe, undefined);
  assert.ok(container.readinessProbe);
});

test('chart and project have one version', () => {
  const { appVersion } = yaml.load(readFileSync(join(chart, 'Chart.yaml'), 'utf8'));
  const project = readFileSync(join(root, 'CMakeLists.txt'), 'utf8').match(/project\(postern VERSION ([0-9.]+)/);
  assert.deepEqual([version, appVersion], [project[1], project[1]]);
});
