#!/usr/bin/env bash
# Runs the whole setup on this machine: certificates, a guarded fake of WhatsApp, and postern.
#
#   scripts/demo.sh [--once] [--mysql]
#
#   --once    scrape once, print the page (and nothing else on standard output), end
#   --mysql   take the credential from a private MariaDB instead of mounted files
# PORT is postern's port on 127.0.0.1, 3000 by default. POSTERN_BUILD names a build folder whose programs are
# used unchanged; without it they are built first, in build/.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

number=447418342132
password='Demo-passw0rd!'
database_password='Demo-d4tabase'
once=false mysql=false
port=${PORT:-3000}
programs=${POSTERN_BUILD:-$root/build}
pids=()

for argument in "$@"; do
  case $argument in
    --once) once=true ;;
    --mysql) mysql=true ;;
    *) sed -n '2,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
  esac
done

# Ends the last process first, and waits for each, so that no process outlives the demo.
end() {
  local i
  trap - EXIT INT TERM
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
    kill "${pids[i]}" 2>/dev/null || true
    wait "${pids[i]}" 2>/dev/null || true
  done
  rm -rf "$folder"
}

listens() { (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# wait_until WHAT LOG COMMAND...: tries for 60 s.
wait_until() {
  local what=$1 log=$2 deadline=$((SECONDS + 60))
  shift 2
  until "$@"; do
    ((SECONDS < deadline)) || { cat "$log" >&2; die "$what did not start"; }
    kill -0 "${pids[-1]}" 2>/dev/null || { cat "$log" >&2; die "$what ended"; }
    sleep 0.1
  done
}

# A free port below the ephemeral range.
free_port() {
  local candidate
  while candidate=$((12000 + RANDOM % 20000)); listens "$candidate"; do :; done
  printf '%s' "$candidate"
}

start_whatsapp() {
  "$programs/fake_whatsapp" --cert "$certificates/server.crt" \
    --key "$certificates/server.key" --ca "$certificates/ca.crt" \
    --user admin --password "$password" --health multi >"$folder/whatsapp.log" 2>&1 &
  pids+=($!)
  wait_until "the fake service" "$folder/whatsapp.log" grep -q listening "$folder/whatsapp.log"
  whatsapp_port=$(sed -n 's/^listening port=\([0-9]*\).*/\1/p' "$folder/whatsapp.log")
}

mariadb_answers() {
  mariadb --no-defaults --user=root --socket="$folder/db.socket" -e 'SELECT 1' >/dev/null 2>&1
}

# Teleport's two tables with one row, and an account that requires a client certificate.
fill_database() {
  mariadb --no-defaults --user=root --socket="$folder/db.socket" <<SQL
CREATE DATABASE whatsapp CHARACTER SET utf8mb4;
USE whatsapp;
CREATE TABLE lookups (number varchar(24), country varchar(4), phone varchar(20));
CREATE TABLE whatsapp_config (country varchar(4) NOT NULL, phone varchar(20) NOT NULL,
  username varchar(45), password varchar(45), api_key varchar(50), company_name varchar(45));
INSERT INTO lookups VALUES ('$number', '44', '7418342132');
INSERT INTO whatsapp_config VALUES ('44', '7418342132', 'admin', '$password', NULL, 'Test company');
CREATE USER postern@'%' IDENTIFIED BY '$database_password' REQUIRE X509;
GRANT SELECT ON whatsapp.* TO postern@'%';
SQL
}

start_mariadb() {
  database_port=$(free_port)
  local user
  user=$(id -un)
  mariadb-install-db --no-defaults --user="$user" --datadir="$folder/db" --tmpdir="$folder" \
    --skip-test-db --auth-root-authentication-method=normal >"$folder/db.log" 2>&1
  /usr/sbin/mariadbd --no-defaults --user="$user" --datadir="$folder/db" --tmpdir="$folder" \
    --socket="$folder/db.socket" --bind-address=127.0.0.1 --port="$database_port" \
    --ssl-ca="$certificates/ca.crt" --ssl-cert="$certificates/server.crt" \
    --ssl-key="$certificates/server.key" --skip-name-resolve \
    --innodb-buffer-pool-size=32M >>"$folder/db.log" 2>&1 &
  pids+=($!)
  wait_until MariaDB "$folder/db.log" mariadb_answers
  fill_database
}

# Files as Kubernetes mounts them.
mount_files() {
  mkdir "$folder/tls" "$folder/credentials"
  cp "$certificates/ca.crt" "$certificates/tls.crt" "$certificates/tls.key" "$folder/tls"
  printf 'admin\n' >"$folder/credentials/username"
  printf '%s\n' "$password" >"$folder/credentials/password"
  printf '%s\n' "$database_password" >"$folder/database-password"
}

write_config() {
  cat >"$folder/postern.yml" <<YAML
targets:
  - name: "$number"
    preset: whatsapp
    url: https://localhost:$whatsapp_port
    tls_config: { ca_file: tls/ca.crt, cert_file: tls/tls.crt, key_file: tls/tls.key, server_name: whatsapp-web }
    credentials:
      mysql:
        host: 127.0.0.1
        port: $database_port
        database: whatsapp
        user: postern
        password_file: database-password
        tls_config: { ca_file: tls/ca.crt, cert_file: tls/tls.crt, key_file: tls/tls.key }
YAML
}

start_postern() {
  local flags=("--web.listen-address=127.0.0.1:$port")
  if $mysql; then
    write_config
    flags+=("--config.file=$folder/postern.yml")
  else
    flags+=("--target.name=$number" "--target.url=https://localhost:$whatsapp_port"
      --target.preset=whatsapp --target.server-name=whatsapp-web "--tls.dir=$folder/tls"
      "--credentials.dir=$folder/credentials")
  fi
  # The demo ignores the variables that a caller or Kubernetes has set.
  env -u PORT "$programs/postern" "${flags[@]}" >"$folder/postern.log" 2>&1 &
  pids+=($!)
  wait_until postern "$folder/postern.log" \
    curl --silent --fail --output /dev/null "http://127.0.0.1:$port/-/healthy"
}

say_what_to_try() {
  say "postern listens on http://127.0.0.1:$port, the fake service on https://localhost:$whatsapp_port. Try:"
  cat <<TEXT
  curl http://127.0.0.1:$port/metrics            # the page, in plain Prometheus text
  curl http://127.0.0.1:$port/metrics/$number
  curl http://127.0.0.1:$port/health
  curl http://127.0.0.1:$port/-/metrics          # postern's own metrics
  curl -k https://localhost:$whatsapp_port/metrics        # refused: no client certificate
TEXT
  if ! $mysql; then
    cat <<TEXT
  echo wrong >$folder/credentials/password       # and look at /metrics when the token has expired
TEXT
  fi
  say "Ctrl-C ends everything. What postern says:"
}

{
  packages=("${build_packages[@]}" "${demo_packages[@]}")
  if $mysql; then packages+=("${mysql_packages[@]}"); fi
  install_missing "${packages[@]}"
  if [[ -z ${POSTERN_BUILD:-} ]]; then build_release postern fake_whatsapp; fi
} >&2

listens "$port" && die "port $port is taken: choose another one, as in PORT=3001 scripts/demo.sh"
folder=$(mktemp -d "${TMPDIR:-/tmp}/postern-demo.XXXXXX")
certificates=$folder/certificates
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The server's certificate is for whatsapp-web, as WhatsApp's is never for localhost; the database uses
# 127.0.0.1.
"$root/certs/make.sh" "$certificates" 127.0.0.1 >"$folder/certs.log" 2>&1 ||
  { cat "$folder/certs.log" >&2; die "the certificates could not be made"; }
mount_files
start_whatsapp
if $mysql; then start_mariadb; fi
start_postern

if $once; then
  curl --silent --show-error --fail-with-body "http://127.0.0.1:$port/metrics/$number" ||
    { cat "$folder/postern.log" >&2; exit 1; }
else
  say_what_to_try
  postern=${pids[-1]}
  tail --pid="$postern" -n +1 -f "$folder/postern.log" &
  pids+=($!)
  # In the background: bash runs a trap only between two commands, but at once in wait.
  wait "$postern"
fi
