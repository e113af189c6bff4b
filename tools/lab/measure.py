# SPDX-License-Identifier: MIT
"""measure.py - which tests count for which exercise

WHAT     Runs each test of the lab's suites once with every function from the
         reference, and once for each exercise with an empty function in its
         place. A test counts for an exercise exactly when the empty function
         fails it. The result is counts.json of the lab.

TERMS    empty    what a student is handed out: a stub
         works    a test that passes with the reference; only such a test can
                  count. One that is skipped on this machine does not work

ALGORITHM  On the host first: a process for each test, so that a crash or an
         endless loop costs one test. Then the suites that only the kernel has,
         in the emulator: one boot for each suite. When a boot does not come to
         its end, each test that gave no result fails it.

         An exercise that no suite calls directly (its `where` has no bench) is
         measured promoted.
"""
import json
import re
import resource
import subprocess
from concurrent.futures import ThreadPoolExecutor

CPU_SECONDS = 4          # of one test on the host
WALL_SECONDS = 300      # behind it, for what sleeps
RESULT = re.compile(r"^    (ok|not ok) \d+ (\w+)(?: # (SKIP).*)?$",
                    re.MULTILINE)
SUITE = re.compile(r"^    # Subtest: (\w+)$", re.MULTILINE)


def word_of(exercise):
    """The word that puts the empty function in place."""
    place = "exercise" if exercise.on_bench else "promote"
    return f"{place}=e{exercise.n}"


def verdicts(text):
    """suite -> {test: "ok", "not ok" or "SKIP"}"""
    found, parts = {}, SUITE.split(text)
    for suite, part in zip(parts[1::2], parts[2::2]):
        found[suite] = {name: skip or word
                        for word, name, skip in RESULT.findall(part)}
    return found


class Host:
    """The host program: a process for each test."""

    def __init__(self, program, jobs, machine=()):
        self.program, self.jobs, self.machine = program, jobs, machine

    def run(self, list_, *words):
        def limit():
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        try:
            done = subprocess.run([self.program, *self.machine, *words,
                                   list_],
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, check=False,
                                  preexec_fn=limit, timeout=WALL_SECONDS)
        except subprocess.TimeoutExpired:
            return {}
        return verdicts(done.stdout.decode(errors="replace"))

    def suites(self, suites):
        """The results of these suites as they are; no word for one it has not.
        """
        return {suite: tests for suite in suites
                for tests in [self.run(suite).get(suite)] if tests}

    def one(self, exercise, suite, test):
        found = self.run(f"{suite}.{test}", f"--{word_of(exercise)}")
        return found.get(suite, {}).get(test) == "ok"

    def failed(self, exercise, works):
        """The tests, of those that work, that the empty function fails."""
        with ThreadPoolExecutor(self.jobs) as pool:
            passes = pool.map(lambda pair: self.one(exercise, *pair), works)
            return [pair for pair, ok in zip(works, passes) if not ok]


class Kernel:
    """The kernel in the emulator: a boot for each suite."""

    def __init__(self, kernel, archive, machine=("-m", "1G")):
        self.command = ["qemu-system-i386", "-kernel", kernel,
                        "-initrd", archive, *machine, "-cpu", "max",
                        "-display", "none", "-serial", "stdio",
                        "-monitor", "none", "-no-reboot", "-device",
                        "isa-debug-exit,iobase=0xf4,iosize=0x04"]

    def run(self, words):
        try:
            done = subprocess.run([*self.command, "-append", words],
                                  stdin=subprocess.DEVNULL, check=False,
                                  capture_output=True, timeout=WALL_SECONDS)
        except subprocess.TimeoutExpired as late:
            return verdicts((late.stdout or b"").decode(errors="replace"))
        return verdicts(done.stdout.decode(errors="replace")
                        .replace("\r", ""))

    def suites(self, suites):
        return self.run(f"selftest={','.join(suites)}") if suites else {}

    def failed(self, exercise, works):
        failed = []
        for suite in dict.fromkeys(suite for suite, _ in works):
            found = self.run(f"{word_of(exercise)} selftest={suite}")
            failed += [pair for pair in works if pair[0] == suite and
                       found.get(suite, {}).get(pair[1]) != "ok"]
        return failed


def measure(lab, places):
    """exercise -> ["suite.test", ...], in the order of the suites."""
    counts, suites = {e.n: [] for e in lab.exercises}, lab.all_suites()
    never = {row["test"] for row in lab.data.get("not_counted", [])}
    for place in places:
        found = place.suites(suites)
        suites = [suite for suite in suites if suite not in found]
        works = [(suite, test) for suite, tests in found.items()
                 for test, word in tests.items()
                 if word == "ok" and f"{suite}.{test}" not in never]
        for exercise in lab.exercises:
            counts[exercise.n] += map(".".join,
                                      place.failed(exercise, works))
    return counts


def text_of(counts):
    return json.dumps({str(n): tests for n, tests in counts.items()},
                      indent=2) + "\n"
