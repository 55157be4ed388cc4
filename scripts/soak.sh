#!/usr/bin/env bash
# scripts/soak.sh MINUTES [SCRAPES_PER_SECOND]
# Scrapes postern (50 a second by default), as text, compressed and as OpenMetrics, while certificates
# and passwords rotate, passwords are wrong, and the guarded services and MariaDB restart. At the end it reports
# scrapes, unexplained failures, logins, memory and descriptors. It exits with 1 if one of them is wrong, or if a
# secret was printed.
# POSTERN_BUILD names a build folder whose programs are used unchanged; without it they are built first, in build/.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if (($# < 1 || $# > 2)) || [[ ! ${1:-} =~ ^[0-9.]+$ || ! ${2:-50} =~ ^[0-9.]+$ ]]; then
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
install_missing "${build_packages[@]}" "${demo_packages[@]}" "${mysql_packages[@]}" python3-jsonschema
if [[ -z ${POSTERN_BUILD:-} ]]; then
  build_release postern fake_whatsapp
  export POSTERN_BUILD=$root/build
fi
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$root/tests/soak/soak.py" "$@"
