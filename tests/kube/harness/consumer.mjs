// tests/kube/consumer, rendered by helm: a chart with this chart as its dependency.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { chart, folder, helm, render, root } from './chart.mjs';

// The path of a copy that contains its dependency, as after `helm dependency update`.
function copied() {
  const scratch = folder();
  cpSync(chart, join(scratch, 'helm'), { recursive: true });
  const consumer = join(scratch, 'tests/kube/consumer');
  cpSync(join(root, 'tests/kube/consumer'), consumer, { recursive: true });
  const { code, error } = helm('dependency', 'update', '--skip-refresh', consumer);
  if (code !== 0) throw new Error(`helm dependency update: ${error}`);
  return consumer;
}

let consumer;

// Like `render`; `values` are those of this chart.
export function renderConsumer({ kube, values = {} } = {}) {
  consumer ??= copied();
  return render({ kube, release: 'billing', of: consumer, values: { postern: values } });
}
