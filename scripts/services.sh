#!/bin/bash
# Installs RabbitMQ, Redis and a telnet client where they are missing, without starting the servers:
# tests start their own, on their own ports, in their own folders.
set -e
have() { command -v "$1" >/dev/null 2>&1 || ls $2 >/dev/null 2>&1; }
need=()
have rabbitmq-server '/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server' || need+=(rabbitmq-server)
have redis-server /usr/bin/redis-server || need+=(redis-server)
have telnet /usr/bin/telnet || need+=(inetutils-telnet)
[ ${#need[@]} = 0 ] && exit 0
if ! command -v apt-get >/dev/null; then
  echo "install ${need[*]} with this system's package manager, then run make test again" >&2; exit 1
fi
as_root=(); [ "$(id -u)" = 0 ] || as_root=(sudo -n)
"${as_root[@]}" true 2>/dev/null || { echo "as root: apt-get install ${need[*]}; then run make test again" >&2; exit 1; }
echo "installing ${need[*]} (not started; tests run private ones)"
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then # keep the packages from starting servers of their own
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
  "${as_root[@]}" chmod 755 $policy
  trap '"${as_root[@]}" rm -f $policy' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get -qq update
"${as_root[@]}" apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "${need[@]}" >/dev/null
