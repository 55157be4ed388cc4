#!/usr/bin/env bash
# Makes a release from the commit of main: checks that every file has this version, builds and tests the
# image, and tags.
#
#   scripts/release.sh VERSION [--dry-run]
#
#   --dry-run    check, and print what would be done
#
# The version is in CMakeLists.txt. Nothing is pushed: the last lines of output say how to.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

usage() {
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

version='' dry_run=false
for argument in "$@"; do
  case $argument in
    --dry-run) dry_run=true ;;
    -*) usage ;;
    *)
      [[ -z $version ]] || usage
      version=$argument
      ;;
  esac
done
[[ -n $version ]] || usage
tag=v$version

complaints=()
complain() { complaints+=("$*"); }

# section NAME: the lines of CHANGELOG.md below that heading, without empty ones.
section() {
  awk -v heading="## $1" '
    /^## / { inside = $0 == heading || index($0, heading " ") == 1; next }
    inside && NF' CHANGELOG.md
}

check_tree() {
  local branch
  branch=$(git branch --show-current)
  [[ $branch == main ]] || complain "the branch is ${branch:-none}: a release is made from main"
  [[ -z $(git status --porcelain) ]] || complain "there are uncommitted changes: git status shows them"
  if git rev-parse --quiet --verify "refs/tags/$tag" >/dev/null; then
    complain "the tag $tag already exists: choose the next version"
  fi
}

check_version() {
  local ours
  [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
    complain "$version is not a version: expected three numbers, as in 1.2.3"
  ours=$(project_version)
  [[ $ours == "$version" ]] || complain "CMakeLists.txt has version $ours: correct its project() line"
}

check_changelog() {
  [[ -n $(section "$version") ]] || complain "CHANGELOG.md has no lines below \"## $version\": write its section"
  [[ -z $(section Unreleased) ]] ||
    complain "CHANGELOG.md has lines below \"## Unreleased\": move them below \"## $version\""
}

check_chart() {
  local key text
  [[ -e helm/Chart.yaml ]] || { complain "helm/Chart.yaml is missing"; return; }
  for key in version appVersion; do
    text=$(sed -n "s/^$key: *//p" helm/Chart.yaml | tr -d "\"'")
    [[ $text == "$version" ]] || complain "helm/Chart.yaml has $key ${text:-nothing}: write $version"
  done
}

# clang-tidy checks every file, podman runs the image.
build_and_test() {
  scripts/test.sh lint --all
  scripts/test.sh image
}

check_tree
check_version
check_changelog
check_chart
if ((${#complaints[@]})); then
  printf '%s\n' "${complaints[@]}" >&2
  die "nothing was done"
fi

if $dry_run; then
  say "every file has version $version; this would build and test localhost/postern:$version, and tag $tag"
  exit 0
fi
build_and_test
section "$version" | git tag --annotate --cleanup=verbatim --file=- "$tag"
say "tagged: $tag. To publish it:"
cat <<TEXT
  git push origin $tag
  CONTAINERS_STORAGE_CONF=build-image/storage.conf podman push localhost/postern:$version REGISTRY/postern:$version
TEXT
