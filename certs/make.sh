#!/bin/sh
# Creates certificates for development: a CA, a server certificate for whatsapp-web, a client
# certificate for postern.
#
#   certs/make.sh FOLDER [NAME ...]    # more names or IP addresses of the server
#
# Run it again to renew: keys are kept, certificates are issued again if they are missing, expire
# within 30 days, have other names, or belong to another CA or key.
set -eu
umask 077

if [ $# -lt 1 ] || [ "${1#-}" != "$1" ]; then
  sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
folder=$1
shift
if ! command -v openssl >/dev/null; then
  echo "$0: openssl is missing: install the Debian package openssl" >&2
  exit 1
fi
mkdir -p "$folder"
cd "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

soon=$((30 * 24 * 3600)) # seconds

# Whether certificate $1 has the key $2 and is valid for 30 days.
fits() {
  [ -s "$1" ] && openssl x509 -in "$1" -noout -checkend "$soon" >/dev/null &&
    [ "$(openssl x509 -in "$1" -noout -pubkey)" = "$(openssl pkey -in "$2" -pubout)" ]
}

make_key() {
  [ -s "$1" ] && return
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.new" 2>/dev/null
  mv "$1.new" "$1"
}

# publish NAME: replaces a certificate atomically.
publish() {
  chmod 644 "$1.new"
  mv "$1.new" "$1"
  echo "made $folder/$1"
}

make_ca() {
  make_key ca.key
  fits ca.crt ca.key && return
  cat >"$work/ca.cnf" <<END
[req]
distinguished_name = subject
x509_extensions = extensions
prompt = no
[subject]
CN = postern development CA
[extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
END
  openssl req -x509 -new -key ca.key -config "$work/ca.cnf" -days 3650 -out ca.crt.new
  publish ca.crt
}

# issue NAME COMMON_NAME PURPOSE [ALTERNATIVE_NAMES]: NAME.crt for NAME.key.
issue() {
  make_key "$1.key"
  {
    echo "basicConstraints = critical, CA:FALSE"
    echo "keyUsage = critical, digitalSignature"
    echo "extendedKeyUsage = $3"
    echo "subjectKeyIdentifier = hash"
    echo "authorityKeyIdentifier = keyid"
    [ -z "${4-}" ] || echo "subjectAltName = $4"
  } >"$work/$1.ext"
  if fits "$1.crt" "$1.key" && cmp -s "$work/$1.ext" ".$1.ext" &&
    openssl verify -CAfile ca.crt "$1.crt" >/dev/null 2>&1; then
    return
  fi
  openssl req -new -key "$1.key" -subj "/CN=$2" -out "$work/$1.csr"
  openssl x509 -req -in "$work/$1.csr" -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 15)" \
    -days 365 -extfile "$work/$1.ext" -out "$1.crt.new" 2>/dev/null
  publish "$1.crt"
  cp "$work/$1.ext" ".$1.ext"
}

names=DNS:whatsapp-web
for name in "$@"; do
  case $name in
    *:*) names="$names,IP:$name" ;;
    *[!0-9.]*) names="$names,DNS:$name" ;;
    *) names="$names,IP:$name" ;;
  esac
done

make_ca
issue server whatsapp-web serverAuth "$names"
issue tls postern clientAuth
