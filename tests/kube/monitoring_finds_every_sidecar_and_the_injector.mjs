// PodMonitors, alert rules and dashboards: files/ reaches the cluster unchanged, with no file and with some.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import yaml from 'js-yaml';
import { all, chart, chartWith, feature, namespace, one, refusal, render } from './harness/chart.mjs';
import { complaints } from './harness/manifest.mjs';

const rules = `
groups:
  - name: example
    interval: 30s
    limit: 0
    rules:
      - record: namespace:postern_up:sum
        expr: sum by (namespace) (postern_up)
      - alert: PosternExample
        expr: |
          postern_up == 0
          and on (instance) up{job="postern"} > 10000000
        for: 5m
        labels: { severity: warning }
        annotations:
          summary: "{{ $labels.target }} is down: {{ $value | humanizeDuration }}"
          description: >-
            {{ with $labels.namespace }}{{ . }}/{{ end }}{{ or $labels.pod $labels.instance }}:
            {{- if eq $labels.job "postern" }} "yes" {{- else }} 'no' {{ end }}
      - alert: PosternOther
        expr: vector(1)
  - name: alone
    rules:
      - alert: PosternAlone
        expr: vector(2)
`;
const dashboard = '{\n  "title": "Pod {{pod}} \\"a\\"",\n  "legendFormat": "{{ target }} ${DS}"\n}\n';
const some = chartWith({ 'rules/alerts.yaml': rules, 'dashboards/pod.json': dashboard });
const none = chartWith({});

function groupsOf(options) {
  return one(render({ ...options, values: { prometheusRule: { enabled: true, ...options.values } } }),
    'PrometheusRule').spec.groups;
}

test('nothing of it unless it is asked for', () => {
  for (const kind of ['PodMonitor', 'PrometheusRule', 'ConfigMap']) assert.deepEqual(all(render(), kind), []);
});

test('a page and what postern says of itself are scraped of every injected pod', () => {
  const monitor = one(render({ values: { podMonitor: { enabled: true } } }), 'PodMonitor', 'postern').spec;
  // The rules are tested with tests/e2e/harness/alerts.py.
  const data = new URL('../data/rules/pod_monitor.yml', import.meta.url);
  assert.deepEqual(monitor, yaml.load(readFileSync(data, 'utf8')).spec);
});

test('the injector is scraped by itself, and not without one', () => {
  const documents = render({ values: { podMonitor: { enabled: true } } });
  const { selector, podMetricsEndpoints, namespaceSelector } = one(documents, 'PodMonitor', 'postern-injector').spec;
  const { template } = one(documents, 'Deployment').spec;
  for (const [key, value] of Object.entries(selector.matchLabels)) assert.equal(template.metadata.labels[key], value);
  assert.deepEqual(namespaceSelector, { matchNames: [namespace] });
  const ports = template.spec.containers[0].ports.map(each => each.name);
  assert.ok(ports.includes(podMetricsEndpoints[0].port));
  assert.equal(podMetricsEndpoints[0].path, '/-/metrics');
  assert.deepEqual(podMetricsEndpoints[0].relabelings, [{ targetLabel: 'job', replacement: 'postern-injector' }]);
  const without = render({ values: { podMonitor: { enabled: true }, injector: { enabled: false } } });
  assert.deepEqual(one(without, 'PodMonitor').spec.namespaceSelector, { matchNames: [namespace] });
  assert.equal(one(without, 'PodMonitor').metadata.name, 'postern');
});

test('a PodMonitor says what its values say', () => {
  const { podMonitor } = feature('pod-monitor');
  const { metadata, spec } = one(render({ values: { podMonitor } }), 'PodMonitor', 'postern');
  assert.equal(metadata.namespace, 'monitoring');
  assert.equal(metadata.labels.release, 'prometheus');
  assert.deepEqual(metadata.annotations, podMonitor.annotations);
  assert.deepEqual(spec.namespaceSelector, { matchNames: ['shop', 'billing'] });
  assert.deepEqual(spec.podTargetLabels, podMonitor.podTargetLabels);
  assert.equal(spec.scrapeClass, 'internal');
  const [page, self] = spec.podMetricsEndpoints;
  for (const each of [page, self]) {
    assert.deepEqual([each.interval, each.scrapeTimeout, each.honorLabels], ['30s', '10s', true]);
    assert.deepEqual(each.relabelings.at(-1), podMonitor.relabelings[0]);
  }
  assert.deepEqual(page.metricRelabelings, podMonitor.metricRelabelings);
  assert.equal(self.metricRelabelings, undefined);
  assert.equal(self.relabelings[0].replacement, 'postern');
});

test('limits hold for every scrape, and TLS and login for the web listener of sidecars alone', () => {
  const { podMonitor } = feature('reach');
  const documents = render({ values: { podMonitor } });
  const limits = ['jobLabel', 'attachMetadata', 'sampleLimit', 'targetLimit', 'labelLimit', 'labelNameLengthLimit',
    'labelValueLengthLimit', 'bodySizeLimit', 'scrapeProtocols', 'fallbackScrapeProtocol'];
  const access = ['scheme', 'tlsConfig', 'basicAuth'];
  const same = ['honorTimestamps', 'proxyUrl'];
  for (const name of ['postern', 'postern-injector']) {
    const { spec } = one(documents, 'PodMonitor', name);
    for (const key of limits) assert.deepEqual(spec[key], podMonitor[key], key);
    for (const each of spec.podMetricsEndpoints) {
      for (const key of same) assert.deepEqual(each[key], podMonitor[key], key);
      for (const key of access) assert.deepEqual(each[key], name === 'postern' ? podMonitor[key] : undefined, key);
    }
  }
});

test('rules arrive as they are written', () => {
  assert.deepEqual(groupsOf({ of: some }), yaml.load(rules).groups);
  const [description] = groupsOf({ of: some })[0].rules.map(each => each.annotations?.description).filter(Boolean);
  assert.match(description, /\{\{ with \$labels.namespace \}\}/);
});

test('rules get labels, and can be left out one by one', () => {
  const values = {
    additionalRuleLabels: { team: 'a', severity: 'info' },
    disabledAlerts: ['PosternOther', 'PosternAlone'],
  };
  const [example, ...others] = groupsOf({ of: some, values });
  assert.deepEqual(others, [], 'a group with nothing in it goes');
  assert.deepEqual(example.rules.map(each => each.alert), [undefined, 'PosternExample']);
  assert.deepEqual(example.rules[1].labels, { team: 'a', severity: 'info' });
  assert.equal(example.rules[0].labels, undefined);
});

test('each alert has the URL of its runbook and the annotations of all', () => {
  const values = { runbookUrl: 'https://wiki.example/postern', additionalRuleAnnotations: { team: 'a', summary: 'b' } };
  const alerts = groupsOf({ values }).flatMap(group => group.rules).filter(rule => rule.alert);
  assert.ok(alerts.length > 10);
  for (const { alert, annotations } of alerts) {
    const section = annotations.runbook.split('#')[1];
    assert.equal(annotations.runbook_url, `https://wiki.example/postern#${section}`, alert);
    assert.deepEqual([annotations.team, annotations.summary], ['a', 'b'], alert);
    assert.match(annotations.description, /\{\{/);
  }
  for (const { annotations } of groupsOf({}).flatMap(group => group.rules).filter(rule => rule.alert)) {
    assert.equal(annotations.runbook_url, undefined);
  }
});

test('more rules are in a group of their own', () => {
  const rule = { alert: 'Other', expr: 'up == 0', labels: { value: '{{ $value }}' }, keep_firing_for: '5m' };
  const groups = groupsOf({ of: some, values: { rules: [rule], runbookUrl: 'https://wiki.example/postern' } });
  assert.deepEqual(groups.at(-1), { name: 'postern-additional.rules', rules: [rule] });
});

test('an alert that is not there cannot be left out', () => {
  const values = { prometheusRule: { enabled: true, disabledAlerts: ['PosternExampel'] } };
  assert.match(refusal({ of: some, values }),
    /unknown alert PosternExampel, expected some of PosternAlone, PosternExample, PosternOther/);
});

test('dashboards arrive as they are written', () => {
  const { dashboards } = feature('dashboards');
  const [map, ...others] = all(render({ of: some, values: { dashboards } }), 'ConfigMap');
  assert.deepEqual(others, []);
  assert.equal(map.metadata.name, 'postern-dashboard-pod');
  assert.equal(map.metadata.namespace, 'monitoring');
  assert.equal(map.metadata.labels.grafana_dashboard, 'yes');
  assert.deepEqual(map.metadata.annotations, dashboards.annotations);
  assert.deepEqual(map.data, { 'postern-pod.json': dashboard });
});

test('without files there is nothing to bring', () => {
  assert.deepEqual(groupsOf({ of: none }), []);
  assert.deepEqual(all(render({ of: none, values: { dashboards: { enabled: true } } }), 'ConfigMap'), []);
});

test('the files of the chart arrive, all of them', () => {
  const read = (kind, ending) => {
    const path = join(chart, 'files', kind);
    const names = existsSync(path) ? readdirSync(path).filter(name => name.endsWith(ending)).sort() : [];
    return names.map(name => readFileSync(join(path, name), 'utf8'));
  };
  const groups = read('rules', '.yaml').flatMap(text => yaml.load(text).groups);
  assert.deepEqual(groupsOf({}), groups);
  const maps = all(render({ values: { dashboards: { enabled: true } } }), 'ConfigMap');
  const texts = maps.flatMap(map => Object.values(map.data));
  assert.deepEqual(texts.map(text => text.trimEnd()), read('dashboards', '.json').map(text => text.trimEnd()));
  for (const map of maps) {
    assert.deepEqual(complaints(map), []);
    assert.equal(map.metadata.labels.grafana_dashboard, '1');
    assert.ok(JSON.stringify(map).length < 1 << 20, 'a ConfigMap holds a mebibyte');
  }
});
