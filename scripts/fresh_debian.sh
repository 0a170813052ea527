#!/bin/bash
# Runs make targets as a new user would: this checkout's HEAD, in a fresh Debian 12 that holds the
# named prerequisites and nothing else. As root, with debootstrap.
#
#   scripts/fresh_debian.sh [DIRECTORY] demo test image
#
# DIRECTORY keeps the bare system for the next run. `demo` and `test` are make's; `image` runs the
# Dockerfile's install steps and entry point.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
keep=${1:?a directory}; shift
base=$keep/bookworm
if [ ! -d "$base/usr" ]; then
  debootstrap --variant=minbase --include=make,python3,python3-venv,ca-certificates bookworm "$base" >"$keep/debootstrap.log"
fi
root=$(mktemp -d "$keep/run.XXXX")
unmount() { for m in proc dev/shm dev/pts dev sys; do umount -l "$root/$m" 2>/dev/null || true; done; rm -rf --one-file-system "$root"; }
trap unmount EXIT
cp -a "$base/." "$root"
mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; mount --make-rslave "$root/dev"
cp /etc/resolv.conf /etc/hosts "$root/etc/" 2>/dev/null || true
cp -rL --remove-destination /etc/ssl/certs/. "$root/etc/ssl/certs/" # a mirror's own certificate authority, where there is one
cp /etc/apt/sources.list.d/*.sources "$root/etc/apt/sources.list.d/" 2>/dev/null || true
cp /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true
mkdir -p "$root/home/user/jasmin_compat"
git -C "$here" archive HEAD | tar -x -C "$root/home/user/jasmin_compat"
inside() {
  env -i HOME=/home/user PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    ${PIP_CERT:+PIP_CERT="$PIP_CERT"} ${PIP_INDEX_URL:+PIP_INDEX_URL="$PIP_INDEX_URL"} \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} CI=true \
    chroot "$root" /bin/bash -c "cd /home/user/jasmin_compat && $1"
}
for what in "$@"; do
  echo "== $what in a fresh Debian"
  case $what in
    demo) inside 'make demo DEMO_OPTIONS=--once' ;;
    test) inside 'make test' ;;
    image) inside 'docker/install.sh /opt/jasmin_compat && PATH=/opt/jasmin_compat/bin:$PATH LOG_PATH=/tmp/log STORE_PATH=/tmp/store docker/entrypoint.sh jasmind.py --version' ;;
    *) echo "unknown: $what" >&2; exit 2 ;;
  esac
done
