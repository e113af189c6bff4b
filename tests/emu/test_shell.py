# SPDX-License-Identifier: MIT
"""test_shell.py - user mode as a person at the terminal sees it

WHAT    One machine, typed at through its serial port: each test is a command
        of the shell and what must be in its answer. Programs of other people
        that could not be fetched (tools/fetch_i386) are skipped by name.
"""
import os
import re
import subprocess
import sys
import time

import pexpect
import pytest

import machine
from test_user import judge_results, programs

ARCHIVE = machine.ARCHIVE
PROMPT = "$ "
WELCOME = "Welcome to Pagoda"


class Shell:
    """A machine whose shell is at its prompt."""

    def __init__(self, append="", extra=(), mem="256M", archive=ARCHIVE):
        words = [machine.QEMU, "-kernel", str(machine.KERNEL), "-initrd",
                 str(archive), "-append", append, "-cpu", "max", "-m", mem,
                 "-display", "none", "-serial", "mon:stdio", "-no-reboot",
                 *extra]
        self.child = pexpect.spawn(words[0], words[1:], encoding="utf-8",
                                   codec_errors="replace", echo=False,
                                   timeout=machine.limit("boot"))
        self.boot = self.until_prompt()

    def until_prompt(self):
        """The text up to a prompt on a line of its own."""
        self.child.expect(r"(^|\n)\$ ")
        return self.child.before.replace("\r", "")

    def run(self, line):
        """Type a line; what the command prints, without the echo."""
        self.child.send(line + "\r")
        text = self.until_prompt()
        assert text.startswith(line), f"echo of {line!r}: {text!r}"
        return text[len(line):].strip("\n")

    def close(self):
        self.child.close(force=True)


@pytest.fixture(scope="module")
def shell():
    assert ARCHIVE.exists(), "no boot archive: run `make` first"
    shell = Shell()
    yield shell
    shell.close()


def members(archive=ARCHIVE):
    """Name -> content of what is in the archive."""
    data = archive.read_bytes()
    at, found = 0, {}
    while data[at:at + 6] == b"070701":
        fields = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16)
                  for i in range(13)]
        name = data[at + 110:at + 109 + fields[11]].decode()
        at = (at + 110 + fields[11] + 3) // 4 * 4
        found[name] = data[at:at + fields[6]]
        at = (at + fields[6] + 3) // 4 * 4
    del found["TRAILER!!!"]
    return found


def needs(program):
    if program not in members():
        pytest.skip(f"{program} is not in the boot archive (no network?)")


def numbers(text):
    return [int(n) for n in re.findall(r"\d+", text)]


def test_boot_ends_at_a_prompt(shell):
    assert WELCOME in shell.boot
    assert "init: cannot" not in shell.boot


def test_help_names_every_command(shell):
    text = shell.run("help")
    for command in ("ls", "cat", "ps", "free", "maps", "cow", "pager",
                    "pingpong", "exit"):
        assert re.search(rf"^{command}\b", text, re.MULTILINE), command


def check_ls(text, archive):
    """Each member in a line, its size too; then what `left-out` says."""
    expected = members(archive)
    lines = text.splitlines()
    files, said = lines[:len(expected)], lines[len(expected):]
    listed = [re.fullmatch(r"[-d]r-[-x] +(\d+)  (\S+)", line).groups()
              for line in files]
    assert sorted(listed) == \
        sorted((str(len(data)), name) for name, data in expected.items())
    assert said == expected.get("left-out", b"").decode().splitlines()


def test_ls_lists_the_archive(shell):
    check_ls(shell.run("ls"), ARCHIVE)


def test_cat_prints_a_file_whole(shell):
    expected = (machine.ROOT / "user/files/demo").read_text()
    assert shell.run("cat demo") == expected.strip("\n")


def test_cat_of_a_missing_file_says_so(shell):
    assert "no such thing" in shell.run("cat nothing")


def test_ps_shows_every_server(shell):
    text = shell.run("ps")
    names = [line.split()[-1] for line in text.splitlines()[1:]]
    for name in ("init", "names", "console", "files", "pager", "linux", "sh"):
        assert name in names


def test_a_name_dies_with_its_server(shell):
    for _ in range(2):
        assert shell.run("mayfly") == \
            "mayfly: before -2, registered 0, then found"
    assert "mayfly" not in shell.run("names")


def test_free_counts_the_memory_of_the_machine(shell):
    total, used, free = numbers(shell.run("free").splitlines()[1])
    assert total == used + free
    assert 200 << 10 < total <= 256 << 10


def test_maps_has_no_area_both_writable_and_executable(shell):
    text = shell.run("maps")
    assert re.search(r" r-xp ", text) and "[stack]" in text
    assert not re.search(r" .wx", text)


def test_maps_of_another_task(shell):
    assert re.search(r"^08048000-\w+ r--p", shell.run("maps 1"), re.MULTILINE)


def test_maps_of_a_task_that_is_not_there(shell):
    assert "error" in shell.run("maps 4000")


def cow_rows(text):
    """(who, when, page) -> (frame, access, mapped by)"""
    rows = {}
    for line in text.splitlines()[1:]:
        who, when, page, frame, access, refs = re.match(
            r"(\w+)\s+(.+?)\s+(\d)\s+(0x\w+)\s+(\S\S)\s+(\d+)", line).groups()
        rows[who, when, int(page)] = frame, access, int(refs)
    return rows


def test_cow_shares_until_a_write(shell):
    rows = cow_rows(shell.run("cow"))
    before = rows["parent", "before fork", 0]
    after = rows["child", "after fork", 0]
    wrote = rows["child", "after it wrote page 0", 0]
    kept = rows["child", "after it wrote page 0", 1]
    assert before[1:] == ("rw", 1)
    assert after == (before[0], "r-", 2)
    assert wrote[0] != before[0] and wrote[1:] == ("rw", 1)
    assert kept[1:] == ("r-", 2)


def test_cow_leaves_the_parent_its_own_frame(shell):
    rows = cow_rows(shell.run("cow"))
    for page in (0, 1):
        before = rows["parent", "before fork", page]
        assert rows["parent", "alone; wrote both", page] == before


def test_pager_serves_pages_from_another_task(shell):
    text = shell.run("pager")
    assert "contents are right" in text
    assert len(re.findall(r"^pager: pid \d+, (?:read|write) of page", text,
                          re.MULTILINE)) == 3


def test_pingpong_loses_no_message(shell):
    text = shell.run("pingpong 2000")
    assert text.count(" 2000 round trips, 0 wrong") >= 1


def test_a_program_gets_its_arguments(shell):
    text = shell.run("hello one 'two words'")
    assert "argv[1] = one\nargv[2] = two words" in text


def test_an_unknown_command_says_so(shell):
    assert "no such command" in shell.run("nonsense")


def test_a_quote_that_is_not_closed(shell):
    assert "not closed" in shell.run("hello 'a")


def test_backspace_takes_back_a_letter(shell):
    shell.child.send("hellp\x7fo\r")
    assert "Hello from user mode" in shell.until_prompt()


PROGRAMS = ("init", "names", "files", "console", "pager", "linux", "sh")


def make_archive(archive, *texts):
    subprocess.run([sys.executable, machine.ROOT / "tools/make_archive.py",
                    archive, *texts,
                    *(machine.BUILD / "user" / name for name in PROGRAMS)],
                   check=True)


@pytest.mark.parametrize("said", [[], ["not built here: hello-glibc (why)"]],
                         ids=["nothing", "something"])
def test_ls_says_what_the_build_left_out(tmp_path, said):
    """user/rules.mk adds that member where something cannot be built."""
    left_out, archive = tmp_path / "left-out", tmp_path / "cpio"
    left_out.write_text("".join(line + "\n" for line in said))
    make_archive(archive, *([left_out] if said else []))
    assert ("left-out" in members(archive)) == bool(said)
    little = Shell(archive=archive)
    text = little.run("ls")
    little.close()
    check_ls(text, archive)
    assert text.count("not built here") == len(said)


def test_lines_of_a_file_can_do_what_typed_lines_can(tmp_path):
    """`sh FILE` has the system, the files and init, as at the boot."""
    look, again = tmp_path / "look", tmp_path / "again"
    look.write_text("free\nps\nsh\nsh missing")
    again.write_text("sh look\nsh again\n")
    make_archive(tmp_path / "cpio", look, again)
    own = Shell(archive=tmp_path / "cpio")
    texts = []
    for line, last in (("sh look", "missing: cannot be read"),
                       ("sh again", "too deep")):
        own.child.send(line + "\r")
        own.child.expect_exact(last)
        texts.append(own.child.before + last)
        own.until_prompt()
    own.close()
    once, often = (text.replace("\r", "") for text in texts)
    assert "lowmem" in once
    assert re.search(r"^ *\d+ .* sh$", once, re.MULTILINE), once
    assert "`sh FILE`" in once
    assert often.count("lowmem") == 7 * once.count("lowmem")
    assert often.count("too deep") == 1


def test_a_shell_that_init_has_not_started_says_so(kernel):
    done = machine.run(machine.Shape("64M"), "program=sh,demo", "boot",
                       archive=True)
    assert "without the handles that init gives" in done.text


def test_control_c_is_not_for_everybody_to_direct(shell):
    """thief asks that ^C kill nobody, then somebody else; then it waits."""
    shell.child.send("thief console\r")
    shell.child.expect_exact("2 of 2 as it should be")
    shell.child.send("\x03")
    assert "thief: killed by signal 2" in shell.until_prompt()
    assert "Hello" in shell.run("hello")


def test_a_crowd_that_reads_leaves_the_shell_its_lines():
    """100 readers, ahead of the shell in time."""
    own = Shell()
    own.run("thief read")
    for _ in range(3):
        assert "Hello" in own.run("hello")
    assert own.run("ps").count("thief") == 100
    own.close()


def test_a_crowd_does_not_use_up_the_consoles_handles(tmp_path):
    """4,500 readers, and the console server has 4,095 handles. A line that is
    typed while the shell does not read yet is read by the crowd."""
    crowd, programs = tmp_path / "crowd", machine.BUILD / "user"
    crowd.write_text("thief read\n" * 45)
    make_archive(tmp_path / "cpio", crowd, programs / "thief",
                 programs / "hello")
    own = Shell("vmalloc=240M", mem="2G", archive=tmp_path / "cpio")
    own.child.send("sh crowd\r")
    for _ in range(10):
        own.child.send("hello\r")
        if not own.child.expect_exact(["Hello", pexpect.TIMEOUT],
                                       timeout=machine.limit("boot") / 10):
            break
    else:
        pytest.fail(f"no shell: {own.child.buffer}")
    own.close()


def test_control_c_kills_the_running_program(shell):
    needs("busybox")
    shell.child.send("busybox sh -c 'while :; do :; done'\r")
    shell.child.expect("done'\r*\n")
    time.sleep(0.5)
    shell.child.send("\x03")
    assert "killed by signal 2" in shell.until_prompt()


def test_control_c_takes_back_the_line(shell):
    shell.child.send("nonsense\x03")
    assert shell.until_prompt().strip() == "nonsense^C"


def test_control_u_takes_back_the_line(shell):
    shell.child.send("nonsense\x15hello\r")
    assert "Hello from user mode" in shell.until_prompt()


@pytest.mark.parametrize("libc", ["musl", "glibc"])
def test_a_c_librarys_hello_world(shell, libc):
    needs(f"hello-{libc}")
    text = shell.run(f"hello-{libc} x")
    assert "100000 dots, argc 2, 3.143\nargv[1] = x" in text


# command, what it prints to the letter (linux-abi: measured on Linux)
BUSYBOX = [
    ("busybox echo hi", "hi"),
    ("busybox sh -c 'echo hi'", "hi"),
    ("busybox sh -c 'i=0; while [ $i -lt 5 ]; do i=$((i+1)); done; echo $i'",
     "5"),
    ("busybox factor 123456789", "123456789: 3 3 3607 3803"),
    ("busybox awk 'BEGIN { for (i = 0; i < 10; i++) s += i; print s }'", "45"),
    ("busybox cat welcome",
     (machine.ROOT / "user/files/welcome").read_text().strip()),
    ("busybox wc -l welcome", "1 welcome"),
    ("busybox sh -c '(exit 3); echo $?'", "3"),
    ("busybox uname", "Pagoda"),
]


@pytest.mark.parametrize("command,printed", BUSYBOX,
                         ids=[command for command, _ in BUSYBOX])
def test_busybox(shell, command, printed):
    needs("busybox")
    assert shell.run(command) == printed


def test_busybox_ls_sees_the_archive(shell):
    needs("busybox")
    listed = shell.run("busybox ls -1 /").split()
    top = {name.split("/")[0] for name in members()}
    assert set(listed) == top


def test_a_program_that_faults_is_killed_and_the_shell_goes_on(shell):
    needs("busybox")
    text = shell.run("busybox sh -c 'kill -SEGV $$'")
    assert "hello" in shell.run("busybox echo hello"), text


def used_and_objects(shell):
    lines = shell.run("free").splitlines()
    return numbers(lines[1])[1], numbers(lines[-1])[0]


REPEATED = ["cow", "pager", "pingpong 100", "hello a", "ls", "ps", "maps 4",
            "cat nothing", "nonsense"]


@pytest.mark.parametrize("command", REPEATED)
def test_repeating_leaves_no_page_and_no_object_behind(shell, command):
    shell.run(command)
    before = used_and_objects(shell)
    for _ in range(5):
        shell.run(command)
    assert used_and_objects(shell) == before


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_servers_survive_nonsense_and_keep_nothing_of_it(shell, seed):
    shell.run(f"badclient 50 {seed}")
    before = used_and_objects(shell)
    text = shell.run(f"badclient 500 {seed}")
    assert text.count(": 500 messages") == 6 and "dead" not in text
    assert used_and_objects(shell) == before
    assert "contents are right" in shell.run("pager")
    assert "Hello" in shell.run("hello")


def test_a_program_takes_nothing_and_keeps_nobody_waiting(shell):
    shell.run("thief")
    before = used_and_objects(shell)
    text = shell.run("thief")
    tried, refused = re.search(r"thief: (\d+) of (\d+) as", text).groups()
    assert tried == refused and int(tried) > 30, text
    assert used_and_objects(shell) == before
    assert "contents are right" in shell.run("pager")
    assert "Hello" in shell.run("hello")


@pytest.mark.parametrize("name", programs())
def test_a_test_program_asks_for_what_only_the_first_one_has(kernel, name):
    """From the shell: each test passes, or is skipped by its name."""
    own = Shell(mem="512M")
    try:
        own.child.timeout = machine.limit("program")
        faults, _ = judge_results(own.run(f"tests/{name}"), programs()[name])
    finally:
        own.close()
    assert not faults


def test_exit_leads_to_the_monitor_which_turns_it_off():
    shell = Shell()
    shell.child.send("exit\r")
    shell.child.expect_exact("pagoda> ")
    shell.child.send("poweroff\r")
    shell.child.expect(pexpect.EOF)
    shell.child.close()
    assert shell.child.exitstatus == 0


def run_without_terminal(kernel):
    return subprocess.run(
        [str(machine.ROOT / "tools/run"), str(kernel), str(ARCHIVE),
         "-cpu", "max", "-m", "2G"], stdin=subprocess.DEVNULL,
        capture_output=True, check=False, timeout=machine.limit("selftest"))


def test_run_without_a_terminal_shows_the_demo_and_ends(kernel):
    done = run_without_terminal(kernel)
    text = machine.decode(done.stdout)
    assert done.returncode == 0, text[-2000:]
    for command in ("ls", "ps", "free", "cow", "pager", "exit"):
        assert f"$ {command}\n" in text
    assert "contents are right" in text


def test_run_gives_the_terminal_back(kernel):
    before_after = ("stty -g > %s.before; tools/run"
                    f" {kernel} {ARCHIVE} -m 256M; stty -g > %s.after")
    folder = machine.PLAIN_BUILD / f"terminal-{os.getpid()}"
    child = pexpect.spawn("sh", ["-c", before_after % (folder, folder)],
                          cwd=machine.ROOT,
                          encoding="utf-8", codec_errors="replace",
                          timeout=machine.limit("boot"))
    child.expect_exact("\r\n" + PROMPT)
    child.send("\x01x")
    child.expect(pexpect.EOF)
    time.sleep(0.1)
    texts = []
    for when in ("before", "after"):
        path = folder.with_suffix("." + when)
        texts.append(path.read_text())
        path.unlink()
    assert texts[0] == texts[1]
