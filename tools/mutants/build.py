# SPDX-License-Identifier: MIT
"""build.py - one changed file in the program of the host's suites

WHAT     Asks make how the program is built, and builds it in a folder of its
         own. Then compiles a changed text to one object, and links the program
         with this object instead of the unchanged one.

         The text goes to the compiler by a pipe: no source file is touched.
"""
import os
import re
import shlex
import subprocess
from pathlib import Path

# Without make's own flags; and ccache would keep each mutant for ever.
MAKE_ENV = {name: value for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
ENV = MAKE_ENV | {"CCACHE_DISABLE": "1"}
COMPILES = re.compile(r"(.*) -c (\S+\.c) -o (\S+\.o)$")
LINKS = re.compile(r".* -o (\S+)$")


class BuildError(Exception):
    """What make or the compiler said when a program could not be built."""


def call(words, root, env=None, **options):
    return subprocess.run(words, cwd=root, env=env or ENV, check=False,
                          text=True, capture_output=True, **options)


class Program:
    """The host's suites, with how each object is made and how all are linked.

    Without debugging information an object does not contain line numbers, so
    equal objects mean equal programs.
    """

    def __init__(self, root, folder, jobs):
        self.root, self.folder = Path(root), Path(folder)
        self.path = self.folder / "host" / "suites"
        make = ["make", "--no-print-directory", f"-j{jobs}", "V=1",
                f"BUILD={folder}", "CFLAGS_EXTRA=-g0", str(self.path)]
        built = call(make, root, MAKE_ENV)
        if built.returncode:
            raise BuildError(built.stdout[-2000:] + built.stderr[-2000:])
        # -n: print the commands only; -B: for everything, built or not.
        said = call([*make, "-n", "-B"], root)
        self.compiles, self.link_words = {}, None
        for line in said.stdout.splitlines():
            self.read(line.strip())
        if not self.link_words:
            raise BuildError(f"make does not say how {self.path} is linked")

    def read(self, line):
        compiles = COMPILES.match(line)
        if compiles:
            command, source, target = compiles.groups()
            if Path(target).is_relative_to(self.folder / "host"):
                self.compiles[source] = shlex.split(command), target
        elif LINKS.match(line) and LINKS.match(line)[1] == str(self.path):
            self.link_words = shlex.split(line)

    def compile(self, source, text, target):
        """The object's bytes; None where the text does not compile."""
        words, _ = self.compiles[source]
        words = [word for word in words if word not in ("-MMD", "-MP")]
        # The compiler takes the name of the file from the first line.
        done = call([*words, "-w", "-x", "c", "-c", "-", "-o", target],
                    self.root, input=f'# 1 "{source}"\n{text}')
        if done.returncode:
            return None
        return (self.root / target).read_bytes()

    def link(self, source, object_file, target):
        _, own = self.compiles[source]
        words = [object_file if word == own else word
                 for word in self.link_words[:-1]]
        done = call([*words, target], self.root)
        if done.returncode:
            raise BuildError(done.stderr[-2000:])
