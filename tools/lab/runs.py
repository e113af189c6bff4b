# SPDX-License-Identifier: MIT
"""runs.py - runs tests of a lab, and says how each one ended

WHAT     On the host each test is a process of its own. In the kernel a boot
         runs several suites.

TERMS    verdict  pass    the test passed, and the laws hold behind it
                  fail    an expectation of the test is wrong, or a law broken
                  panic   the kernel's code found its own state wrong
                  crash   a sanitizer or the processor stopped the program
                  hang    the test used up its CPU time
                  skip    the test says that it cannot run here
                  none    the test gave no result, because an earlier one ended
                          the run
                  absent  the program has no such test: the host program lacks
                          the suites that need the real machine

ALGORITHM  Limits are CPU time: a busy machine takes no points. A wide limit by
         the clock stands behind, for what sleeps.
"""
import re
import resource
import signal
import subprocess
import time
from dataclasses import dataclass

HOST_SECONDS = 2        # CPU time of one test on the host
TOGETHER_SECONDS = 6    # CPU time of several tests on the host
BOOT_SECONDS = 30       # CPU time of one boot
WALL_SECONDS = 600      # behind both
LINE_MAX = 2000         # of a kernel's command line (KERNEL_CMDLINE_SIZE)
HANG = 40               # exit status of runtime/host.c: out of CPU time
PANIC = 37              # of the host program and of the kernel

# The guest's clock counts instructions: 4 ns each. Nothing waits.
NMI = "panic: non-maskable interrupt"    # of the watchdog
COUNTED = ("-accel", "tcg", "-icount", "shift=2,sleep=off")
WATCHDOG = ("-device", "ib700", "-action", "watchdog=inject-nmi")

SUITE = re.compile(r"^    # Subtest: (\w+)$", re.MULTILINE)
HEADER = re.compile(r"KTAP version|\d+\.\.\d+$|# seed |# Subtest: ")
ABSENT = re.compile(r"^not ok \d+ (\w+)\.(\w+) # no such", re.MULTILINE)
RESULT = re.compile(r"^    (ok|not ok) \d+ (\w+)(?: # SKIP (.*))?$")


@dataclass(frozen=True)
class Outcome:
    verdict: str
    lines: tuple = ()       # what the test printed, or why it is skipped

    @property
    def passed(self):
        return self.verdict == "pass"


NONE = Outcome("none")


def read_results(text):
    """{(suite, test): Outcome}, and the lines behind the last result."""
    found = {pair: Outcome("absent") for pair in ABSENT.findall(text)}
    suite, lines = None, []
    for line in text.replace("\r", "").splitlines():
        begin, result = SUITE.match(line), RESULT.match(line)
        if begin:
            suite, lines = begin[1], []
        elif result and suite:
            word, test, skip = result.groups()
            verdict = "skip" if skip else \
                "pass" if word == "ok" else "fail"
            found[suite, test] = Outcome(verdict,
                                         (skip,) if skip else tuple(lines))
            lines = []
        else:
            lines.append(line.strip())
    return found, tuple(line for line in lines
                        if line and not HEADER.match(line))


def limit_cpu(seconds):
    """For the child: SIGXCPU at the limit, SIGKILL a second later."""
    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    return limit


def run(command, seconds):
    """(exit status, text); the status of a program that was too slow is HANG.
    """
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT,
                               preexec_fn=limit_cpu(seconds))
    try:
        out = process.communicate(timeout=WALL_SECONDS)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        return HANG, process.communicate()[0].decode(errors="replace")
    status = process.returncode
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        status = HANG
    return status, out.decode(errors="replace")


def versions(made):
    """The emulator, and the compiler of an object."""
    def first_line(*command):
        try:
            text = subprocess.run(command, capture_output=True, text=True,
                                  check=False).stdout
        except OSError:
            return None
        found = re.search(r"(?:QEMU emulator version|GCC:|clang version).*",
                          text)
        return found.group().strip() if found else None
    return {"emulator": first_line("qemu-system-i386", "--version"),
            "compiler": first_line("readelf", "-p", ".comment", str(made))}


def all_passed(outcomes):
    return all(o.verdict in ("pass", "absent") for o in outcomes.values())


def ending(status, lines):
    """The verdict of the test in which a run ended."""
    if any(NMI in line for line in lines):
        return "hang"
    return {HANG: "hang", PANIC: "panic"}.get(status, "crash")


class Host:
    """The host program: a process for each test."""

    def __init__(self, program, machine=()):
        self.command = [str(program), *machine,
                        f"--test-seconds={HOST_SECONDS}"]

    def suites(self, suites, *words):
        """The outcome of each test of these suites that the program has."""
        status, text = self.say(suites, *words)
        return read_results(text)[0] if status in (0, 1) else {}

    def say(self, suites, *words, seconds=BOOT_SECONDS):
        """(exit status, all that these suites print)"""
        return run([*self.command, *(f"--{word}" for word in words),
                    ",".join(suites)], seconds)

    def one(self, pair, *words):
        """The outcome of one test, with words like "exercise=3"."""
        status, text = run([*self.command, *(f"--{word}" for word in words),
                            ".".join(pair)], HOST_SECONDS + 1)
        found, rest = read_results(text)
        outcome = found.get(pair)
        if not outcome:
            return Outcome(ending(status, rest), rest)
        if outcome.verdict == "absent":
            return outcome
        law = found.get((pair[0], "check"), NONE)
        if outcome.passed and not law.passed:
            return Outcome("fail" if law.verdict == "fail"
                           else ending(status, rest), law.lines or rest)
        return outcome

    def tests(self, pairs, *words):
        """{pair: Outcome} of tests in one process; {} unless all passed that
        the program has."""
        found = self.until_end(pairs, *words)
        return {pair: found[pair] for pair in pairs if found[pair].passed} \
            if all_passed(found) else {}

    def together(self, pairs, *words):
        """{pair: Outcome} of tests of one suite in one process, and of its
        check. What stands behind the test that ended the process is not there.
        """
        return read_results(run(
            [*self.command, *(f"--{word}" for word in words),
             ",".join(map(".".join, pairs))], TOGETHER_SECONDS)[1])[0]

    def until_end(self, pairs, *words):
        """{pair: Outcome} of tests in one process, without those behind the
        test in which the process ended; in the order in which they run. A suite
        that was passed over is absent. Behind them the laws of the suites."""
        pairs = in_order(pairs)
        list_ = ",".join(map(".".join, pairs))
        status, text = run([*self.command, *(f"--{word}" for word in words),
                            list_], BOOT_SECONDS)
        found, rest = read_results(text)
        outcomes = {pair: found[pair] for pair in pairs if pair in found}
        last = max(SUITE.findall(text), default="")
        outcomes |= {pair: Outcome("absent") for pair in pairs
                     if pair not in found and pair[0] < last}
        missing = [pair for pair in pairs if pair not in outcomes]
        if missing:
            outcomes[missing[0]] = Outcome(ending(status, rest), rest)
        return outcomes | {pair: outcome for pair, outcome in found.items()
                           if pair[1] == "check"}


class Kernel:
    """The kernel in the emulator."""

    def __init__(self, kernel, archive, machine=("-m", "1G"), words=()):
        self.words = words      # of every boot
        self.command = ["qemu-system-i386", "-kernel", str(kernel),
                        "-initrd", str(archive), "-cpu", "max", *machine,
                        "-display", "none", "-vga", "none", "-serial", "stdio",
                        "-monitor", "none", "-no-reboot", "-device",
                        "isa-debug-exit,iobase=0xf4,iosize=0x04"]

    def append(self, *words):
        return ["-append", " ".join([*self.words, *words])]

    def say(self, suites, *words, seconds=BOOT_SECONDS):
        """(exit status, all that these suites print). Not for a function that
        may hang: instructions are not counted, and printing costs a third."""
        return run([*self.command, *self.append(
            *words, f"selftest={','.join(suites)}")], seconds)

    def boot(self, *words):
        """(exit status, {pair: Outcome}, lines behind the last result)"""
        status, text = run([*self.command, *COUNTED, *WATCHDOG,
                            *self.append(*words)], BOOT_SECONDS)
        return (status, *read_results(text))

    def room(self, words):
        return LINE_MAX - len(" ".join([*self.words, *words]))

    def suites(self, suites, *words):
        return self.boot(*words, f"selftest={','.join(suites)}")[1]

    def together(self, pairs, *words):
        """As Host.together(), in as few boots as the command line allows."""
        found = {}
        for some in batches(pairs, self.room(words)):
            list_ = ",".join(map(".".join, some))
            found |= self.boot(*words, f"selftest={list_}")[1]
        return found

    def tests(self, pairs, *words):
        """{pair: Outcome} of these tests, in their order. The test in which
        a boot ends has that verdict; those behind it have none."""
        outcomes = dict.fromkeys(in_order(pairs), NONE)
        for some in batches(outcomes, self.room(words)):
            list_ = ",".join(".".join(pair) for pair in some)
            status, found, rest = self.boot(*words, f"selftest={list_}")
            outcomes |= {pair: found[pair] for pair in some if pair in found}
            missing = [pair for pair in some if pair not in found]
            if missing:
                outcomes[missing[0]] = Outcome(ending(status, rest), rest)
                break
        return outcomes


def in_order(pairs):
    """As a boot runs them: suites by name; the tests of a suite as given."""
    return sorted(pairs, key=lambda pair: pair[0])


def batches(pairs, room):
    """Lists of pairs whose names fit into a command line with so much room."""
    some, size = [], len("selftest=")
    for pair in pairs:
        length = len(".".join(pair)) + 1
        if some and size + length > room:
            yield some
            some, size = [], len("selftest=")
        some.append(pair)
        size += length
    if some:
        yield some


def cpu_seconds():
    """CPU time of this process and of all children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in
               (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


class Clock:
    """CPU seconds and seconds since it was made."""

    def __init__(self):
        self.cpu, self.wall = cpu_seconds(), time.monotonic()

    def read(self):
        return cpu_seconds() - self.cpu, time.monotonic() - self.wall
