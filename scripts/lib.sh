# What the other scripts share: the Debian packages, their installation, the build.
# To be sourced by bash.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_packages=(cmake g++ libboost-program-options-dev libisal-dev libmariadb-dev libpoco-dev
  libre2-dev libsimdjson-dev libspdlog-dev libssl-dev libyaml-cpp-dev ninja-build nlohmann-json3-dev
  pkg-config python3)
demo_packages=(curl openssl)
mysql_packages=(mariadb-server)
test_packages=(clang-format-14 clang-tidy-14 golang-github-prometheus-common-dev golang-go
  libbenchmark-dev libgmock-dev libgtest-dev nginx-light procps prometheus)
fuzz_packages=(clang-14 libclang-rt-14-dev)
arm64_packages=(g++-aarch64-linux-gnu mmdebstrap qemu-user)

if [[ -t 1 ]]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi

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

# Debian starts what it installs; its policy layer lets us forbid that. Ours is removed
# again, one that was there stays.
forbid_services() {
  [[ -e /usr/sbin/policy-rc.d ]] && return 1
  printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
  as_root chmod 755 /usr/sbin/policy-rc.d
}

# install_missing PACKAGE...: says which are missing, installs those, starts no service.
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

# build_release TARGET...: into build/, without what only the tests need.
build_release() {
  cmake -G Ninja -S "$root" -B "$root/build" -DCMAKE_BUILD_TYPE=Release \
    -DPOSTERN_TESTS=ON -DPOSTERN_LOOK_ALIKE_ONLY=ON >/dev/null
  cmake --build "$root/build" --target "$@"
}
