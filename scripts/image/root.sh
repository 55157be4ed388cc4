#!/bin/sh
# Creates the root filesystem of the image: root.sh SOURCE BUILD ROOT
# For the Dockerfile; expects VERSION (may be empty) and SOURCE_DATE_EPOCH.
set -eu
source=$1 build=$2 root=$3
here=$(dirname "$0")

version=$(sed -n 's/^project(postern VERSION \([^ )]*\).*/\1/p' "$source/CMakeLists.txt")
if [ -n "$VERSION" ] && [ "$VERSION" != "$version" ]; then
  echo "VERSION is $VERSION, but CMakeLists.txt says $version" >&2
  exit 1
fi

install -D -m 755 "$build/postern" /usr/bin/postern
plugins=$(dpkg -L libmariadb3 libmariadb-dev | grep '/plugin/.*\.so$' | sort -u)
# shellcheck disable=SC2086 # one word for each plugin
"$here/copy.sh" "$root" /usr/bin/postern $plugins

# The CA certificates of the system, where OpenSSL expects them.
install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
mkdir -p "$root/usr/lib/ssl"
ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
ln -s /etc/ssl/certs "$root/usr/lib/ssl/certs"

printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
printf 'postern:x:65532:65532:postern:/:/sbin/nologin\n' >"$root/etc/passwd"
printf 'postern:x:65532:\n' >"$root/etc/group"
install -d -m 1777 "$root/tmp"

"$here/sbom.py" "$version" "$build" "$root"
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
