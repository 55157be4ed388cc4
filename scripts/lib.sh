# Shared by the other scripts: the Debian packages, their installation, the build.
# To be sourced by bash.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages=(cmake g++ libboost-program-options-dev libcrypt-dev libisal-dev libmariadb-dev libpoco-dev
  libre2-dev libseccomp-dev libsimdjson-dev libspdlog-dev libssl-dev libyaml-cpp-dev ninja-build
  nlohmann-json3-dev pkg-config python3)
demo_packages=(curl openssl)
mysql_packages=(mariadb-server)
unit_packages=(libgmock-dev libgtest-dev openssl)
all_tests_packages=(libbenchmark-dev python3)
scenario_packages=(curl faketime golang-github-prometheus-common-dev golang-go iproute2 mount nftables nginx-light
  openssl procps prometheus python3-jsonschema python3-yaml slowhttptest testssl.sh util-linux)
rules_packages=(prometheus python3-jsonschema python3-yaml)
lint_packages=(clang-format-14 clang-tidy-14 git python3-yaml)
cache_packages=(ccache)  # optional: speeds up recompilation
browser_packages=(chromium nodejs)
command -v npm >/dev/null || browser_packages+=(npm)  # some nodejs packages include it
fuzz_packages=(clang-14 libclang-rt-14-dev)
# Only for scripts/test.sh apiserver.
kube_apiserver_packages=(dpkg-dev etcd-server golang-github-modern-go-reflect2-dev jq make patch rsync
  xz-utils)
arm64_packages=(g++-aarch64-linux-gnu mmdebstrap qemu-user)
image_packages=(binutils buildah catatonit containernetworking-plugins iptables mmdebstrap podman runc)

if [[ -t 1 ]]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

# CMakeLists.txt is the only source of the version.
project_version() { sed -n 's/^project(postern VERSION \([^ )]*\).*/\1/p' "$root/CMakeLists.txt"; }

say() { printf '%s%s%s\n' "$bold" "$*" "$plain"; }
die() {
  printf '%s\n' "$*" >&2
  exit 1
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "packages have to be installed: run this as root, or install sudo"
  fi
}

installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Debian starts installed services unless its policy layer forbids it. Our policy file is removed again; an
# existing one stays.
forbid_services() {
  [[ -e /usr/sbin/policy-rc.d ]] && return 1
  printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
  as_root chmod 755 /usr/sbin/policy-rc.d
}

# install_missing PACKAGE...: prints and installs the missing ones; starts no service.
install_missing() {
  local package missing=()
  for package in "$@"; do installed "$package" || missing+=("$package"); done
  ((${#missing[@]})) || return 0
  say "installing: ${missing[*]}"
  (
    if forbid_services; then trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT; fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes \
      --no-install-recommends "${missing[@]}" >/dev/null
  )
}

# build_release TARGET...: builds in build/, without dependencies of tests.
build_release() {
  cmake -G Ninja -S "$root" -B "$root/build" -DCMAKE_BUILD_TYPE=Release \
    -DPOSTERN_TESTS=demo >/dev/null
  cmake --build "$root/build" --target "$@"
}
