#!/usr/bin/env bash
# Installs the Debian packages that are missing, by name: those that building,
# testing and the demo need, or those given as arguments. Says nothing and needs
# neither network nor root when all of them are there.
set -euo pipefail

packages=("$@")
if [ "${#packages[@]}" -eq 0 ]; then
	packages=(
		gcc libc6-dev pkg-config libseccomp-dev       # the two cgo packages
		iproute2 iptables iputils-ping procps         # what the demo and the tests run
		strace sudo util-linux
	)
fi

missing=()
for package in "${packages[@]}"; do
	state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) || state=absent
	[ "$state" = installed ] || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "missing Debian packages: ${missing[*]} (run as root to have them installed)" >&2
	exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
		-o DPkg::Lock::Timeout=300 install "${missing[@]}" </dev/null >>"$log" 2>&1
}
echo "installing ${missing[*]}"
# The package lists of a fresh machine are empty or old: update them only then.
if ! install && ! { apt-get -qq update </dev/null >>"$log" 2>&1 && install; }; then
	cat "$log" >&2
	echo "cannot install ${missing[*]}" >&2
	exit 1
fi
