#!/usr/bin/env bash
# A tour of rootgate: the user www-data builds a virtual router, every step of it a
# command that rootgated allows. Everything happens in mount, network and pid
# namespaces of the demonstration's own, and is gone when it ends, however it
# ends: the host's network is never touched.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [[ ${1:-} != inside ]]; then
	[[ $(id -u) -eq 0 ]] || { echo "run as root: rootgated starts commands as other users" >&2; exit 1; }
	exec unshare --mount --net --pid --fork --kill-child --mount-proc "${BASH_SOURCE[0]}" inside
fi

if [[ -t 1 ]]; then
	bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' cyan=$'\e[36m' reset=$'\e[0m'
else
	bold='' dim='' green='' red='' cyan='' reset=''
fi

# --- a place of our own ----------------------------------------------------
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 755 /run/netns
top=$(mktemp -d /tmp/rootgate-demo.XXXXXX)
daemon=
finish() {
	status=$?
	trap - EXIT
	if [[ -n $daemon ]]; then
		kill -TERM "$daemon" 2>/dev/null || true
		wait "$daemon" 2>/dev/null || true
	fi
	rm -rf "$top"
	if [[ $status -ne 0 ]]; then
		printf '\n%sThe demonstration failed (exit %d).%s\n' "$red" "$status" "$reset" >&2
	fi
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

chmod 755 "$top"
mkdir "$top/policy"
# rootgated refuses a program or a policy that others could change.
install -m 755 "$here/bin/rootgated" "$here/bin/rootgate" "$top/"
install -m 644 "$here/policy/examples/router.yaml" "$top/policy/"
socket=$top/run/rootgate.sock
suffix=$(od -An -N3 -tx1 /dev/urandom | tr -d ' \n')
left=demo-left-$suffix router=demo-router-$suffix right=demo-right-$suffix

chapter() { printf '\n%s%s%s\n' "$bold$cyan" "$*" "$reset"; }
say() { printf '%s%s%s\n' "$dim" "$*" "$reset"; }
fail() { printf '%s%s%s\n' "$red" "$*" "$reset" >&2; exit 1; }

# user CMD…: as the unprivileged user, without capabilities.
user() { setpriv --reuid www-data --regid www-data --init-groups --bounding-set=-all --inh-caps=-all -- "$@"; }

# gate [NETNS] -- ARGV…: one command through rootgated, shown as it is typed.
gate() {
	local options=()
	if [[ $1 != -- ]]; then options=(--netns "$1"); shift; fi
	shift
	printf '%s$ rootgate exec %s-- %s%s\n' "$green" "${options[*]:+${options[*]} }" "$*" "$reset"
	user "$top/rootgate" --socket "$socket" exec "${options[@]}" -- "$@"
}

# refused ARGV…: the same, and it must be refused.
refused() {
	local status=0
	gate "$@" || status=$?
	[[ $status -eq 126 ]] || fail "exit status $status, expected 126: refused"
}

chapter "1. The server"
say "rootgated runs as root, with one policy file. It knows its callers from the kernel."
"$top/rootgated" --socket "$socket" --socket-group www-data --policy "$top/policy" --audit "$top/audit" \
	>"$top/out" 2>"$top/log" &
daemon=$!
# The line appears when the policy is loaded and the socket is there.
until grep -q '^serving ' "$top/out"; do
	kill -0 "$daemon" 2>/dev/null || { cat "$top/log" >&2; daemon=; fail "rootgated did not start"; }
	read -rt 0.05 <> <(:) || true
done
cat "$top/out"
say "We are $(user id -un) (uid $(user id -u)). Without rootgate:"
printf '%s$ ip netns add %s%s\n' "$green" "$left" "$reset"
user ip netns add "$left" 2>&1 && fail "it could add a namespace by itself"

chapter "2. Three namespaces and two cables"
for ns in "$left" "$router" "$right"; do gate -- ip netns add "$ns"; done
gate "$router" -- ip link add left0 type veth peer name left1
gate "$router" -- ip link add right0 type veth peer name right1
gate "$router" -- ip link set left0 netns "$left"
gate "$router" -- ip link set right0 netns "$right"

chapter "3. Addresses and routes"
gate "$left" -- ip addr add 10.0.1.2/24 dev left0
gate "$router" -- ip addr add 10.0.1.1/24 dev left1
gate "$router" -- ip addr add 10.0.2.1/24 dev right1
gate "$right" -- ip addr add 10.0.2.2/24 dev right0
gate "$left" -- ip link set left0 up
gate "$router" -- ip link set left1 up
gate "$router" -- ip link set right1 up
gate "$right" -- ip link set right0 up
gate "$left" -- ip route add default via 10.0.1.1
gate "$right" -- ip route add default via 10.0.2.1

chapter "4. The router forwards, and filters"
gate "$router" -- sysctl -w net.ipv4.ip_forward=1
# filter RULE: a rule set with this one rule, shown, and given on standard input.
filter() {
	printf '%s\n' '*filter' ':INPUT ACCEPT [0:0]' ':FORWARD DROP [0:0]' ':OUTPUT ACCEPT [0:0]' "$1" COMMIT >"$top/rules"
	sed 's/^/    /' "$top/rules"
	gate "$router" -- iptables-restore <"$top/rules"
}
say "The rule set goes in on standard input:"
filter '-A FORWARD -p icmp -j ACCEPT'

chapter "5. A ping from left to right"
gate "$left" -- ping -c 1 -W 2 10.0.2.2
say "Now the rule set says no, and the same ping is refused by the router:"
filter '-A FORWARD -p icmp -j REJECT'
status=0
gate "$left" -- ping -c 1 -W 2 10.0.2.2 || status=$?
[[ $status -eq 1 ]] || fail "ping ended with $status, expected 1"
gate "$router" -- iptables-save -t filter

chapter "6. What a command is"
say "Every command runs as an unprivileged user, with what its rule grants and no more:"
gate -- cat /proc/self/status | grep -E '^\$|^(Name|Uid|CapPrm|CapEff|CapBnd|NoNewPrivs|Seccomp):'

chapter "7. Three attacks"
say "A program inside the program:"
refused -- ip vrf exec default sh
say "Commands from a file:"
refused -- ip -batch /tmp/commands
say "A path that climbs out of its directory:"
refused -- cat /usr/share/common-licenses/../../../etc/shadow

chapter "8. The audit log"
say "Each decision is on record before it takes effect, each record holds the hash of the one before."
"$top/rootgate" audit show "$top/audit" | tail -n 12
head=$("$top/rootgate" --socket "$socket" --output json status | sed -n 's/.*"head": *"\([0-9a-f]*\)".*/\1/p')
printf '%s$ rootgate audit verify --head %s… %s%s\n' "$green" "${head:0:12}" "$top/audit" "$reset"
"$top/rootgate" audit verify --head "$head" "$top/audit"
say "One byte is changed in a copy, and it no longer verifies:"
cp -r "$top/audit" "$top/copy"
segment=("$top"/copy/audit-*.jsonl)
sed -i '0,/vrf/s//vrg/' "${segment[0]}"
printf '%s$ rootgate audit verify %s%s\n' "$green" "$top/copy" "$reset"
if "$top/rootgate" audit verify "$top/copy"; then fail "a changed log verified"; fi

chapter "9. Nothing is left"
for ns in "$left" "$router" "$right"; do gate -- ip netns del "$ns"; done
kill -TERM "$daemon"
wait "$daemon" || fail "rootgated ended with $?"
daemon=
[[ -z $(ls /run/netns) ]] || fail "namespaces are left: $(ls /run/netns)"
printf '\n%sDone.%s\n' "$bold" "$reset"
