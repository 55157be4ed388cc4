# Storage and settings of buildah and podman, separate from their other storage on this machine.
# To be sourced after scripts/lib.sh; as root. Debian packages: buildah podman runc mmdebstrap
storage=${POSTERN_IMAGE_STORAGE:-$root/build-image}
mkdir -p "$storage"

# runc, as crun refuses hybrid cgroups; low limits, as they may not exceed those of this process.
cat >"$storage/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
CONF
cat >"$storage/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$storage/images"
runroot = "$storage/running"
CONF
printf '{"default": [{"type": "insecureAcceptAnything"}]}\n' >"$storage/policy.json"
printf 'unqualified-search-registries = []\nshort-name-mode = "disabled"\n' >"$storage/registries.conf"

export CONTAINERS_CONF=$storage/containers.conf CONTAINERS_STORAGE_CONF=$storage/storage.conf
export CONTAINERS_REGISTRIES_CONF=$storage/registries.conf
