# SPDX-License-Identifier: MIT
"""mutants - do the tests see it when one token of the program is another one?

WHAT     Changes one token of one file, builds the host's suites with it, and
         runs them. If a mutant dies, a test saw it. If a mutant lives, it
         breaks a promise that no test checks, or it is the same program in
         other words.

PICTURE  mm/page/buddy.c:118 in buddy_free_locked(): lives
           - pfn &= ~(1u << order);
           + pfn &= ~(2u << order);

TERMS    made       a mutant that compiles, and whose object is a different one
         same       a mutant that lives and stands in the table of those that
                    are the same program, with the reason (same.tsv)
         differ     all that are made, without those that are the same

ALGORITHM  The sites of all files are shuffled by SEED. They are tried from the
         first one on, until N mutants are made. The same N, SEED and sources
         give the same mutants. The unchanged program is built and run in the
         same way before and after. If it fails, no verdict is worth anything.

USAGE    mutants [--n N] [--seed SEED] [--jobs JOBS] [FOLDER or FILE ...]
         mutants --rows [--jobs JOBS] [FOLDER or FILE ...]
         --rows tries the rows of same.tsv again, and nothing else. Exit status
         1 when the unchanged program fails, when a row of same.tsv is about a
         line that is no longer there, or when the mutant of a row dies.

NOT HERE where a token can be changed (sites.py), the program (build.py), the
         verdict (trial.py). Headers: a change of one is in many objects.
"""
import argparse
import itertools
import random
import sys
import threading
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import build
import same
import sites
import trial

MADE, COLUMNS = ("died", "lives", "same"), ("test", "crash", "time")


def read_arguments():
    parser = argparse.ArgumentParser(prog="mutants",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--root", type=Path, default=Path("."))
    parser.add_argument("--build", default="build/mutants")
    parser.add_argument("--same", type=Path,
                        default=Path(__file__).parent / "same.tsv")
    parser.add_argument("where", nargs="*", default=["mm"])
    return parser.parse_args()


def sources(program, where):
    """The files of the program that lie in one of the folders."""
    found = [source for source in sorted(program.compiles) for folder in where
             if source == folder or Path(source).is_relative_to(folder)]
    if not found:
        sys.exit(f"mutants: no file of the host's suites in {where}")
    return found


class Lab:
    """Makes mutants and tries them, each worker with files of its own."""

    def __init__(self, args, program):
        self.program, self.root = program, args.root
        self.runner = trial.Runner(args.root)
        self.table = same.read(args.same)
        self.here = threading.local()
        self.numbers = itertools.count()
        self.unchanged, self.lock = {}, threading.Lock()

    def file(self, name):
        if not hasattr(self.here, "folder"):
            self.here.folder = Path(self.program.folder,
                                    f"worker{next(self.numbers)}")
            (self.root / self.here.folder).mkdir(exist_ok=True)
        return str(self.here.folder / name)

    def object_of(self, source, text):
        return self.program.compile(source, text, self.file("mutant.o"))

    def unchanged_object(self, source, text):
        with self.lock:
            known = self.unchanged.get(source)
        if not known:
            known = self.object_of(source, text)
            with self.lock:
                self.unchanged[source] = known
        return known

    def control(self, source):
        """Build and run the unchanged program in the way of every mutant."""
        text = (self.root / source).read_text()
        if not self.object_of(source, text):
            raise build.BuildError(f"{source} does not compile")
        self.program.link(source, self.file("mutant.o"), self.file("suites"))
        return self.runner.control(self.file("suites"))

    def trial(self, site, text):
        """(verdict, how it died): what became of one mutant."""
        before = self.unchanged_object(site.path, text)
        after = self.object_of(site.path, site.apply(text))
        if after is None:
            return "no C", None
        if after == before:
            return "no change", None
        self.program.link(site.path, self.file("mutant.o"),
                          self.file("suites"))
        died = self.runner.judge(site.path, self.file("suites"))
        if died:
            return "died", died
        return "same" if same.row(site, text) in self.table else "lives", None


def draw(lab, args, files):
    """Yields (site, text, verdict, how), until N are made or all are tried."""
    texts = {path: (args.root / path).read_text() for path in files}
    every = [site for path in files for site in sites.sites(path, texts[path])
             if not args.rows or same.row(site, texts[path]) in lab.table]
    random.Random(args.seed).shuffle(every)
    waiting, rest, made = deque(), iter(every), 0
    with ThreadPoolExecutor(args.jobs) as pool:
        while args.rows or made < args.n:
            for site in itertools.islice(rest, 2 * args.jobs - len(waiting)):
                waiting.append((site, pool.submit(lab.trial, site,
                                                  texts[site.path])))
            if not waiting:
                break
            site, future = waiting.popleft()
            verdict, how = future.result()
            made += verdict in MADE
            yield site, texts[site.path], verdict, how
        for _, future in waiting:
            future.cancel()


def show(site, text, lives):
    old, new = site.diff(text)
    inside = f" in {site.function}()" if site.function else ""
    print(f"{site.path}:{site.line}{inside}: {lives}\n"
          f"  - {old}\n  + {new}", flush=True)


def table(count, folders):
    head = ("made", "died", "lives", "same", "seen", *COLUMNS, "no C",
            "no change")
    yield f"{'folder':<20}" + "".join(f"{word:>10}" for word in head)
    for folder in [*folders, "all"]:
        c = count[folder]
        made = sum(c[word] for word in MADE)
        differ = made - c["same"]
        seen = f"{100 * c['died'] / differ:.1f} %" if differ else "-"
        row = (made, c["died"], c["lives"], c["same"], seen,
               *(c[word] for word in COLUMNS), c["no C"], c["no change"])
        yield f"{folder:<20}" + "".join(f"{word:>10}" for word in row)


def control(lab, source, when):
    died, seconds = lab.control(source)
    if died:
        sys.exit(f"mutants: the unchanged program fails {when}: "
                 f"{' '.join(died)}; no verdict is worth anything")
    print(f"# the unchanged program passes {when}: {seconds:.1f} s",
          flush=True)


def main():
    args = read_arguments()
    program = build.Program(args.root, args.build, args.jobs)
    files = sources(program, args.where)
    lab = Lab(args, program)
    same.check(lab.table, args.root)
    print(f"# N={args.n} SEED={args.seed} FOLDER=\"{' '.join(args.where)}\"")
    control(lab, files[0], "before")
    count = {}
    for site, text, verdict, how in draw(lab, args, files):
        if verdict == "lives":
            show(site, text, verdict)
        elif args.rows and verdict != "same":
            show(site, text, f"{verdict}, but same.tsv has a row of it")
        for folder in (str(Path(site.path).parent), "all"):
            count.setdefault(folder, Counter())[verdict] += 1
            if how:
                count[folder][how[0]] += 1
    control(lab, files[0], "after")
    print(*table(count, sorted(set(count) - {"all"})), sep="\n")
    if args.rows and set(count.get("all", ())) - {"same"}:
        sys.exit(1)


try:
    main()
except build.BuildError as error:
    sys.exit(f"mutants: {error}")
