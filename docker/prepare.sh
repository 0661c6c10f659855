#!/bin/sh
# Makes the secrets and certificates of compose.yaml in docker/secrets: sh docker/prepare.sh [nodes, 3 or 1].
# What is there already stays as it is. Needs openssl.
set -eu
nodes=${1:-3}
case $nodes in 1 | 3) ;; *) echo "The number of nodes is \"$nodes\"; expected: 1 or 3." >&2; exit 64 ;; esac
cd "$(dirname "$0")"

# The folder is closed to other users of this machine. The files in it are read by users of containers.
mkdir -p secrets
chmod 700 secrets
cd secrets
umask 022

make() { [ -s "$1" ] || printf '%s' "$2" >"$1"; }
make postgres-password "$(openssl rand -hex 24)"
make eventstore-password "$(openssl rand -hex 24)"
make unit-secret none
make database-url "postgres://voltrace:$(cat postgres-password)@postgres:5432/voltrace"
# Read by a server with an empty data folder only.
make eventstore.env "EVENTSTORE_DEFAULT_ADMIN_PASSWORD=$(cat eventstore-password)
EVENTSTORE_DEFAULT_OPS_PASSWORD=$(openssl rand -hex 24)
"
hosts=eventstore-1:2113
[ "$nodes" = 1 ] || hosts=$hosts,eventstore-2:2113,eventstore-3:2113
printf '%s' "esdb://admin:$(cat eventstore-password)@$hosts?tls=true&tlsCaFile=/run/secrets/eventstore-ca" >eventstore-url

# EventStoreDB knows its members by this common name, and reads keys of the older form.
mkdir -p certificates/ca
authority=certificates/ca/ca.crt
if [ ! -s "$authority" ]; then
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=Voltrace event store' \
    -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -keyout certificates/ca.key -out "$authority" 2>/dev/null
  chmod 600 certificates/ca.key
fi
for node in eventstore-1 eventstore-2 eventstore-3; do
  folder=certificates/$node
  [ -s "$folder/node.crt" ] && continue
  mkdir -p "$folder"
  openssl genrsa -traditional 2048 >"$folder/node.key" 2>/dev/null || openssl genrsa 2048 >"$folder/node.key" 2>/dev/null
  printf '%s\n' "subjectAltName=DNS:$node,DNS:localhost,IP:127.0.0.1" 'basicConstraints=CA:false' \
    'keyUsage=critical,digitalSignature,keyEncipherment' 'extendedKeyUsage=serverAuth,clientAuth' >"$folder/extensions"
  openssl req -new -key "$folder/node.key" -subj '/CN=eventstoredb-node' |
    openssl x509 -req -days 825 -CA "$authority" -CAkey certificates/ca.key -CAserial certificates/ca.srl -CAcreateserial \
      -extfile "$folder/extensions" -out "$folder/node.crt" 2>/dev/null
  rm "$folder/extensions"
done
chmod 644 certificates/*/node.key
echo "The secrets are in $(pwd)."
