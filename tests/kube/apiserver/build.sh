#!/usr/bin/env bash
# Builds kube-apiserver from Debian's source package into a folder: usage build.sh FOLDER. Takes about four
# minutes on two idle cores; existing files stay. Debian packages: dpkg-dev golang-go
# golang-github-modern-go-reflect2-dev jq make patch rsync xz-utils
set -euo pipefail
folder=$(realpath -m "$1")
[[ -x $folder/kube-apiserver ]] && exit 0
mkdir -p "$folder/lists/partial"
cd "$folder"

# Source lists of this machine's package archive; its own lists do not change.
archive=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' \
  'Codename: bookworm' 'Component: main' | head -n 1)
printf 'deb-src %s bookworm main\n' "$archive" >sources.list
apt=(apt-get -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o "Dir::State::Lists=$folder/lists" -o APT::Sandbox::User=root -qq)
"${apt[@]}" update
"${apt[@]}" source --download-only kubernetes
rm -rf source
dpkg-source --no-check -x kubernetes_*.dsc source

# The vendored version reads internal structures of Go, which have changed: the program would crash.
reflect2=source/vendor/github.com/modern-go/reflect2
rm -rf "$reflect2"
cp -r /usr/share/gocode/src/github.com/modern-go/reflect2 "$reflect2"
rm -f "$reflect2/go.mod"

export GOPATH=$folder/source/.go GOCACHE=$folder/cache HOME=$folder/home CGO_ENABLED=0
export GOMAXPROCS=${GOMAXPROCS:-$(nproc)}
mkdir -p "$GOPATH/src/k8s.io" "$GOCACHE" "$HOME"
ln -s ../../.. "$GOPATH/src/k8s.io/kubernetes"
nice make -C source WHAT=cmd/kube-apiserver
cp source/_output/bin/kube-apiserver .
chmod -R u+w source cache
rm -rf source cache home
