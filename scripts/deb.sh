#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian's packages of this tree, by dpkg-buildpackage, in $BUILD/deb; lintian looks at them.
# Nothing is written beside the sources, for the build is of a copy; its objects are kept, so that
# the next call builds what changed. `make deb` starts it.
#
# In the environment: BUILD (absolute), VERSION, MAKE.
set -euo pipefail
cd "$(dirname "$0")/.."

: "${BUILD:?start this by 'make deb'}" "${VERSION:?start this by 'make deb'}"
dir=$BUILD/deb
tree=$dir/coreesim-$VERSION
log=$dir/build.log

say() { printf '==> %s\n' "$*"; }

mkdir -p "$dir"
exec {lock}>"$dir/.lock"
flock "$lock"

say "copying the tree"
rsync -a --delete --exclude=/.git --exclude=/build --exclude="/${BUILD#"$PWD/"}" ./ "$tree/"

say "building the packages"
rm -f "$dir"/*.deb "$dir"/*.changes "$dir"/*.buildinfo
if ! (cd "$tree" && env -u MAKEFLAGS -u MAKELEVEL -u BUILD -u VERSION -u CC COREESIM_OBJECTS="$dir/objects" \
	DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-noautodbgsym parallel=$(nproc)}" \
	dpkg-buildpackage -us -uc -b -nc) >"$log" 2>&1 </dev/null; then
	tail -n 15 "$log" | cut -c1-200 >&2
	echo "the packages do not build; the whole log is $log" >&2
	exit 1
fi

say "looking at them with lintian"
lintian --allow-root --fail-on error "$dir"/*.changes
find "$dir" -maxdepth 1 -name '*.deb' -printf '    %9s  %f\n' | sort -k 2
