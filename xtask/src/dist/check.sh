# Played by `cargo xtask dist --check` in an empty Debian: $1 is the package, $2 the archive, $3 the version.
export DEBIAN_FRONTEND=noninteractive
say() { printf '\n== %s\n' "$*"; }
is() { [ "$1" = "$2" ] || { printf 'expected %s, found %s\n' "$2" "$1"; exit 1; }; }

say 'the package is installed, with what it needs'
apt-get install -q -y --no-install-recommends "$1" >/install.log 2>&1 || { cat /install.log; exit 1; }
is "$(quintet --version)" "quintet $3"
is "$(stat -c '%U:%G %a' /etc/quintet)" 'root:quintet 750'
is "$(stat -c '%U:%G %a' /etc/quintet/quintet.toml)" 'root:quintet 640'
is "$(stat -c '%U:%G %a' /etc/quintet/environment)" 'root:root 600'
is "$(stat -c '%U:%G %a' /var/lib/quintet)" 'quintet:quintet 700'
is "$(getent passwd quintet | cut -d: -f6,7)" '/var/lib/quintet:/usr/sbin/nologin'
dpkg --verify quintet
# minbase leaves out manual pages and most documents by itself, if at all, only by its settings; the package has them.
dpkg --listfiles quintet | grep -q '^/usr/share/man/man1/quintet-user.1.gz$'
bash -n /usr/share/bash-completion/completions/quintet

say 'the server runs as its user, as the unit starts it'
# The ports are those of the whole machine.
if quintet health >/dev/null 2>&1; then
    echo 'another server answers at 127.0.0.1:3000 of this machine; end it first'
    exit 1
fi
command=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/quintet.service)
as_user() { setpriv --reuid=quintet --regid=quintet --clear-groups "$@"; }
start() {
    # Without the function, whose process would not pass signals on.
    # shellcheck disable=SC2086
    setpriv --reuid=quintet --regid=quintet --clear-groups $command >/server.log 2>&1 &
    server=$!
    for _ in $(seq 100); do
        if as_user quintet health --config /etc/quintet/quintet.toml >/dev/null 2>&1; then return; fi
        sleep 0.1
    done
    cat /server.log
    exit 1
}
start
as_user quintet health --config /etc/quintet/quintet.toml
code=$(as_user quintet invite add --data /var/lib/quintet)
echo 'correct horse battery' | as_user quintet user add alice --email alice@example.org --data /var/lib/quintet
as_user quintet doctor --config /etc/quintet/quintet.toml
as_user quintet backup /var/lib/quintet/backup.sqlite3 --data /var/lib/quintet
[ -n "$code" ] && [ -s /var/lib/quintet/backup.sqlite3 ]

say 'it is installed again over a changed file, and has its data'
echo '# A change of the operator.' >>/etc/quintet/quintet.toml
kill -TERM "$server"
wait "$server"
apt-get install -q -y --reinstall -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$1" >/install.log 2>&1 || { cat /install.log; exit 1; }
tail -n 1 /etc/quintet/quintet.toml | grep -q 'A change of the operator'
is "$(stat -c '%U:%G %a' /etc/quintet/quintet.toml)" 'root:quintet 640'
start
as_user quintet user list --data /var/lib/quintet | grep -q ' alice alice@example.org$'
kill -TERM "$server"
wait "$server"

say 'the backup is restored'
cd /var/lib/quintet
rm -f quintet.sqlite3 quintet.sqlite3-wal quintet.sqlite3-shm search.sqlite3 search.sqlite3-wal search.sqlite3-shm
as_user cp backup.sqlite3 quintet.sqlite3
cd /
start
as_user quintet user list --data /var/lib/quintet | grep -q ' alice alice@example.org$'
kill -TERM "$server"
wait "$server"

say 'it is removed, and its data stay'
apt-get purge -q -y quintet >/install.log 2>&1 || { cat /install.log; exit 1; }
[ ! -e /usr/bin/quintet ] && [ ! -e /etc/quintet ]
[ -s /var/lib/quintet/quintet.sqlite3 ]

say 'the archive runs from where it is unpacked'
mkdir /unpacked
tar -xzf "$2" -C /unpacked
"/unpacked/quintet-$3/usr/bin/quintet" check-config --config "/unpacked/quintet-$3/etc/quintet/quintet.toml" --data /tmp/data >/dev/null
say 'all is well'
