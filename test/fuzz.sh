#!/usr/bin/env bash
# Runs every fuzz target of the module for DURATION each.
set -euo pipefail
cd "$(dirname "$0")/.."
duration=${1:?usage: fuzz.sh DURATION}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# fuzz PACKAGE TARGET
fuzz() {
	local try
	for try in 1 2 3; do
		if go test -vet=off -run='^$' -fuzz="^$2\$" -fuzztime="$duration" "$1" </dev/null >"$log" 2>&1; then
			echo "fuzz $1 $2: $(grep -o 'execs: [0-9]*' "$log" | tail -1)"
			return
		fi
		# go.dev/issue/75804, in Go before 1.27: the coordinator now and then reports
		# its own deadline as a failure. A finding always writes its input.
		if ! grep -q 'context deadline exceeded' "$log" || grep -q 'Failing input written' "$log"; then
			break
		fi
		echo "fuzz $1 $2: spurious deadline, try $try of 3"
	done
	cat "$log"
	return 1
}

targets=0
while IFS=: read -r file line; do
	name=${line#func }
	fuzz "./$(dirname "$file")" "${name%%(*}"
	targets=$((targets + 1))
done < <(git grep --untracked -E '^func Fuzz[A-Za-z0-9_]*\(' -- '*_test.go')
if [ "$targets" -eq 0 ]; then
	echo "no fuzz target found" >&2
	exit 1
fi
echo "fuzz: $targets targets, $duration each"
