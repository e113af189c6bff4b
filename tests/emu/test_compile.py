# SPDX-License-Identifier: MIT
"""Code that must not compile, each with a twin that must.

A file in tests/compile/ says in its first lines what is wrong with it and what
each compiler calls that:

    // REJECT -DNAME=VALUE     with these the file must be rejected ...
    // ACCEPT -DNAME=VALUE     ... and with these accepted: the twin
    // gcc    part of its message, or "nothing": it cannot see that
    // clang  part of its message

The twin proves that it is rejected for the right reason and not for, say, a
header that has moved.
"""

import re
import shlex
import shutil
import subprocess

import pytest

from machine import ROOT

FILES = sorted((ROOT / "tests" / "compile").glob("*.c"))

FLAGS = ("-std=gnu11 -O2 -ffreestanding -mregparm=3 -freg-struct-return "
         "-Wall -Wextra -Werror -Wno-unused-parameter -DCONFIG_DEBUG=0 -I. "
         "-Iarch/i386/include -c -o /dev/null").split()


def find_gcc():
    for name in ("i686-elf-gcc", "i686-linux-gnu-gcc"):
        if shutil.which(name):
            return [name]
    return ["gcc", "-m32"]


COMPILERS = {"gcc": find_gcc(),
             "clang": ["clang", "--target=i686-elf", "-Wthread-safety"]}


def directive(path, name):
    found = re.search(rf"^// {name} +(.*)$", path.read_text(), re.MULTILINE)
    assert found, f"{path.name}: no line `// {name} ...`"
    return found.group(1)


def compile_file(compiler, path, defines):
    return subprocess.run([*COMPILERS[compiler], *FLAGS, *defines, path],
                          cwd=ROOT, capture_output=True, text=True,
                          check=False)


def test_there_are_some():
    assert len(FILES) >= 10


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_some_compiler_rejects_it(path):
    assert any(directive(path, name) != "nothing" for name in COMPILERS)


@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_is_rejected_for_the_right_reason(path, compiler):
    bad = compile_file(compiler, path, shlex.split(directive(path, "REJECT")))
    message = directive(path, compiler)
    if message == "nothing":
        assert bad.returncode == 0, bad.stderr
    else:
        assert bad.returncode != 0, "it compiles"
        assert message in bad.stderr, bad.stderr
    twin = compile_file(compiler, path, shlex.split(directive(path, "ACCEPT")))
    assert twin.returncode == 0, twin.stderr
