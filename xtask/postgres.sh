#!/bin/sh
# Starts a PostgreSQL cluster of its own in a temporary folder, and prints the URL of its first database. The cluster ends,
# and its folder is removed, when the standard input of this script ends: with the process that started it, however that
# one ends.
#
# PostgreSQL refuses to run as root, so that the cluster is the user postgres's then. It listens on a socket in its
# folder only. With two arguments, a port and a folder with server.crt and server.key, it listens with TLS at that port of
# 127.0.0.1 instead.
set -eu
trap '' INT TERM HUP

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
if [ -z "$bin" ]; then
    bin=$(dirname "$(command -v initdb || true)" 2>/dev/null)
fi
if [ ! -x "$bin/initdb" ] || [ ! -x "$bin/postgres" ]; then
    echo "PostgreSQL is not installed; please install the package postgresql-15" >&2
    exit 1
fi

folder=$(mktemp -d /tmp/quintet-postgres-XXXXXX)
as=''
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as='runuser -u postgres --'
fi
cd "$folder"
trap 'rm -rf "$folder"' EXIT

$as "$bin/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync \
    >"$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
url="postgres://postgres@$(echo "$folder" | sed 's|/|%2F|g')/postgres"
listen='-c listen_addresses='
if [ $# = 2 ]; then
    cp "$2/server.crt" "$2/server.key" "$folder"
    chmod 600 "$folder/server.key"
    if [ -n "$as" ]; then
        chown postgres "$folder/server.crt" "$folder/server.key"
    fi
    listen="-c listen_addresses=127.0.0.1 -p $1 -c ssl=on -c ssl_cert_file=$folder/server.crt -c ssl_key_file=$folder/server.key"
    url="postgres://postgres@127.0.0.1:$1/postgres"
fi
# shellcheck disable=SC2086
$as "$bin/postgres" -D "$folder/data" -k "$folder" $listen -c fsync=on -c max_connections=400 \
    -c shared_buffers=64MB -c logging_collector=off >>"$folder/log" 2>&1 </dev/null &
server=$!
pid=$folder/data/postmaster.pid
for _ in $(seq 600); do
    if [ -f "$pid" ] && grep -q '^ready' "$pid"; then
        break
    fi
    kill -0 $server 2>/dev/null || { cat "$folder/log" >&2; exit 1; }
    sleep 0.05
done

echo "$url"
# Until the process that started this ends.
cat >/dev/null
kill -QUIT "$(head -n 1 "$pid")" 2>/dev/null || true
wait $server || true
