// tests/kube/consumer as helm renders it: a chart that has this one as a part.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { chart, folder, helm, render, root } from './chart.mjs';

// The path of a copy that has its part beside it, as `helm dependency update` puts it there.
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

// As `render`; `values` are those of this chart.
export function renderConsumer({ kube, values = {} } = {}) {
  consumer ??= copied();
  return render({ kube, release: 'billing', of: consumer, values: { postern: values } });
}
