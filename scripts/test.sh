#!/usr/bin/env bash
# Builds and runs every test. Its last line is `N passed, N failed`; it exits with 0 when
# nothing failed. Build folders are kept (build-test, build-fuzz, build-arm64, build-address,
# build-thread), so a second run is quicker.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

jobs=$(nproc)
tidy_seconds=${POSTERN_TIDY_SECONDS:-900}
fuzz_seconds=20
passed=0 failed=0 times=()

# stage NAME COMMAND...: a stage that fails counts as one failed test, but for what ctest
# counts itself; the next stages run all the same.
stage() {
  local name=$1 begin=$SECONDS result=0
  shift
  say "== $name"
  "$@" || result=$?
  times+=("$(printf '%5d s  %s' $((SECONDS - begin)) "$name")")
  return "$result"
}

check() {
  if stage "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
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
      unit_exposition fuzz_text fuzz_openmetrics fuzz_json fuzz_relabel fuzz_accept
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
    return 1
  fi
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
  printf '%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0))
}

stage "packages" install_missing "${build_packages[@]}" "${demo_packages[@]}" \
  "${mysql_packages[@]}" "${test_packages[@]}" "${fuzz_packages[@]}" "${arm64_packages[@]}"
check "build" build build-test -DCMAKE_BUILD_TYPE=Release
check "clang-format" formatted
check "clang-tidy" tidy
stage "house rules" tests build-test house || true
stage "unit tests" tests build-test unit || true
stage "integration tests" tests build-test integration || true
stage "scenarios" tests build-test e2e || true
check "fuzzing, $fuzz_seconds s for each target" tests/fuzz/run.sh "$fuzz_seconds"
# The engine alone: what else there is has nothing that a processor matters to.
check "build for arm64" build_arm64
stage "unit tests of the engine, arm64 under qemu" tests build-arm64 'unit.(exposition|fuzz)' || true
# Little optimised, which halves the time of the build; with asserts, which Release leaves out.
for sanitizer in address thread; do
  check "build with the $sanitizer sanitizer" build "build-$sanitizer" -DCMAKE_BUILD_TYPE=Sanitize \
    -DCMAKE_CXX_FLAGS_SANITIZE='-O1 -g1' -DPOSTERN_SANITIZE="$sanitizer"
  stage "unit and integration tests, $sanitizer sanitizer" \
    tests "build-$sanitizer" 'unit|integration' || true
done
finish
