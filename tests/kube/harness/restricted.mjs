// Violations of the Pod Security Standard `restricted` by a pod, one sentence each.

const volumes = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected',
  'secret'];
const profiles = ['RuntimeDefault', 'Localhost'];

function ofContainer(container, pod) {
  const own = container.securityContext ?? {};
  const of = key => own[key] ?? pod[key];
  const found = [];
  const need = (holds, what) => { if (!holds) found.push(`${container.name}: ${what}`); };
  need(own.allowPrivilegeEscalation === false, 'allowPrivilegeEscalation is not false');
  need(own.capabilities?.drop?.includes('ALL'), 'capabilities are not dropped');
  need(!own.capabilities?.add?.some(each => each !== 'NET_BIND_SERVICE'), 'capabilities are added');
  need(of('runAsNonRoot') === true, 'runAsNonRoot is not true');
  need(of('runAsUser') !== 0, 'it is root');
  need(profiles.includes(of('seccompProfile')?.type), 'seccompProfile is missing');
  need(!own.privileged, 'it is privileged');
  need(!container.ports?.some(port => port.hostPort), 'it has a port of the host');
  return found;
}

export function forbidden(spec) {
  const found = ['hostNetwork', 'hostPID', 'hostIPC'].filter(key => spec[key]).map(key => `${key} is set`);
  for (const { name, ...source } of spec.volumes ?? []) {
    if (!volumes.includes(Object.keys(source)[0])) found.push(`volume ${name} is a ${Object.keys(source)[0]}`);
  }
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return [...found, ...containers.flatMap(each => ofContainer(each, spec.securityContext ?? {}))];
}
