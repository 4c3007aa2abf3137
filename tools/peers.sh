#!/bin/sh
# Installs the real programs that the tests and the benchmarks talk to, from Debian's packages, with
# every service held back: nothing here starts a daemon, tests start their own on free loopback ports.
set -eu
PEERS="${PEERS:-rbldnsd postgresql postfix dnsperf bind9-dnsutils knot-dnsutils swaks libnet-ssleay-perl haproxy openssl
    chromium gcc libc6-dev python3-dev
    bind9 bind9-utils unbound rspamd spamassassin}"
policy=/usr/sbin/policy-rc.d
if [ "$(id -u)" != 0 ]; then
    echo "peers: needs root to install packages ($PEERS)" >&2
    exit 1
fi
made=no
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    made=yes
fi
trap '[ "$made" = no ] || rm -f "$policy"' EXIT
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086
apt-get install -q -y --no-install-recommends $PEERS
