#!/bin/sh
# Installs Debian's packages that the program in the image is built from. For the Dockerfile.
set -eu

# The sources of the places that the packages come from.
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  case $list in
    *.sources) sed -i 's/^Types: deb$/Types: deb deb-src/' "$list" ;;
    *) [ ! -e "$list" ] || sed -i '/^deb /{p;s/^deb /deb-src /}' "$list" ;;
  esac
done
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --yes --no-install-recommends ca-certificates ccache cmake dpkg-dev g++ \
  libboost-program-options-dev libcrypt-dev libmariadb-dev libpcre3-dev libre2-dev libseccomp-dev \
  libspdlog-dev libssl-dev libyaml-cpp-dev make nasm ninja-build nlohmann-json3-dev pkg-config \
  python3 zlib1g-dev >/dev/null
