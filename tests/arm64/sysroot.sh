#!/usr/bin/env bash
# Unpacks the libraries that postern is built from, for arm64, into a folder: usage sysroot.sh FOLDER.
# Runs nothing of it, and leaves the packages of this machine alone. Debian package: mmdebstrap
set -euo pipefail
folder=$1
[[ -e $folder/usr/include/gtest ]] && exit 0
packages=(libbenchmark-dev libboost-program-options-dev libgmock-dev libgtest-dev libisal-dev
  libmariadb-dev libpoco-dev libre2-dev libsimdjson-dev libspdlog-dev libssl-dev libyaml-cpp-dev
  nlohmann-json3-dev)
rm -rf "$folder"
mkdir -p "$(dirname "$folder")"
IFS=,
mmdebstrap --quiet --variant=extract --arch=arm64 --include="${packages[*]}" bookworm "$folder"
