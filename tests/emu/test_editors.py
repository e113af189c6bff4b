# SPDX-License-Identifier: MIT
"""test_editors.py - what editors are told of the tree is true

compile_commands.json, tags, .editorconfig.
"""

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("boot", "arch", "lib", "mm", "kernel", "user", "tests")
# Compiled by other rules than the build's: each has a test of its own.
ELSEWHERE = ("tests/compile/",)
SAMPLE = 8

sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT / "tests/emu"))

import compile_commands    # noqa: E402
from check_style import Source    # noqa: E402


def make(*words):
    return subprocess.run(["make", *words], cwd=ROOT, capture_output=True,
                          text=True, check=True)


def sources():
    return {path.relative_to(ROOT).as_posix() for folder in FOLDERS
            for path in (ROOT / folder).rglob("*.c")}


def is_left_out(source):
    """Without the C libraries (no network?) their programs are not built."""
    path = ROOT / "build/user/left-out"
    text = path.read_text() if path.exists() else ""
    return source.startswith("user/libc/") and all(
        f"{Path(source).stem}-{libc}" in text for libc in ("musl", "glibc"))


@pytest.fixture(scope="module")
def commands():
    make("compile_commands.json")
    text = (ROOT / "compile_commands.json").read_text()
    return {entry["file"]: entry for entry in json.loads(text)}


def as_clang(entry):
    """The same command for clang, which only looks."""
    words = [word for word in entry["arguments"][1:]
             if word not in ("-MMD", "-MP")]
    output = words.index("-o")
    del words[output:output + 2]
    target = [] if "-m64" in words else ["--target=i686-elf"]
    return ["clang", *target, "-fsyntax-only", *words]


def test_every_c_file_has_a_command(commands):
    wanted = {path for path in sources()
              if not path.startswith(ELSEWHERE) and not is_left_out(path)}
    assert wanted - set(commands) == set()
    assert set(commands) - sources() == set()


def test_clang_understands_the_commands(commands):
    chosen = random.Random(10).sample(sorted(commands), SAMPLE)
    for file in [path for path in chosen if "/libc/" not in path]:
        done = subprocess.run(as_clang(commands[file]), cwd=ROOT,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{file}: {done.stderr}"


def test_clang_sees_what_is_wrong_with_a_file(commands, tmp_path):
    """The control: the command reads the file that it names."""
    wrong = tmp_path / "wrong.c"
    wrong.write_text('#include "mm/page/page_alloc.h"\n'
                     'int f(void) { return x; }\n')
    entry = dict(commands["mm/page/page_alloc.c"])
    entry["arguments"] = [str(wrong) if word == entry["file"] else word
                          for word in entry["arguments"]]
    done = subprocess.run(as_clang(entry), cwd=ROOT, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 1
    assert "undeclared identifier 'x'" in done.stderr


def test_the_kernels_way_comes_first():
    lines = [f"gcc -D{way} -c lib/text.c -o build/{place}lib/text.c.o"
             for way, place in (("H", "host/"), ("U", "user/obj/"),
                                ("B", "bootunit/"), ("K", ""))]
    for n in range(1, len(lines) + 1):
        best = compile_commands.entries(lines[:n])
        assert best["lib/text.c"][1]["arguments"][1] == lines[n - 1][4:7]
    best = compile_commands.entries(reversed(lines))
    assert best["lib/text.c"][1]["arguments"][1] == "-DK"


def test_what_only_a_shell_knows_is_left_out():
    assert not compile_commands.entries(["gcc $(x) -c a.c -o build/a.c.o"])


def test_tags_find_functions_and_tests():
    make("tags")
    text = (ROOT / "tags").read_text()
    for name, file in (("buddy_free_locked", "mm/page/buddy.c"),
                       ("mutex_lock", "kernel/sched/mutex.c"),
                       ("writing_makes_a_page_of_zeros",
                        "tests/suites/vmfault.c"),
                       ("getenv_finds_whole_names", "tests/user/library.c")):
        assert re.search(rf"^{name}\t{file}\t", text, re.MULTILINE), name
    assert not re.search(r"^(KTEST|UTEST|MUST_HOLD)\t", text, re.MULTILINE)


def test_files_are_indented_as_editorconfig_says():
    text = (ROOT / ".editorconfig").read_text()
    assert "[*.{c,h,S,ld,mk}]\nindent_style = tab\ntab_width = 8" in text
    for path in sorted(sources()):
        source = Source(ROOT, path)
        for number, line in enumerate(source.code, 1):
            assert not line.startswith(" " * 8), f"{path}:{number}"
