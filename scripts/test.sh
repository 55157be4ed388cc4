#!/usr/bin/env bash
# Builds and runs every test. Its last line is `N passed, N failed`; it exits with 0 when
# nothing failed. Build folders are kept (build-test, build-image, build-fuzz, build-arm64,
# build-address, build-thread, build-kube-apiserver), so a second run is quicker.
#
# --with-kube-apiserver builds Kubernetes' API server as well, and shows the injector to it. That
# takes some minutes and 3 GB of disk the first time.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

with_kube_apiserver=false
for argument in "$@"; do
  [[ $argument == --with-kube-apiserver ]] || die "usage: scripts/test.sh [--with-kube-apiserver]"
  with_kube_apiserver=true
done

jobs=$(nproc)
tidy_seconds=${POSTERN_TIDY_SECONDS:-1800}
fuzz_seconds=20
passed=0 failed=0 times=() failures=()
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# stage NAME COMMAND...: a stage that fails counts as one failed test, but for what ctest
# counts itself; the next stages run all the same.
stage() {
  local name=$1 begin=$SECONDS result=0
  shift
  say "== $name"
  { "$@" 2>&1 || result=$?; } > >(tee "$logs/stage")
  wait $!
  times+=("$(printf '%5d s  %s' $((SECONDS - begin)) "$name")")
  return "$result"
}

check() {
  if stage "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    failures+=("$1" "$(tail -n 30 "$logs/stage")")
  fi
}

# build FOLDER OPTION... [-- TARGET...]
build() {
  local folder=$1 options=()
  shift
  while (($#)) && [[ $1 != -- ]]; do options+=("$1") && shift; done
  cmake -G Ninja -S . -B "$folder" -DPOSTERN_WERROR=ON "${options[@]}" >/dev/null &&
    cmake --build "$folder" ${1:+--target "${@:2}"}
}

build_arm64() {
  tests/arm64/sysroot.sh build-arm64/sysroot &&
    build build-arm64 -DCMAKE_BUILD_TYPE=Release -DPOSTERN_SYSROOT="$root/build-arm64/sysroot" \
      -DCMAKE_TOOLCHAIN_FILE="$root/tests/arm64/toolchain.cmake" -- \
      sandbox unit_exposition fuzz_text fuzz_openmetrics fuzz_json fuzz_relabel fuzz_accept
}

# What ctest printed of those that failed, and their names.
failed_tests() {
  awk '/^ *Start|^ *[0-9]+\/[0-9]+ Test/ { on = /\*\*\*/ } on' "$1" | tail -n 60
  sed -n '/^The following tests FAILED/,/^Errors/p' "$1"
}

# tests FOLDER LABELS: adds ctest's own counts to ours.
tests() {
  local log=$1/ctest-$2.log counts result=0
  ctest --test-dir "$1" -L "$2" --output-on-failure -j "$jobs" | tee "${log//|/-}" || result=$?
  counts=$(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of \([0-9]*\).*/\1 \2/p' \
    "${log//|/-}")
  if [[ -z $counts ]]; then
    say "no test has the label $2"
    failed=$((failed + 1))
    failures+=("the label $2 in $1")
    return 1
  fi
  ((${counts% *} == 0)) || failures+=("$1" "$(failed_tests "${log//|/-}")")
  failed=$((failed + ${counts% *}))
  passed=$((passed + ${counts#* } - ${counts% *}))
  return "$result"
}

sources() { find daemon tests -name '*.cpp' -o -name '*.h' | sort; }

formatted() { sources | xargs -P "$jobs" -n 20 clang-format-14 --dry-run --Werror; }

# The daemon and the look-alike; GoogleTest's macros are not worth the time. The slowest ones start
# first when the largest do.
tidy() {
  find daemon tests/fake_whatsapp -name '*.cpp' -printf '%s %p\n' | sort -rn | cut -d' ' -f2 |
    timeout "$tidy_seconds" xargs -P "$jobs" -n 1 clang-tidy-14 -p build-test --quiet \
      --warnings-as-errors='*' --extra-arg=-Wno-unknown-warning-option 2> >(grep -v 'warnings generated' >&2)
}

finish() {
  say "== times"
  printf '%s\n' "${times[@]}"
  if ((failed)); then
    say "== failures"
    printf '%s\n' "${failures[@]}"
  fi
  printf '%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0))
}

stage "packages" install_missing "${build_packages[@]}" "${demo_packages[@]}" \
  "${mysql_packages[@]}" "${test_packages[@]}" "${browser_packages[@]}" "${fuzz_packages[@]}" \
  "${arm64_packages[@]}" "${image_packages[@]}"
check "packages of npm" npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund
check "packages of npm for the chart" npm ci --prefix tests/kube --ignore-scripts --no-audit --no-fund
check "build" build build-test -DCMAKE_BUILD_TYPE=Release
check "clang-format" formatted
check "clang-tidy" tidy
stage "house rules" tests build-test house || true
stage "alerts and dashboards" tests build-test rules || true
stage "unit tests" tests build-test unit || true
stage "integration tests" tests build-test integration || true
stage "scenarios" tests build-test e2e || true
stage "chart" tests build-test '^kube$' || true
if $with_kube_apiserver; then
  stage "packages for the API server" install_missing "${kube_apiserver_packages[@]}"
  check "build of the API server" tests/kube/apiserver/build.sh build-kube-apiserver
  check "a real API server" env POSTERN_BUILD="$root/build-test" PYTHONDONTWRITEBYTECODE=1 \
    python3 tests/kube/apiserver/a_real_api_server_has_its_pods_injected.py
fi
check "image" as_root env POSTERN_BUILD="$root/build-test" tests/image/build.sh
stage "image, run by podman" tests build-test image || true
check "soak, one minute" env POSTERN_BUILD="$root/build-test" scripts/soak.sh 1
check "fuzzing, $fuzz_seconds s for each target" tests/fuzz/run.sh "$fuzz_seconds"
# The engine, and the sandbox, which qemu does not know: what else there is has nothing that a
# processor matters to.
check "build for arm64" build_arm64
stage "unit tests of the engine, arm64 under qemu" tests build-arm64 'unit.(exposition|fuzz)' || true
# Little optimised, or not at all, which halves the time of the build; with asserts, which Release
# leaves out.
declare -A optimised=([address]=-O0 [thread]=-O1)
for sanitizer in address thread; do
  check "build with the $sanitizer sanitizer" build "build-$sanitizer" -DCMAKE_BUILD_TYPE=Sanitize \
    -DCMAKE_CXX_FLAGS_SANITIZE="${optimised[$sanitizer]} -g1" -DPOSTERN_SANITIZE="$sanitizer"
  stage "unit and integration tests, $sanitizer sanitizer" \
    tests "build-$sanitizer" 'unit|integration' || true
done
finish
