#!/usr/bin/env bash
# Runs fuzz targets for a time, one per processor at once, and prints the number of calls of each. usage:
# tests/fuzz/run.sh SECONDS [TARGET...]. New inputs are kept in build-fuzz/fuzz-corpus, findings in
# build-fuzz/fuzz-findings. Debian packages: clang-14 libclang-rt-14-dev
set -euo pipefail
seconds=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
build=$root/build-fuzz
targets=("${@:2}")
((${#targets[@]})) || targets=(text openmetrics json relabel accept http1)
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]/#/fuzz_}"

fuzz() {
  local target=$1 corpus=$build/fuzz-corpus/$1
  mkdir -p "$corpus" "$build/fuzz-findings"
  "$build/tests/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
    -print_final_stats=1 -artifact_prefix="$build/fuzz-findings/$target-" \
    "$corpus" "$root/tests/fuzz/corpus/$target" >"$build/fuzz-$target.log" 2>&1
}
export -f fuzz
export build root seconds
failed=0
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c 'fuzz {}' || failed=1
for target in "${targets[@]}"; do
  log=$build/fuzz-$target.log
  printf '%-12s %s executions\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
  if grep -q 'ERROR: \|SUMMARY: ' "$log"; then
    tail -60 "$log"
    failed=1
  fi
done
exit "$failed"
