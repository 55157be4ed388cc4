#!/bin/bash
# Builds the program as it stands in the image: program.sh SOURCE BUILD [TARGET...]
# For the Dockerfile; expects CXXFLAGS and REVISION, and what libraries.sh installs. CMakeLists.txt adds
# the flags of hardening. The same sources make the same program, whatever the folders are called. Files of
# a folder are compiled as one, which takes half the time.
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
