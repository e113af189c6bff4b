# SPDX-License-Identifier: MIT
"""trial.py - does a test see that a program is another one?

WHAT     Runs the suites of a program until the first test fails.

TERMS    died    a test failed, or the program crashed, or it did not end
         lives   every test passed: no test sees the difference
         shape   options of a different machine: some code runs on few machines

ALGORITHM  The suites that saw a mutant of a file are likely to see the next
         one. So they run first, and all suites only after them. For the first
         mutant of a file these are the suites of its folder's mutants. This
         changes the time, but no verdict: a suite has to pass alone, too, not
         only among all of them. A mutant of printf may print names that no
         suite has: only the names that the unchanged program prints count.
"""
import resource
import subprocess
import threading
from collections import Counter, defaultdict

import build

SHAPES = ((), ("--mem=61G", "--nonx", "--hole=200M-217M", "--hole=900M-901M",
               "--vmalloc=256M"))
FIRST = 6               # so many suites run first
# A mutant may be slower than the program without hanging. These are seconds of
# CPU time of this process: no other program on the machine can use them up.
# A few suites may take as long as all of them.
TIMES, AT_LEAST = 3, 2
# For a mutant that sleeps: a limit of wall time, on a busy machine, too.
WALL = 100


class Runner:
    def __init__(self, root, name="suites"):
        self.root, self.name = root, name
        self.cpu_limit = self.few_limit = 600
        self.seen_by = defaultdict(Counter)
        self.suites = set()     # of the unchanged program
        self.lock = threading.Lock()

    def run(self, program, options=(), limit=None, suites=None):
        """None when all passed; or (how it died, the suite, the test). The
        names of the suites are added to a set.
        """
        limit = limit or self.cpu_limit
        process = subprocess.Popen(
            ["sh", "-c", f'ulimit -c 0; ulimit -t {limit}; '
             'exec "$0" "$@"', program, *options], cwd=self.root,
            env=build.ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, errors="replace")
        watch = threading.Timer(limit * WALL, process.kill)
        watch.start()
        suite = ""
        try:
            for line in process.stdout:
                word = line.split()
                if word[:2] == ["#", "Subtest:"]:
                    suite = " ".join(word[2:])
                    if suites is not None:
                        suites.add(suite)
                if word[:2] == ["not", "ok"]:
                    return "test", suite, " ".join(word[3:])
        finally:
            process.kill()
            process.stdout.close()
            status = process.wait()
            watch.cancel()
        if status == 0:
            return None
        # SIGXCPU, or SIGKILL: from our timer, or from a hard limit.
        return "time" if status in (-24, -9) else "crash", suite, ""

    def run_all(self, program, suites=None):
        """run(), on a machine of each shape."""
        for shape in SHAPES:
            died = self.run(program, shape, suites=suites)
            if died:
                return died
        return None

    def control(self, program):
        """Run the unchanged program. Returns how it died; seconds of one run.
        """
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        died = self.run_all(program, self.suites)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = (after.ru_utime + after.ru_stime -
                   before.ru_utime - before.ru_stime) / len(SHAPES)
        self.cpu_limit = max(AT_LEAST, int(seconds * TIMES))
        self.few_limit = max(AT_LEAST, int(seconds))
        return died, seconds

    def judge(self, path, program):
        """run(), for a mutant of a file."""
        folder = path.rpartition("/")[0]
        with self.lock:
            seen = self.seen_by[path] or self.seen_by[folder]
            first = [name for name, _ in seen.most_common(FIRST)]
        died = self.run(program, [",".join(first)],
                        self.few_limit) if first else None
        died = died or self.run_all(program)
        if died and died[1] in self.suites:
            with self.lock:
                self.seen_by[path][died[1]] += 1
                self.seen_by[folder][died[1]] += 1
        return died
