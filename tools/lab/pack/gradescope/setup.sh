#!/bin/sh
# SPDX-License-Identifier: MIT
#
# setup.sh - Gradescope runs this once, when it makes the image of an autograder
#
# WHAT     Unpacks the grader's tree, installs what it needs, and builds what a
#          submission does not change. Objects of another compiler are thrown
#          away first.
#
# AUTOGRADER is the folder of Gradescope, SETUP the command that installs: a
# test has others.
set -eu

autograder=${AUTOGRADER:-/autograder}
tree=$autograder/grader

mkdir -p "$tree"
# It belongs to whoever unpacks it: git reads no repository of somebody else.
tar --no-same-owner -xzf "$autograder/source/tree.tar.gz" -C "$tree"
cd "$tree"
${SETUP:-tools/setup} grade

if [ "$(tools/lab/compilers)" != "$(cat build/compilers 2> /dev/null)" ]; then
	rm -rf build
fi
make -j"$(getconf _NPROCESSORS_ONLN)" $(cat "$autograder/source/targets")
tools/lab/compilers > build/compilers
