#!/usr/bin/env bash
# Builds and runs the tests: all of them, or one part.
#
#   scripts/test.sh                        every part of the default run
#   scripts/test.sh --list                 the parts, and how long each takes
#   scripts/test.sh unit [FOLDER]          unit tests, of one folder of tests/unit
#   scripts/test.sh integration            targets, and credentials from a real MariaDB
#   scripts/test.sh e2e [NAME]             scenarios: one file of tests/e2e, without .py
#   scripts/test.sh lint [--all]           rules of the sources and the documents; clang-tidy on changes, or on all
#   scripts/test.sh rules                  alerts, runbooks and dashboards
#   scripts/test.sh chart                  the Helm chart
#   scripts/test.sh image                  the image, run by podman
#   scripts/test.sh fuzz [TARGET]          fuzz targets, 20 s each
#   scripts/test.sh arm64                  the engine's tests, built for arm64, under qemu
#   scripts/test.sh sanitize [address|thread]
#   scripts/test.sh hostile [SECONDS]      peers that attack the daemon and the injector, each for this time
#   scripts/test.sh soak [MINUTES]         a load while certificates and passwords change, 1 minute by default
#   scripts/test.sh apiserver              the injector and a real API server, built from Debian's source;
#                                          takes 3 GB of disk, and is not in the default run
#
# A part installs and builds only its dependencies. The last line is `N passed, N failed`; the exit code is 0
# if nothing failed, and 2 if an argument is wrong. Build folders are kept, so a second run is faster:
# build-dev (unit), build-test, build-image, build-fuzz, build-arm64, build-address, build-thread,
# build-kube-apiserver. With ccache, a new clone is faster as well.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

jobs=$(nproc)
fuzz_seconds=20
passed=0 failed=0 times=() failures=() tidy_all=()
begin_of_run=$SECONDS
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# The parts of the default run, in its order. Minutes of wall time on two cores: with empty build folders and
# ccache, and with everything built; -: not measured.
parts=(lint unit integration e2e rules chart image hostile soak fuzz arm64 sanitize)
declare -A minutes=(
  [lint]='2 2' [unit]='5 1' [integration]='9 1' [e2e]='14 6' [rules]='9 1' [chart]='9 1' [all]='38 18'
  [image]='12 4' [soak]='9 2' [fuzz]='3 2' [arm64]='4 2' [hostile]='9 1' [sanitize]='15 5' [apiserver]='- -'
)

usage() {
  [[ $# == 0 ]] || printf '%s\n\n' "$*" >&2
  sed -n '/^#   scripts/,/^#$/s/^# \{0,3\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

# CPU seconds of the programs that have ended so far.
cpu_seconds() {
  local fields
  read -r -a fields <"/proc/$$/stat"
  echo $(((fields[15] + fields[16]) / $(getconf CLK_TCK)))
}

# stage NAME COMMAND...: runs it, shows and stores its output, and adds a row to the table of times.
stage() {
  local name=$1 begin=$SECONDS cpu result=0
  cpu=$(cpu_seconds)
  shift
  say "== $name"
  { "$@" 2>&1 || result=$?; } > >(tee "$logs/stage")
  wait $!
  times+=("$(printf '%6d s %6d s  %s' $((SECONDS - begin)) $(($(cpu_seconds) - cpu)) "$name")")
  return "$result"
}

# A stage that counts as one test.
check() {
  if stage "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    failures+=("$1" "$(tail -n 30 "$logs/stage")")
  fi
}

# needs PACKAGE...: a stage that installs missing packages; the default run has installed all.
everything_installed=false
needs() { $everything_installed || stage "packages" install_missing "$@"; }

# build PRESET [TARGET...]: configures and builds a preset of CMakePresets.json, or these targets of it. All
# presets but `release` are unity builds, which take half the time; `release` finds missing includes.
build() { cmake --preset "$1" >/dev/null && cmake --build --preset "$1" ${2:+--target "${@:2}"}; }

# release TARGET...: builds these, or all, in build-test; a separate stage unless they are built already.
everything_built=false
release() {
  $everything_built && return
  needs "${build_packages[@]}" "${unit_packages[@]}" "${all_tests_packages[@]}"
  check "build" build release "$@"
  (($#)) || everything_built=true
}

# The output of the failed tests in ctest's log, and their names.
failed_tests() {
  awk '/^ *Start|^ *[0-9]+\/[0-9]+ Test/ { on = /\*\*\*/ } on' "$1" | tail -n 60
  sed -n '/^The following tests FAILED/,/^Errors/p' "$1"
}

# tests FOLDER OPTION...: runs ctest with these options, and adds its counts to the totals.
tests() {
  local folder=$1 log=$logs/ctest counts result=0
  shift
  ctest --test-dir "$folder" --output-on-failure -j "$jobs" "$@" | tee "$log" || result=$?
  counts=$(sed -n 's/.*tests passed, \([0-9]*\) tests failed out of \([0-9]*\).*/\1 \2/p' "$log")
  if [[ -z $counts ]]; then
    say "no test matches: ctest $*"
    failed=$((failed + 1))
    failures+=("ctest $* in $folder")
    return 1
  fi
  ((${counts% *} == 0)) || failures+=("$folder" "$(failed_tests "$log")")
  failed=$((failed + ${counts% *}))
  passed=$((passed + ${counts#* } - ${counts% *}))
  return "$result"
}

# npm_packages FOLDER: installs the packages of its package-lock.json, unless they are installed.
npm_packages() {
  local installed=$1/node_modules/.package-lock.of-ours
  cmp -s "$1/package-lock.json" "$installed" && return
  npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund && cp "$1/package-lock.json" "$installed"
}

sources() { find daemon tests -name '*.cpp' -o -name '*.h' | sort; }
formatted() { sources | xargs -P "$jobs" -n 20 clang-format-14 --dry-run --Werror; }

part_lint() {
  needs "${build_packages[@]}" "${lint_packages[@]}"
  check "clang-format" formatted
  check "include rules" python3 scripts/check_includes.py
  check "tests of the include rules" python3 tests/scripts/check_includes_test.py
  check "awaited calls" python3 scripts/check_awaits.py
  check "tests of the check of awaited calls" python3 tests/scripts/check_awaits_test.py
  check "sizes" python3 scripts/check_sizes.py
  check "tests of the check of sizes" python3 tests/scripts/check_sizes_test.py
  check "words" python3 scripts/check_words.py
  check "tests of the check of words" python3 tests/scripts/check_words_test.py
  check "documents" python3 tests/scripts/readme_test.py
  check "texts that users read" python3 tests/scripts/texts_test.py
  check "what a stranger finds" python3 tests/scripts/strangers_test.py
  check "tests of the release script" python3 tests/scripts/release_test.py
  check "tests of the image's package list" python3 tests/scripts/packages_test.py
  check "tests of the clang-tidy script" python3 tests/scripts/clang_tidy_test.py
  check "clang-tidy" scripts/clang_tidy.py "${tidy_all[@]}"
}

part_unit() {
  local folder=${1:-}
  if $everything_built; then
    stage "unit tests" tests build-test -L unit || true
    return
  fi
  needs "${build_packages[@]}" "${unit_packages[@]}"
  local targets=(unit)
  if [[ $folder ]]; then targets=("unit_$folder"); fi
  check "build" build dev "${targets[@]}"
  stage "unit tests" tests build-dev -L "^unit[.]${folder:-.*}\$" || true
}

part_integration() {
  needs "${mysql_packages[@]}"
  release integration
  stage "integration tests" tests build-test -L '^integration$' || true
}

part_e2e() {
  needs "${demo_packages[@]}" "${mysql_packages[@]}" "${scenario_packages[@]}" \
    "${browser_packages[@]}"
  check "packages of npm" npm_packages tests/browser
  release postern fake_whatsapp differential_rewrite differential_chains failing_files hostile_peer
  if [[ ${1:-} ]]; then
    stage "scenario" tests build-test -R "^e2e[.](sandbox[.])?$1\$" || true
  else
    # Most scenarios wait most of the time.
    local soak=
    if $everything_built; then soak='|^soak'; fi
    stage "scenarios${soak:+, and the soak}" tests build-test -L "^e2e$soak" -j $((2 * jobs)) || true
  fi
}

part_rules() {
  needs "${rules_packages[@]}"
  release postern
  stage "alerts and dashboards" tests build-test -L '^rules$' || true
}

part_chart() {
  needs "${browser_packages[@]}"
  check "packages of npm for the chart" npm_packages tests/kube
  release postern
  stage "chart" tests build-test -L '^kube$' || true
}

part_image() {
  needs "${image_packages[@]}" "${scenario_packages[@]}" "${mysql_packages[@]}"
  release fake_whatsapp
  check "image" as_root env POSTERN_BUILD="$root/build-test" tests/image/build.sh
  stage "image, run by podman" tests build-test -L '^image$' || true
}

part_soak() {
  release postern fake_whatsapp
  check "soak, ${1:-1} min" env POSTERN_BUILD="$root/build-test" scripts/soak.sh "${1:-1}"
}

part_hostile() {
  needs "${demo_packages[@]}" "${scenario_packages[@]}"
  release postern fake_whatsapp hostile_peer
  check "hostile peers, ${1:-2} s each" hostile_peers build-test "${1:-2}"
}

# hostile_peers FOLDER SECONDS
hostile_peers() {
  env POSTERN_BUILD="$root/$1" PYTHONDONTWRITEBYTECODE=1 python3 tests/hostile/hostile_peers.py "$2"
}

part_fuzz() {
  needs "${build_packages[@]}" "${fuzz_packages[@]}"
  check "fuzzing, $fuzz_seconds s a target" tests/fuzz/run.sh "$fuzz_seconds" "$@"
}

build_arm64() {
  tests/arm64/sysroot.sh build-arm64/sysroot &&
    build arm64 sandbox unit_exposition unit_relabel fuzz_text fuzz_openmetrics fuzz_json fuzz_relabel fuzz_accept fuzz_http1
}

# Only the engine and the sandbox depend on the processor; qemu does not support the sandbox.
part_arm64() {
  needs "${build_packages[@]}" "${unit_packages[@]}" "${arm64_packages[@]}"
  check "build for arm64" build_arm64
  stage "unit tests of the engine, arm64 under qemu" tests build-arm64 -L 'unit.(exposition|relabel|fuzz)' || true
}

part_sanitize() {
  local sanitizer
  needs "${build_packages[@]}" "${unit_packages[@]}" "${all_tests_packages[@]}" "${demo_packages[@]}" \
    "${mysql_packages[@]}" "${scenario_packages[@]}"
  for sanitizer in ${1:-address thread}; do
    check "build with the $sanitizer sanitizer" build "$sanitizer"
    stage "unit and integration tests, $sanitizer sanitizer" \
      tests "build-$sanitizer" -L 'unit|integration' || true
    [[ $sanitizer == address ]] || continue
    check "build of postern with the address sanitizer" build address postern fake_whatsapp hostile_peer
    check "hostile peers, 1 s each, address sanitizer" hostile_peers build-address 1
  done
}

part_apiserver() {
  needs "${kube_apiserver_packages[@]}" "${scenario_packages[@]}"
  release postern
  check "build of the API server" tests/kube/apiserver/build.sh build-kube-apiserver
  check "a real API server" env POSTERN_BUILD="$root/build-test" PYTHONDONTWRITEBYTECODE=1 \
    python3 tests/kube/apiserver/a_real_api_server_has_its_pods_injected.py
}

list() {
  printf '%-12s %s\n' part 'minutes on two cores: first run, and when nothing has changed'
  local part
  for part in "${parts[@]}" apiserver; do printf '%-12s %5s %5s\n' "$part" ${minutes[$part]}; done
  printf '%-12s %5s %5s\n' 'all but the last' ${minutes[all]}
}

finish() {
  say "== times"
  printf '%8s %8s\n' wall CPU
  printf '%s\n' "${times[@]}"
  printf '%6d s %6d s  all\n' $((SECONDS - begin_of_run)) "$(cpu_seconds)"
  if ((failed)); then
    say "== failures"
    printf '%s\n' "${failures[@]}"
  fi
  printf '%d passed, %d failed\n' "$passed" "$failed"
  ((failed == 0))
}

everything() {
  local part
  stage "packages" install_missing "${build_packages[@]}" "${cache_packages[@]}" "${demo_packages[@]}" \
    "${mysql_packages[@]}" "${unit_packages[@]}" "${all_tests_packages[@]}" "${scenario_packages[@]}" \
    "${lint_packages[@]}" "${browser_packages[@]}" "${fuzz_packages[@]}" "${arm64_packages[@]}" \
    "${image_packages[@]}"
  everything_installed=true
  release
  for part in "${parts[@]}"; do
    [[ $part == soak ]] || "part_$part"  # it ran beside the scenarios
  done
}

# Ends with usage unless the argument of a part is one of these.
one_of() {
  local argument=$1 each
  shift
  for each in "$@"; do [[ $argument != "$each" ]] || return 0; done
  usage "$argument: expected one of: $*"
}

part=${1:-} argument=${2:-}
(($# <= 2)) || usage "too many arguments"
case $part in
  '') ;;
  --list) list && exit ;;
  -h | --help) usage ;;
  unit) [[ -z $argument ]] || one_of "$argument" $(ls tests/unit) ;;
  e2e) [[ -z $argument ]] || one_of "$argument" $(cd tests/e2e && ls ./*.py | sed 's|^./||; s|[.]py$||') ;;
  fuzz) [[ -z $argument ]] || one_of "$argument" $(ls tests/fuzz/corpus) ;;
  sanitize) [[ -z $argument ]] || one_of "$argument" address thread ;;
  hostile) [[ -z $argument || $argument =~ ^[0-9]+$ ]] || usage "$argument: expected a number of seconds" ;;
  soak) [[ -z $argument || $argument =~ ^[0-9.]+$ ]] || usage "$argument: expected a number of minutes" ;;
  lint)
    [[ -z $argument ]] || one_of "$argument" --all
    tidy_all=(${argument:+"$argument"}) argument=''
    ;;
  integration | rules | chart | image | arm64 | apiserver)
    [[ -z $argument ]] || usage "$part takes no argument"
    ;;
  *) usage "$part is not a part of the tests" ;;
esac
if [[ $part ]]; then "part_$part" ${argument:+"$argument"}; else everything; fi
finish
