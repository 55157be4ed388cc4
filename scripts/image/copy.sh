#!/bin/sh
# copy.sh ROOT FILE...: copies each file to its path below ROOT, with the shared libraries and the loader that
# it needs.
set -eu
root=$1
shift

# Debian's /lib and similar folders are links into /usr.
mkdir -p "$root/usr"
for folder in lib lib64; do
  if [ -L "/$folder" ] && [ ! -L "$root/$folder" ]; then
    mkdir -p "$root/usr/$folder"
    ln -s "usr/$folder" "$root/$folder"
  fi
done

put() {
  place=$root$(realpath "$(dirname "$1")")/$(basename "$1")
  [ -e "$place" ] || install -D -m "$(stat -L -c %a "$1")" "$1" "$place"
}

for file in "$@"; do
  put "$file"
  # `name => path (address)`, or `path (address)` for the loader; vdso has no path. A file without libraries
  # is not an error.
  { ldd "$file" 2>/dev/null || true; } | grep -o '/[^ ]*' | while read -r library; do
    put "$library"
  done
done
