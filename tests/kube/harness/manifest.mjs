// Errors of a manifest by two independent checkers: the types of the Kubernetes client know every field of
// the core kinds. The models know required fields, possible values and the kinds of operators.
import * as client from '@kubernetes/client-node';
import * as admission from 'kubernetes-models/admissionregistration.k8s.io/v1';
import * as apps from 'kubernetes-models/apps/v1';
import * as certManager from '@kubernetes-models/cert-manager/cert-manager.io/v1';
import * as core from 'kubernetes-models/v1';
import * as monitoring from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as policy from 'kubernetes-models/policy/v1';
import * as rbac from 'kubernetes-models/rbac.authorization.k8s.io/v1';

const models = {
  'admissionregistration.k8s.io/v1': admission,
  'apps/v1': apps,
  'cert-manager.io/v1': certManager,
  'monitoring.coreos.com/v1': monitoring,
  'networking.k8s.io/v1': networking,
  'policy/v1': policy,
  'rbac.authorization.k8s.io/v1': rbac,
  v1: core,
};
const custom = ['cert-manager.io/v1', 'monitoring.coreos.com/v1'];

function isMap(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

// Fields that are unknown to the client's types, and values of another type.
function strangers(value, type, path) {
  const wrong = expected => [`${path}: ${JSON.stringify(value)} is not a ${expected}`];
  const list = type.match(/^Array<(.*)>$/);
  if (list) {
    if (!Array.isArray(value)) return wrong('list');
    return value.flatMap((each, i) => strangers(each, list[1], `${path}[${i}]`));
  }
  const map = type.match(/^\{ \[key: string\]: (.*); \}$/);
  if (map) {
    if (!isMap(value)) return wrong('map');
    return Object.entries(value).flatMap(([key, each]) => strangers(each, map[1], `${path}.${key}`));
  }
  if (['string', 'number', 'boolean'].includes(type)) return typeof value === type ? [] : wrong(type);
  if (type === 'IntOrString') return ['string', 'number'].includes(typeof value) ? [] : wrong(type);
  if (!client[type]?.getAttributeTypeMap) throw new Error(`${path}: the type ${type} is not known here`);
  if (!isMap(value)) return wrong(type);
  const fields = new Map(client[type].getAttributeTypeMap().map(field => [field.baseName, field.type]));
  return Object.entries(value).flatMap(([key, each]) => fields.has(key)
    ? strangers(each, fields.get(key), `${path}.${key}`)
    : [`${path}: ${key} is not a field of ${type}`]);
}

// The models of custom kinds accept any field, but validate only the known ones.
function watched(value, path, seen) {
  if (value === null || typeof value !== 'object') return value;
  return new Proxy(value, {
    get(target, key) {
      const below = `${path}.${String(key)}`;
      if (typeof key === 'string' && Object.hasOwn(target, key)) seen.add(below);
      return watched(target[key], below, seen);
    },
  });
}

function unseen(value, path, seen) {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, each]) => {
    const below = `${path}.${key}`;
    return seen.has(below) ? unseen(each, below, seen) : [`${below} is not a field`];
  });
}

// One sentence for each error; empty for a valid manifest.
export function complaints(manifest) {
  const { apiVersion, kind } = manifest;
  const Model = models[apiVersion]?.[kind];
  if (!Model) return [`${apiVersion} ${kind} is not known`];
  const found = [];
  const seen = new Set();
  try {
    // Not of its Model, which would be a copy.
    Model.prototype.validate.call(watched(manifest, kind, seen));
  } catch (error) {
    found.push(`${kind}: ${error.message}`);
  }
  if (custom.includes(apiVersion)) {
    const { metadata, ...rest } = manifest;
    return [...found, ...strangers(metadata, 'V1ObjectMeta', kind), ...unseen(rest, kind, seen)];
  }
  return [...found, ...strangers(manifest, `V1${kind}`, kind)];
}
