# SPDX-License-Identifier: MIT
"""test_files.py - Linux's file calls: the personality server beside Linux

WHAT    tests/user/files.c and fds.c are tables of calls and answers. They run
        in the shell, and under the host's Linux in a read-only copy of the boot
        archive: so the answers are Linux's, not what we think they are. Then
        what only several programs at one console can show.
"""
import os

import pexpect
import pytest

import machine
from test_differential import compare
from test_shell import Shell
from test_user import SOURCES, defined_tests, judge_results, tail

TABLES = {name: defined_tests(SOURCES / f"{name}.c")
          for name in ("files", "fds")}

# A file system of its own, read-only, with a console; as many descriptors as
# the server has.
UNDER_LINUX = """
mount -t tmpfs none "$2" && cp -a "$1"/. "$2" && mkdir "$2/dev" &&
mknod "$2/dev/tty" c 5 0 && mount -o remount,ro "$2" && ulimit -n 256 ||
{ echo no mounts; exit 1; }
exec chroot "$2" "/tests/$3"
"""


@pytest.fixture
def shell(kernel):
    shell = Shell()
    yield shell
    shell.close()


def check(name, text, reason=None):
    """All is as the table says; what is skipped is for that reason."""
    faults, skipped = judge_results(text, TABLES[name])
    assert not faults and all(why == reason for why in skipped.values()), \
        "\n".join(faults) + str(skipped) + tail(text)


@pytest.mark.parametrize("name", TABLES)
def test_personality_answers_as_the_table_says(shell, name):
    check(name, shell.run(f"tests/{name}"))


def unpack(root):
    data = machine.ARCHIVE.read_bytes()
    at = 0
    while data[at:at + 6] == b"070701":
        field = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16)
                 for i in range(13)]
        name = data[at + 110:at + 109 + field[11]].decode()
        body = (at + 110 + field[11] + 3) // 4 * 4
        at = (body + field[6] + 3) // 4 * 4
        path = root / name
        if field[1] & 0o170000 == 0o040000:
            path.mkdir()
        elif name != "TRAILER!!!":
            path.write_bytes(data[body:body + field[6]])
            path.chmod(field[1] & 0o777)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.parametrize("name", TABLES)
def test_linux_agrees_with_the_table(kernel, tmp_path, name):
    if not compare.native_works():
        pytest.skip("this host runs no 32-bit programs with 3 GiB")
    (tmp_path / "from").mkdir()
    (tmp_path / "root").mkdir()
    unpack(tmp_path / "from")
    child = pexpect.spawn("unshare", ["-m", *compare.NATIVE, "sh", "-c",
                                      UNDER_LINUX, "sh",
                                      str(tmp_path / "from"),
                                      str(tmp_path / "root"), name],
                          encoding="utf-8", codec_errors="replace",
                          timeout=machine.limit("program"))
    child.expect(pexpect.EOF)
    if "no mounts" in child.before or "unshare" in child.before:
        pytest.skip("this root may make no devices or mounts")
    check(name, child.before.replace("\r", ""),
          "a 64-bit kernel moves as much")


# ---- several programs at one console ---------------------------------------

def test_others_are_served_while_one_waits_for_the_console(shell):
    shell.child.send("tests/reader others\r")
    shell.child.expect("served 50 calls meanwhile")
    shell.child.send("a line\r")
    shell.child.expect(r"reader: 7 bytes: a line\r+\n")
    shell.until_prompt()


def test_a_dead_reader_takes_no_line(shell):
    shell.child.send("tests/reader dead\r")
    shell.child.expect("the reader has died")
    shell.child.send("for the living\r")
    shell.child.expect(r"reader: 15 bytes: for the living\r+\n")
    shell.until_prompt()


def test_waiting_readers_get_a_line_each_in_their_order(shell):
    shell.child.send("tests/reader three\r")
    shell.child.expect("three wait")
    for number in range(3):
        shell.child.send(f"line {number}\r")
        shell.child.expect(rf"reader {number}: 7 bytes: line {number}\r+\n")
    shell.until_prompt()


def test_a_long_line_is_read_whole_and_in_parts(shell):
    line = "".join(chr(ord("a") + i % 26) for i in range(100))
    shell.child.send("tests/reader others\r")
    shell.child.expect("served 50 calls meanwhile")
    shell.child.send(line + "\r")
    shell.child.expect(rf"reader: 101 bytes: {line}\r+\n")
    shell.until_prompt()
    shell.child.send("tests/reader parts\r")
    shell.child.expect("in parts")
    shell.child.send("abcdefg\r")
    shell.child.expect(r"parts: abc/defg\r+\n/")
    shell.until_prompt()


def test_end_of_input_is_no_bytes(shell):
    shell.child.send("tests/reader others\r")
    shell.child.expect("served 50 calls meanwhile")
    shell.child.send("\x04")
    shell.child.expect(r"reader: 0 bytes: \r+\n")
    shell.until_prompt()


def test_a_killed_reader_leaves_the_console_to_the_shell(shell):
    shell.child.send("tests/reader one\r")
    shell.child.expect("one waits")
    shell.child.send("\x03")
    shell.until_prompt()
    assert "exit status" not in shell.run("hello")
