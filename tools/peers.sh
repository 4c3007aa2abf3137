#!/bin/sh
# Installs the real programs that the tests and the benchmarks talk to, from Debian's packages, with
# every service held back: nothing here starts a daemon, tests start their own on free loopback ports.
set -eu
PEERS="${PEERS:-rbldnsd postgresql postfix dnsperf bind9-dnsutils knot-dnsutils swaks libnet-ssleay-perl haproxy openssl
    chromium gcc libc6-dev python3-dev
    bind9 bind9-utils unbound rspamd spamassassin spamd
    dovecot-core dovecot-imapd nftables ipset squid minisign clamav-daemon}"
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
# Debian lets one mail server be installed at a time: beside Postfix, Exim's program is taken out of its package.
if [ -z "${PEERS##*postfix*}" ] && ! command -v exim4 >/dev/null; then
    place=$(mktemp -d)
    chmod 755 "$place"
    (
        cd "$place"
        apt-get download -q exim4-daemon-light
        libraries=$(dpkg-deb -f ./*.deb Depends | tr ',' '\n' | sed -n 's/^ *\(lib[^ ]*\).*/\1/p')
        # shellcheck disable=SC2086
        apt-get install -q -y --no-install-recommends $libraries
        dpkg-deb -x ./*.deb unpacked
        install -m 755 unpacked/usr/sbin/exim4 /usr/local/sbin/exim4
    )
    rm -rf "$place"
fi
