#!/usr/bin/env bash
# Builds the pinned tool NAME from test/tools/NAME/go.mod, unless this very pin
# has been built with this Go before, and prints the path of the program:
# .cache/bin/NAME, a link to the build that its module files name.
set -euo pipefail

name=${1:?usage: build.sh NAME}
top=$(cd "$(dirname "$0")/../.." && pwd)
module=$top/test/tools/$name
bin=$top/.cache/bin

pin=$({ go env GOVERSION GOARCH && cat "$module/go.mod" "$module/go.sum"; } | sha256sum | cut -c1-16)
if [ ! -x "$bin/$name-$pin" ]; then
	mkdir -p "$bin"
	started=$SECONDS
	echo "building $name (minutes, once)" >&2
	package=$(cd "$module" && GOWORK=off go list tool)
	# Renamed into place, so that a build that was interrupted is never used.
	GOWORK=off CGO_ENABLED=0 go build -C "$module" -trimpath -buildvcs=false -ldflags='-s -w' \
		-o "$bin/.$name-$pin.$$" "$package"
	mv "$bin/.$name-$pin.$$" "$bin/$name-$pin"
	echo "building $name: $((SECONDS - started)) s" >&2
fi
ln -sfn "$name-$pin" "$bin/$name"
echo "$bin/$name"
