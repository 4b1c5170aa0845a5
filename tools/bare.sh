#!/usr/bin/env bash
# Both commands of the README on bare machines: `tools/bare.sh [-d DIR] [-k KEYWORDS] [-s] [RELEASE...]`.
#
# Makes a bare Debian of each release (default: bookworm trixie) in a folder of its own below DIR (default: build/bare),
# with what the README says one needs and nothing more, clones this checkout there, and runs `make demo ARGS=--no-serve`
# and `make test` as an ordinary user. Says what failed and how long it took; what is in the checkout and not committed
# is left out. Needs root and debootstrap.
#   -k KEYWORDS  only those tests     -s  no tests, the demo alone
# The mirror is this machine's own, or BARE_MIRROR; how pip, npm and git reach the network is handed in from here.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$PWD/build/bare keywords='' tests=yes
while getopts 'd:k:s' option; do
    case $option in
        d) folder=$(realpath -m "$OPTARG") ;;
        k) keywords=$OPTARG ;;
        s) tests=no ;;
        *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done
shift $((OPTIND - 1))
releases=("${@:-bookworm}")
(($#)) || releases=(bookworm trixie)

[[ $EUID -eq 0 ]] || { echo "Making a Debian in a folder needs root." >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "debootstrap is missing: apt-get install debootstrap" >&2; exit 2; }

packages=(python3-venv make git)
system=(python3 -c 'import sys; print(sys.version.split()[0])')
mirror=${BARE_MIRROR:-$(apt-get indextargets --format '$(SITE) $(ORIGIN) $(LABEL)' | awk '$2 == "Debian" && $3 == "Debian" { print $1; exit }')}
[[ -n $mirror ]] || { echo "No Debian mirror in this machine's apt configuration: set BARE_MIRROR." >&2; exit 2; }
certificates=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
root='' # of the machine that is running, for the trap

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"; }

as_user() { # as_user COMMAND: in a login shell of the ordinary user, in the clone
    inside su - shopkeeper -c "set -a; . /etc/bare.env; set +a; cd custrata && $1"
}

unmount() {
    [[ -n $root ]] || return 0
    local place
    for place in dev/shm dev/pts dev proc; do
        if mountpoint -q "$root/$place"; then umount -l "$root/$place"; fi
    done
}
trap unmount EXIT

mount_system() {
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev" # a few devices of its own, none of this machine's
    mkdir "$root/dev/shm" "$root/dev/pts"
    mount -t tmpfs tmpfs "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
    local name
    for name in 'null 3' 'zero 5' 'full 7' 'random 8' 'urandom 9'; do
        mknod -m 666 "$root/dev/${name% *}" c 1 "${name#* }"
    done
    mknod -m 666 "$root/dev/tty" c 5 0
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    ln -s /proc/self/fd/0 "$root/dev/stdin"
    ln -s /proc/self/fd/1 "$root/dev/stdout"
    ln -s /proc/self/fd/2 "$root/dev/stderr"
}

hand_in_network() { # names, certificates, and the addresses that pip and npm are told here; no folders, no passwords
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    if [[ -f $certificates ]]; then
        mkdir -p "$root/etc/ssl/certs"
        cp -L "$certificates" "$root/etc/ssl/certs/ca-certificates.crt"
    fi
    local name
    {
        for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY npm_config_registry; do
            [[ -z ${!name:-} ]] || printf '%s=%q\n' "$name" "${!name}"
        done
        for name in PIP_CERT SSL_CERT_FILE NODE_EXTRA_CA_CERTS GIT_SSL_CAINFO npm_config_cafile; do
            [[ ! -f $certificates ]] || echo "$name=/etc/ssl/certs/ca-certificates.crt"
        done
        echo 'PYTHONWARNINGS= PIP_DEFAULT_TIMEOUT=120'
    } >"$root/etc/bare.env"
    {
        echo '[global]'
        for name in index-url extra-index-url trusted-host proxy; do
            python3 -m pip config list 2>/dev/null \
                | sed -nE "s/^(global|:env:)\.$name='(.*)'$/\2/p" | tail -1 | sed 's/\\n/ /g' | tr ' ' '\n' \
                | { grep -v '^file:' || true; } | xargs | sed -n "s/^\(..*\)$/$name = \1/p"
        done
    } >"$root/etc/pip.conf"
}

make_machine() { # make_machine RELEASE
    if [[ ! -f $folder/$1.tar ]]; then
        rm -rf "$root"
        debootstrap --variant=minbase "$1" "$root" "$mirror" >"$log" 2>&1 || { tail -5 "$log"; return 1; }
        tar -C "$root" -cf "$folder/$1.tar.part" . && mv "$folder/$1.tar.part" "$folder/$1.tar"
    fi
    rm -rf "$root" && mkdir "$root" && tar -C "$root" -xf "$folder/$1.tar"
    mount_system
    hand_in_network
    apt-config dump | grep -E '^Acquire::(Check-(Valid-Until|Date)|https?::Proxy) ' >"$root/etc/apt/apt.conf.d/99bare" || true
    inside apt-get update -qq >"$log" 2>&1 || { tail -5 "$log"; return 1; }
    inside DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "${packages[@]}" >"$log" 2>&1 || { tail -5 "$log"; return 1; }
    hand_in_network # the package of certificates has put its own in place
    inside useradd --create-home --shell /bin/bash shopkeeper
    git clone -q --no-hardlinks "file://$PWD" "$root/home/shopkeeper/custrata"
    inside chown -R shopkeeper:shopkeeper /home/shopkeeper
}

step() { # step NAME COMMAND: run it as the user, say how it ended and how long it took
    local start=$SECONDS ended=passed
    log=$folder/$release-$1.log
    as_user "$2" >"$log" 2>&1 || ended=FAILED
    printf '%-9s %-5s %-7s %5d s  %s\n' "$release" "$1" "$ended" $((SECONDS - start)) "$(tail -1 "$log")"
    if [[ $ended == FAILED ]]; then
        failed+=("$release: $2")
        grep -aE '^(FAILED|ERROR|make: )' "$log" || tail -20 "$log"
    fi
}

mkdir -p "$folder"
failed=()
for release in "${releases[@]}"; do
    root=$folder/$release log=$folder/$release-machine.log
    unmount
    if ! make_machine "$release"; then
        failed+=("$release: the machine could not be made, see $log")
        continue
    fi
    echo "$release: Debian $(cat "$root/etc/debian_version"), Python $(inside "${system[@]}"), $(uname -m)"
    step demo 'make demo ARGS=--no-serve'
    [[ $tests == no ]] || step test "make test ${keywords:+ARGS=\"-k '$keywords'\"}"
    unmount
done

((${#failed[@]} == 0)) || { printf 'Failed: %s\n' "${failed[@]}"; exit 1; }
echo "Both commands work on: ${releases[*]}."
