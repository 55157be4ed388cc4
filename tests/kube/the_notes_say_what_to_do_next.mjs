// The output of helm after an installation. `helm template` does not print it, so the notes are rendered as a
// template in a copy of the chart.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { chart, chartWith, feature, one, render } from './harness/chart.mjs';

const copy = chartWith({});
const text = readFileSync(join(chart, 'templates/NOTES.txt'), 'utf8');
writeFileSync(join(copy, 'templates/_notes.tpl'), `{{- define "notes" }}${text}{{ end }}`);
writeFileSync(join(copy, 'templates/notes.yaml'),
  'apiVersion: v1\nkind: Notes\nmetadata: { name: notes }\ntext: {{ include "notes" . | toJson }}\n');

function notes(values) {
  return one(render({ of: copy, values }), 'Notes').text;
}

test('they say how a pod asks for a sidecar, and how to find what was missed', () => {
  const said = notes();
  assert.match(said, /^ {8}postern.io\/inject: "true"$/m);
  assert.match(said, /--namespace postern-system rollout status deployment\/postern-injector$/m);
  assert.match(said, /helm --namespace postern-system test postern$/m);
  assert.match(said, /postern.io\/inject=true,postern.io\/status!=injected/);
  assert.match(said, /set podMonitor.enabled/);
  assert.doesNotMatch(said, /\n\n\n|configNamespaces/);
});

test('they say what would be in vain', () => {
  const { config } = feature('config');
  assert.match(notes({ config }), /list the namespaces of the pods in `configNamespaces`/);
  assert.doesNotMatch(notes(feature('config')), /configNamespaces/);
});

test('they say which panels stay empty without the rules', () => {
  const empty = /without the rules: panels that read recording rules .* stay empty/;
  assert.match(notes({ dashboards: { enabled: true } }), empty);
  assert.doesNotMatch(notes({ dashboards: { enabled: true }, prometheusRule: { enabled: true } }), empty);
  assert.doesNotMatch(notes({}), empty);
});

test('without an injector they speak of the template', () => {
  const said = notes({ injector: { enabled: false }, podMonitor: { enabled: true } });
  assert.equal(said.trim(), 'The injector is disabled. The named template `postern.sidecar` gives other charts the sidecar.');
});
