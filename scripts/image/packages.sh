#!/bin/sh
# Installs the Debian packages of packages.list, which build the program of the image. For the
# Dockerfile.
#
#   packages.sh            installs them, and reports versions that differ from the list
#   packages.sh --print    prints the list with the installed versions
#
# Debian's mirrors keep the newest version of a package only, so the newest one is installed and compared
# with the list. SNAPSHOT=20261130T000000Z installs the packages of snapshot.debian.org at that time instead.
# POSTERN_STRICT_PACKAGES=1 makes a difference an error; otherwise it is a warning.
set -eu
list=$(dirname "$0")/packages.list
apt=${APT_FOLDER:-/etc/apt}

# A source package is `src:NAME`: libraries.sh downloads it.
names() { sed -n 's/^\([^#=][^=]*\)=.*/\1/p' "$list"; }
version_of() {
  case $1 in
    src:*) apt-cache showsrc "${1#src:}" | sed -n 's/^Version: //p' | sort -V | tail -n 1 ;;
    *) dpkg-query --show --showformat '${Version}' "$1" ;;
  esac
}

if [ "${1:-}" = --print ]; then
  sed -n "/^#/s/[0-9]\{4\}-[0-9-]*/$(date +%F)/; /^#/p" "$list"
  for name in $(names); do echo "$name=$(version_of "$name")"; done
  exit
fi

if [ -n "${SNAPSHOT:-}" ]; then
  rm -f "$apt"/sources.list.d/*
  at=http://snapshot.debian.org/archive
  for place in "debian/$SNAPSHOT/ bookworm" "debian/$SNAPSHOT/ bookworm-updates" \
    "debian-security/$SNAPSHOT/ bookworm-security"; do
    echo "deb [check-valid-until=no signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $at/$place main"
  done >"$apt/sources.list"
fi
# The source repositories of the package repositories.
for file in "$apt"/sources.list "$apt"/sources.list.d/*; do
  case $file in
    *.sources) sed -i 's/^Types: deb$/Types: deb deb-src/' "$file" ;;
    *) [ ! -e "$file" ] || sed -i '/^deb /{p;s/^deb /deb-src /}' "$file" ;;
  esac
done
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
# shellcheck disable=SC2046 # one word for each package
apt-get -qq install --yes --no-install-recommends $(names | grep -v '^src:') >/dev/null

differ=0
for name in $(names); do
  listed=$(sed -n "s|^$name=||p" "$list")
  found=$(version_of "$name")
  [ "$found" = "$listed" ] && continue
  differ=1
  echo "packages.list: $name is $found, the list has $listed" >&2
done
[ "$differ" = 0 ] && exit
cat >&2 <<'TEXT'
packages.list: Debian has other versions by now. To update the list:
  docker build --target build --tag postern-build .
  docker run --rm postern-build /build/packages.sh --print >packages.list && mv packages.list scripts/image/
TEXT
[ "${POSTERN_STRICT_PACKAGES:-}" != 1 ]
