#!/bin/sh
# Builds Poco, simdjson and isa-l, of which Debian has shared libraries only, as static ones from Debian's
# source packages, and installs them into /usr/local. For the Dockerfile: libraries.sh HARDENING_FLAGS_FILE;
# expects CFLAGS and CXXFLAGS, and the packages of packages.sh.
set -eu

hardening=$(cat "$1")
export CFLAGS="$CFLAGS $hardening" CXXFLAGS="$CXXFLAGS $hardening"

mkdir -p /build/libraries
cd /build/libraries

# source_of PACKAGE LIBRARY...: unpacks it into a folder of that name; records version and license of these
# libraries for the SBOM.
source_of() {
  package=$1
  shift
  # As root: apt's user may not write here.
  apt-get -qq -o APT::Sandbox::User=root source "$package" >/dev/null
  mv "$package"-*/ "$package"
  notes=/usr/local/share/postern/$package
  mkdir -p "$notes"
  dpkg-parsechangelog --file "$package/debian/changelog" --show-field Version >"$notes/version"
  cp "$package/debian/copyright" "$notes"
  printf '%s\n' "$@" >"$notes/libraries"
}

source_of poco libPocoFoundation.a libPocoNet.a libPocoUtil.a libPocoData.a libPocoDataMySQL.a
# A unity build halves the time; not for Foundation, whose files share names.
sed -i '1i set(CMAKE_UNITY_BUILD OFF)' poco/Foundation/CMakeLists.txt
options=
for part in ACTIVERECORD ACTIVERECORD_COMPILER CRYPTO DATA_ODBC DATA_POSTGRESQL DATA_SQLITE ENCODINGS \
  JSON JWT MONGODB NETSSL PAGECOMPILER PAGECOMPILER_FILE2PAGE REDIS TESTS XML ZIP; do
  options="$options -DENABLE_$part=OFF"
done
ln -s mariadb /usr/include/mysql  # where Poco looks for it
# shellcheck disable=SC2086 # one word for each option
cmake -G Ninja -S poco -B poco/build -DCMAKE_BUILD_TYPE=None -DBUILD_SHARED_LIBS=OFF \
  -DPOCO_UNBUNDLED=ON -DCMAKE_UNITY_BUILD=ON -DENABLE_DATA_MYSQL=ON $options >/dev/null
cmake --build poco/build --target install
# Its installation expects this file but does not create it.
cp poco/cmake/FindPCRE.cmake /usr/local/lib/cmake/Poco
# Util is built without them, but expects them anyway.
sed -i '/PocoXML\|PocoJSON/d' /usr/local/lib/cmake/Poco/PocoUtilConfig.cmake

source_of simdjson libsimdjson.a
cmake -G Ninja -S simdjson -B simdjson/build -DCMAKE_BUILD_TYPE=None -DBUILD_SHARED_LIBS=OFF \
  -DSIMDJSON_DEVELOPER_MODE=OFF >/dev/null
cmake --build simdjson/build --target install

source_of libisal libisal.a
make -C libisal -f Makefile.unx units='igzip crc' CC='ccache gcc' lib
install -D -m 644 libisal/bin/isa-l.a /usr/local/lib/libisal.a
install -D -m 644 -t /usr/local/include/isa-l libisal/include/*.h
mkdir -p /usr/local/lib/pkgconfig
sed -e 's|@prefix@|/usr/local|; s|@exec_prefix@|/usr/local|; s|@libdir@|/usr/local/lib|' \
  -e "s|@includedir@|/usr/local/include|; s|@VERSION@|$(cut -d- -f1 /usr/local/share/postern/libisal/version)|" \
  libisal/libisal.pc.in >/usr/local/lib/pkgconfig/libisal.pc

cd /
rm -rf /build/libraries
