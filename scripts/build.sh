#!/usr/bin/env bash
# Configures and builds Release into build/ and leaves the program at build/postern.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

install_missing "${build_packages[@]}"
build_release postern
say "built: $root/build/postern"
