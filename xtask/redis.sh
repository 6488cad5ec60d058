#!/bin/sh
# Starts a Redis server of its own on a free port of this machine, and prints its URL. The server keeps nothing on disk; it
# ends, and its folder is removed, when the standard input of this script ends: with the process that started it, however
# that one ends. With the paths of a certificate and its key as arguments, it accepts encrypted connections only.
set -eu
trap '' INT TERM HUP

if ! command -v redis-server >/dev/null; then
    echo "Redis is not installed; please install the package redis-server" >&2
    exit 1
fi

folder=$(mktemp -d /tmp/quintet-redis-XXXXXX)
trap 'rm -rf "$folder"' EXIT
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
scheme=redis host=127.0.0.1
# What Redis reads from its input is in no list of processes.
settings() {
    echo "bind 127.0.0.1"
    echo "requirepass $password"
    echo "save \"\""
    echo "appendonly no"
    echo "dir $folder"
    if [ -n "${1:-}" ]; then
        echo "port 0"
        echo "tls-port $port"
        echo "tls-cert-file $1"
        echo "tls-key-file $2"
        echo "tls-ca-cert-file $1"
        echo "tls-auth-clients no"
    else
        echo "port $port"
    fi
}
if [ -n "${1:-}" ]; then
    # The name in the certificate.
    scheme=rediss host=localhost
fi

server=''
for _ in $(seq 20); do
    # Below the ports that the kernel gives to clients.
    port=$(($(od -An -N2 -tu2 /dev/urandom) % 20000 + 12000))
    settings "$@" >"$folder/settings"
    redis-server - <"$folder/settings" >"$folder/log" 2>&1 &
    server=$!
    for _ in $(seq 600); do
        if grep -q 'Ready to accept connections' "$folder/log" || ! kill -0 $server 2>/dev/null; then
            break
        fi
        sleep 0.05
    done
    if grep -q 'Ready to accept connections' "$folder/log"; then
        break
    fi
    kill -KILL $server 2>/dev/null || true
    wait $server || true
    server=''
done
if [ -z "$server" ]; then
    cat "$folder/log" >&2
    exit 1
fi

echo "$scheme://:$password@$host:$port"
# Until the process that started this ends.
cat >/dev/null
# The shell would say that it was killed.
exec 2>/dev/null
kill -KILL $server || true
wait $server || true
