#!/bin/bash
# Builds the program of the image: program.sh SOURCE BUILD [TARGET...]
# For the Dockerfile; expects CXXFLAGS and REVISION, and the libraries of libraries.sh. CMakeLists.txt adds the
# hardening flags. The same sources build the same program, whatever the names of the folders. A unity build
# halves the time.
set -euo pipefail
source=$1 build=$2
shift 2

cmake -G Ninja -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Release -DPOSTERN_STATIC=ON \
  -DPOSTERN_TESTS=off -DPOSTERN_REVISION="$REVISION" -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=0 \
  -DCMAKE_CXX_FLAGS="$CXXFLAGS -Werror=date-time -ffile-prefix-map=$source=. -ffile-prefix-map=$build=build" \
  -DCMAKE_EXE_LINKER_FLAGS="-Wl,--gc-sections,--as-needed,--build-id=sha1,-Map=$build/postern.map" \
  >/dev/null
cmake --build "$build" --target "${@:-postern}"
[ ! -e "$build/postern" ] || strip --strip-all "$build/postern"
