// The program, and its injected pods with the flags of the chart's injector.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { one, render, root } from './chart.mjs';

const program = join(process.env.POSTERN_BUILD ?? join(root, 'build'), 'postern');

export function postern(args, input) {
  const run = spawnSync(program, args, { input, encoding: 'utf8', env: {}, timeout: 60_000 });
  if (run.error) throw run.error;
  return { code: run.status, out: run.stdout, error: run.stderr };
}

// The pod after the injector of these documents.
export function injectedWith(documents, pod) {
  const { args } = one(documents, 'Deployment').spec.template.spec.containers[0];
  const rules = args.filter(arg => /^--(inject\.(image|allowed-images|default)|native-sidecar)=/.test(arg));
  const { code, out, error } = postern(['inject', '--pod=-', ...rules], JSON.stringify(pod));
  assert.equal(code, 0, error);
  return JSON.parse(out);
}

// The pod after the injector of the chart with these values.
export function injectedBy(values, pod) {
  return injectedWith(render({ values }), pod);
}
