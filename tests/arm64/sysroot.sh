#!/usr/bin/env bash
# Unpacks the libraries that postern is built from, for arm64, into a folder: usage sysroot.sh FOLDER.
# Runs nothing from them, and does not change the packages of this machine. Debian package: mmdebstrap
set -euo pipefail
folder=$1
packages=(libbenchmark-dev libboost-program-options-dev libcrypt-dev libgmock-dev libgtest-dev
  libisal-dev libmariadb-dev libpoco-dev libre2-dev libseccomp-dev libsimdjson-dev libspdlog-dev libssl-dev
  libyaml-cpp-dev nlohmann-json3-dev)
IFS=,
[[ -e $folder/packages && $(<"$folder/packages") == "${packages[*]}" ]] && exit 0
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
mmdebstrap --quiet --variant=extract --arch=arm64 --include="${packages[*]}" bookworm "$folder"
printf '%s\n' "${packages[*]}" >"$folder/packages"
