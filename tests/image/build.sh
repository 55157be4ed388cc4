#!/usr/bin/env bash
# Builds from the Dockerfile the image localhost/postern:VERSION and its build stage localhost/postern-build.
# Builds from POSTERN_BUILD (default: build/) the fake service as localhost/look-alike. mmdebstrap makes the
# base: this needs a Debian mirror but no registry. Layers of an earlier run are reused. As root.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
source "$root/tests/image/containers.sh"

[[ $(id -u) == 0 ]] || die "the image is built by root, as its storage and the chroots in it are root's"
version=$(project_version)
revision=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
committed=$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)
base=localhost/debian:bookworm-slim

if ! buildah inspect --type image "$base" >/dev/null 2>&1; then
  say "making the base"
  mmdebstrap --quiet --variant=minbase bookworm "$storage/base.tar"
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$storage/base.tar" / >/dev/null
  buildah config --cmd bash "$container"
  buildah commit --quiet --rm --signature-policy "$storage/policy.json" "$container" "$base" >/dev/null
  rm "$storage/base.tar"
fi

# bud TAG OPTION...
bud() {
  buildah bud --isolation chroot --format docker --pull-never --layers \
    --signature-policy "$storage/policy.json" --build-arg BASE="$base" --build-arg VERSION="$version" \
    --build-arg POSTERN_STRICT_PACKAGES="${POSTERN_STRICT_PACKAGES:-}" \
    --build-arg REVISION="$revision" --build-arg SOURCE_DATE_EPOCH="$committed" --tag "$@" "$root"
}
bud localhost/postern-build --target build
bud "localhost/postern:$version"

# The fake service of the scenarios, from a build folder.
look_alike=$(realpath "${POSTERN_BUILD:-$root/build}/fake_whatsapp")
layout=$(mktemp -d)
trap 'rm -rf "$layout"' EXIT
"$root/scripts/image/copy.sh" "$layout" "$look_alike"
container=$(buildah from scratch)
buildah copy --quiet "$container" "$layout" / >/dev/null
buildah config --entrypoint "[\"$look_alike\"]" "$container"
buildah commit --quiet --rm --signature-policy "$storage/policy.json" "$container" localhost/look-alike >/dev/null
