# SPDX-License-Identifier: MIT
#
# needs.sh - what Pagoda needs of the machine it is built on; read by scripts
#
# WHAT     One table for tools/setup, which installs, for tools/doctor, which
#          explains, for tools/build_toolchain and for the Makefile. It asks
#          for commands, not for packages, so that any toolchain that works is
#          good enough.
#
# USAGE    Define row(), then call needs: it calls row once for each need with
#            1 name   2 what it is for: purposes   3 a command that succeeds
#            when it is there   4 the sentence for when it is not
#            5... package on Debian, Fedora, Arch, Alpine, macOS with Homebrew
#          A package pip:NAME is one of Python's, (text) is no package.
#
# NOTE     gcc-multilib is never asked for: it conflicts with the cross
#          compiler, and a kernel without C library does not need it.

have() {
	command -v "$1"
}

# What the Makefile would find, in its order; gcc -m32 has to be tried.
have_kernel_compiler() {
	if [ -n "${CROSS_COMPILE:-}" ]; then
		have "${CROSS_COMPILE}gcc" && have "${CROSS_COMPILE}ld"
	else
		have i686-elf-gcc || have i686-linux-gnu-gcc ||
			host_kernel_compiler
	fi
}

# host_kernel_compiler: prints which of the host's own makes code for i386
host_kernel_compiler() {
	if gcc_makes_i386_code > /dev/null 2>&1; then
		echo gcc
	else
		have ld.lld > /dev/null && have clang > /dev/null && echo clang
	fi
}

gcc_makes_i386_code() {
	echo '#include <stdint.h>' |
		gcc -m32 -ffreestanding -x c -c - -o /dev/null &&
		ld -V | grep -q elf_i386
}

have_host_compiler() {
	echo '#include <sys/mman.h>
	int main(void) { return 0; }' |
		gcc -fsanitize=address,undefined -x c - -o /dev/null
}

# The distribution's one, for which apt installs modules. If there is none, the
# one in PATH, unless it cannot run and apt will install a better one. This is
# asked again after an installation.
find_python() {
	python=${PYTHON:-$(have /usr/bin/python3 || python_of_apt ||
		echo python3)}
}

python_of_apt() {
	have apt-get > /dev/null && ! python3 -c '' 2> /dev/null &&
		echo /usr/bin/python3
}
find_python

have_python() {
	"$python" -c "import $1"
}

# Distributions have three names for the same program.
grub_mkrescue() {
	have grub-mkrescue || have grub2-mkrescue || have i686-elf-grub-mkrescue
}

# The modules for a BIOS are a package of their own, which is often forgotten.
grub_modules() {
	for dir in ${GRUB_MODULES:-/usr/lib/grub/i386-pc \
		/usr/share/grub2/i386-pc /usr/local/lib/grub/i386-pc \
		/opt/homebrew/lib/i686-elf/grub/i386-pc}; do
		[ -e "$dir/multiboot.mod" ] && echo "$dir" && return
	done
	return 1
}

have_grub() {
	grub_mkrescue && grub_modules && have xorriso
}

# It must have Python, and must know i386 on any host.
have_gdb() {
	"${0%/*}/gdb/debug" --which
}

bochs_share=${BXSHARE:-/usr/share/bochs}

have_bochs() {
	have bochs && [ -e "$bochs_share/BIOS-bochs-latest" ]
}

# Root's folders are not in every PATH; root runs it.
have_debootstrap() {
	have debootstrap || have /usr/sbin/debootstrap
}

have_gcc_libraries() {
	printf '#include <%s>\n' gmp.h mpfr.h mpc.h |
		"${CXX:-g++}" -x c++ -fsyntax-only -
}

# newest PATTERN: the last of the files that match; fails when none does
newest() {
	found=
	for file in $1; do
		[ -e "$file" ] && found=$file
	done
	[ -n "$found" ] && echo "$found"
}

binutils_source() {
	newest "${BINUTILS_SOURCE:-/usr/src/binutils/binutils-*.tar.*}"
}

gcc_source() {
	newest "${GCC_SOURCE:-/usr/src/gcc-*/gcc-*.tar.*}"
}

needs() {
	find_python
	row make "run test grade" "have make" \
		"there is no make, and nothing can be built without" \
		make make make make make
	row kernelcc "run test grade" have_kernel_compiler \
		"there is no compiler that makes code for i386" \
		gcc-i686-linux-gnu gcc gcc build-base i686-elf-gcc
	row qemu "run test grade" "have qemu-system-i386" \
		"there is no qemu-system-i386 to boot the kernel in" \
		qemu-system-x86 qemu-system-x86-core qemu-system-x86 \
		qemu-system-i386 qemu
	row python "run test grade" "have_python sys" \
		"there is no Python 3 at $python, with which the build checks its image" \
		python3 python3 python python3 python
	row hostcc "test grade" have_host_compiler \
		"there is no gcc that links with its sanitizers, for the host tests" \
		"gcc libc6-dev" "gcc libasan libubsan" gcc \
		"(the host tests need glibc: musl's gcc has no sanitizers)" \
		"(the host tests need Linux)"
	row clang "test" "have clang" \
		"there is no clang, with which the tests also build" \
		clang clang clang clang llvm
	row lld "test" "have ld.lld" \
		"there is no ld.lld, which links clang's kernel" \
		lld lld lld lld lld
	row pytest "test" "have_python pytest" \
		"$python has no pytest, which runs the tests" \
		python3-pytest python3-pytest python-pytest py3-pytest \
		pip:pytest
	row xdist "test" "have_python xdist" \
		"$python has no pytest-xdist, which runs tests side by side" \
		python3-pytest-xdist python3-pytest-xdist \
		python-pytest-xdist py3-pytest-xdist pip:pytest-xdist
	row pexpect "test fresh" "have_python pexpect" \
		"$python has no pexpect, which types into the shell in tests" \
		python3-pexpect python3-pexpect python-pexpect py3-pexpect \
		pip:pexpect
	row psutil "test" "have_python psutil" \
		"$python has no psutil, which reads the monitor's meminfo" \
		python3-psutil python3-psutil python-psutil py3-psutil \
		pip:psutil
	row gdb "debug test grade" have_gdb \
		"there is no GDB with Python that knows i386, for make debug" \
		gdb gdb gdb gdb i386-elf-gdb
	row grub "iso bochs test" have_grub \
		"there is no GRUB for a BIOS, or no xorriso, for make iso" \
		"grub-common grub-pc-bin xorriso" \
		"grub2-tools-extra grub2-pc-modules xorriso" \
		"grub libisoburn" "grub grub-bios xorriso" \
		"i686-elf-grub xorriso"
	row xz "iso bochs test toolchain" "have xz" \
		"there is no xz, which packs GRUB's modules and GCC's sources" \
		xz-utils xz xz xz xz
	row bochs "bochs test" have_bochs \
		"there is no Bochs, the second and stricter machine" \
		"bochs bochs-term bochsbios vgabios" bochs bochs bochs bochs
	row debootstrap "fresh" have_debootstrap \
		"there is no debootstrap, which makes roots of Debian" \
		debootstrap debootstrap debootstrap debootstrap \
		"(roots of Debian need Linux)"
	row git "fresh test grade" "have git" \
		"there is no git, which copies trees for roots and for students" \
		git git git git git
	row ctags "tags test" "have ctags" \
		"there is no ctags, which lists where each name is defined" \
		universal-ctags ctags ctags ctags universal-ctags
	row cxx "toolchain" "have ${CXX:-g++}" \
		"there is no C++ compiler, and GCC is written in C++" \
		g++ gcc-c++ gcc g++ gcc
	row flex "toolchain" "have flex" \
		"there is no flex, which makes the scanners of binutils" \
		flex flex flex flex flex
	row bison "toolchain" "have bison" \
		"there is no bison, which makes the parsers of binutils" \
		bison bison bison bison bison
	row gcclibs "toolchain" have_gcc_libraries \
		"there are no headers of GMP, MPFR and MPC, for GCC" \
		"libgmp-dev libmpfr-dev libmpc-dev" \
		"gmp-devel mpfr-devel libmpc-devel" "gmp mpfr libmpc" \
		"gmp-dev mpfr-dev mpc1-dev" "gmp mpfr libmpc"
	row binutils_source "toolchain" binutils_source \
		"there is no archive of binutils' sources" \
		binutils-source "(set BINUTILS_SOURCE)" \
		"(set BINUTILS_SOURCE)" "(set BINUTILS_SOURCE)" \
		"(set BINUTILS_SOURCE)"
	row gcc_source "toolchain" gcc_source \
		"there is no archive of GCC's sources" \
		gcc-12-source "(set GCC_SOURCE)" "(set GCC_SOURCE)" \
		"(set GCC_SOURCE)" "(set GCC_SOURCE)"
}

# ---- packages ---------------------------------------------------------------

# What kind of system this is, by the command that installs; fails if unknown.
system() {
	for pair in apt-get:debian dnf:fedora pacman:arch apk:alpine \
		brew:macos; do
		have "${pair%:*}" > /dev/null && echo "${pair#*:}" && return
	done
	return 1
}

# install_command SYSTEM
install_command() {
	case $1 in
	debian) echo "apt-get install" ;;
	fedora) echo "dnf install" ;;
	arch)   echo "pacman -S" ;;
	alpine) echo "apk add" ;;
	macos)  echo "brew install" ;;
	esac
}

# pick SYSTEM DEBIAN FEDORA ARCH ALPINE MACOS: prints the word of the system
pick() {
	case $1 in
	debian) echo "$2" ;;
	fedora) echo "$3" ;;
	arch)   echo "$4" ;;
	alpine) echo "$5" ;;
	macos)  echo "$6" ;;
	esac
}

# package SYSTEM, then the packages of a row: prints them; nothing for a (text)
package() {
	case $(pick "$@") in
	"("*) ;;
	*) pick "$@" ;;
	esac
}

# how_to_install SYSTEM PACKAGE...: the whole command; each package once,
# Python's packages last
how_to_install() {
	how=$(install_command "$1")
	names= pip=
	shift
	for name in "$@"; do
		case " $names $pip " in
		*" ${name#pip:} "*) continue ;;
		esac
		case $name in
		pip:*) pip="$pip ${name#pip:}" ;;
		*) names="$names $name" ;;
		esac
	done
	echo "${names:+$how$names}${names:+${pip:+; }}${pip:+$python -m pip install --user$pip}"
}
