#!/bin/sh
# check_accuracy and check_accuracy_functions for 64-bit ARM, whose nnc_v4 is NEON's: built by a cross compiler (Debian:
# gcc-aarch64-linux-gnu and libc6-dev-arm64-cross) and run by qemu-aarch64 (qemu-user), unless this is such a machine.
#
# usage: tests/unit/check_accuracy_aarch64.sh [all] [FUNCTION ...]     as for check_accuracy_functions
# Exit status: 0 passed, 1 failed, 77 a tool is missing.
set -u
here=$(dirname "$0")
if [ "$(uname -m)" = aarch64 ]; then
    compiler=cc emulator=
else
    compiler=aarch64-linux-gnu-gcc emulator=qemu-aarch64
fi
for tool in $compiler $emulator; do
    command -v "$tool" >/dev/null || { echo "skipped: accuracy on AArch64: no $tool"; exit 77; }
done
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
for name in check_accuracy check_accuracy_functions; do
    $compiler -O2 -std=c11 -Wall -Wextra -Werror -static -I "$here/../../runtime" "$here/$name.c" -o "$folder/$name" -lm || exit 1
done
$emulator "$folder/check_accuracy_functions" "$@" || exit 1
if [ $# = 0 ] || [ "$*" = all ]; then
    $emulator "$folder/check_accuracy" "$@" || exit 1
fi
