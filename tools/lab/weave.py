# SPDX-License-Identifier: MIT
"""weave.py - one C file out of the student's text and the reference

WHAT     Writes what the compiler gets in place of a file with exercises, so
         that the kernel boots whatever is blank in it.

PICTURE  a woven file:
           the student's text    includes, types, data and static helpers;
                                 exercise F is student_F; other functions that
                                 are not static are left out
           the kernel's part     the reference's functions; F is reference_F,
                                 a static helper H is reference_H
           the bench's part      the same again; F is bench_reference_F, any
                                 other function X is bench_X
           switches              F jumps to reference_F or student_F;
                                 bench_F to bench_reference_F or student_F

         Seeded bugs are further variants: bug7_F and bench_bug7_F.
         The last line includes peek/FILE of the lab, if there is one: functions
         by which the lab's suites look at static data of the file.

RULES    W1  data of the file is there once, the student's: functions of both
             sides can be mixed
         W2  an exercise never calls another one directly, but through its
             switch
         W3  #line keeps the file and the line of the student's text

ALGORITHM  A call of F in the kernel's part or in the student's text goes to F,
         the switch. In the bench's part it goes to bench_F. A static exercise
         gets a prototype where the file defines it, for types may be defined
         between the functions before it.

         A file of the student that cannot be split is given to the compiler as
         it is: the compiler says what is wrong in its own words.

USAGE    weave.py FOLDER-OF-LAB --build DIR [--root DIR] [--bugs]
         writes DIR/<file>, DIR/reference/<file>, DIR/guard/<file> (woven with
         the reference as the student's text), DIR/bench/<suite>.h and
         DIR/table.c, each only when it changes.
"""
import argparse
import re
import sys
from pathlib import Path

import labs
import patches
import split
from split import Function

NOT_IN_PROTOTYPE = re.compile(r"\b(?:static|inline|always_inline|noinline)\b")


def text_of_c(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def line_mark(line, path):
    return f"#line {line} {text_of_c(str(path))}\n"


def prototype(function, name):
    """A declaration of the function that is not static, under a name."""
    head = NOT_IN_PROTOTYPE.sub("", function.named(name)[
        :len(function.signature) + len(name) - len(function.name)])
    return " ".join(head.split()) + ";\n"


class Weaver:
    """Weaves one file. `public` has the functions of all files of the lab that
    are on the bench and not static."""

    def __init__(self, lab, path, texts, public=(), bugs=(),
                 folder="reference"):
        self.path, self.folder = path, folder
        header = lab.folder / "lab.h"
        self.header = header if (lab.root / header).exists() else None
        peek = lab.folder / "peek" / path
        self.peek = peek if (lab.root / peek).exists() else None
        self.exercises = lab.of_file(path)
        self.on_bench = lab.on_bench(path)
        self.student_text, reference_text = texts
        self.reference = split.functions(split.split(reference_text))
        self.bugs = [bug for bug in bugs if bug.file == path]
        self.public = set(public)
        for name in self.exercises:
            if name not in self.reference:
                raise labs.LabError(f"{path} has no function {name}()")

    # ---- names ---------------------------------------------------------------

    def kernel_names(self):
        return {name: f"reference_{name}"
                for name, function in self.reference.items()
                if function.is_static and name not in self.exercises}

    def bench_names(self):
        others = self.public & split.words(self.functions_text())
        return {name: f"bench_{name}"
                for name in [*self.reference, *sorted(others)]}

    def functions_text(self):
        return "".join(function.text for function in self.reference.values())

    # ---- parts ---------------------------------------------------------------

    def exercise_of_student(self, chunk):
        name = f"student_{chunk.name}"
        if self.reference[chunk.name].is_static:
            yield prototype(self.reference[chunk.name], chunk.name)
        yield f"static __typeof__({chunk.name}) {name};\n"
        yield "" if chunk.is_static else "static\n"
        yield line_mark(chunk.line, self.path)
        yield split.rename(chunk.text, {chunk.name: name})

    def student_part(self, chunks):
        line = 0
        for chunk in chunks:
            if isinstance(chunk, Function) and chunk.name in self.exercises:
                yield from self.exercise_of_student(chunk)
            elif isinstance(chunk, Function) and not chunk.is_static:
                continue
            else:
                if chunk.line != line:
                    yield line_mark(chunk.line, self.path)
                yield chunk.text
            line = chunk.line + chunk.lines

    def variant(self, function, name, names):
        """The text of a function as a static one under another name."""
        yield f"static __typeof__({function.name}) {name};\n"
        yield "" if function.is_static else "static\n"
        yield line_mark(function.line, f"{self.folder}/{self.path}")
        text = function.named(name)
        yield split.rename(text, names)

    def functions_of_part(self, names, prefix):
        """All functions of the reference, and the bugs behind them."""
        for function in self.reference.values():
            if function.name in self.exercises:
                yield from self.variant(
                    function, f"{prefix}reference_{function.name}", names)
            else:
                yield line_mark(function.line, f"{self.folder}/{self.path}")
                yield split.rename(function.text, names)
        for bug in self.bugs:
            chunk, = split.split(bug.text)
            yield from self.variant(chunk, f"{prefix}bug{bug.n}_{bug.function}",
                                    names)

    def bench_part(self):
        names = self.bench_names()
        for name in names:
            function = self.reference.get(name)
            if not function or not function.is_static or name in self.exercises:
                yield f"__typeof__({name}) bench_{name};\n"
        yield from self.functions_of_part(names, "bench_")

    def bug_table(self, name):
        yield f"static const struct lab_bug lab_{name}_bugs[] = {{\n"
        for bug in self.bugs:
            if bug.function == name:
                bench = f"(lab_code *)bench_bug{bug.n}_{name}"
                yield f"\t{{ {bug.n}, (lab_code *)bug{bug.n}_{name},\n" \
                      f"\t  {bench if self.on_bench else 'NULL'} }},\n"
        yield "\t{ 0, NULL, NULL },\n};\n"

    def switch(self, exercise, line):
        name = exercise.function
        bench = f"LAB_SWITCH(bench_{name}, bench_reference_{name})" \
            if self.on_bench else "{ NULL, NULL, NULL }"
        if not self.reference[name].is_static:
            yield f'__asm__(".globl {name}\\n");\n'
        yield f"LAB_JUMP({name}) = (lab_code *)reference_{name};\n"
        if self.on_bench:
            yield f'__asm__(".globl bench_{name}\\n");\n'
            yield f"LAB_JUMP(bench_{name}) = " \
                  f"(lab_code *)bench_reference_{name};\n"
        yield from self.bug_table(name)
        yield f"extern const struct lab_exercise lab_{name};\n" \
              f"const struct lab_exercise lab_{name} = {{\n" \
              f"\t{exercise.n}, {text_of_c(name)}, {text_of_c(self.path)}, " \
              f"{line},\n\t(lab_code *)student_{name},\n" \
              f"\tLAB_SWITCH({name}, reference_{name}),\n\t{bench},\n" \
              f"\tlab_{name}_bugs,\n}};\n"

    # ---- the whole -----------------------------------------------------------

    def unwoven(self, line, why):
        """The text for the compiler, which then says what is wrong."""
        yield line_mark(1, self.path)
        yield self.student_text.rstrip("\n") + "\n"
        yield line_mark(line, self.path)
        yield f"#error {text_of_c(why)}\n"

    def parts(self):
        yield f"/* Woven by tools/lab/weave.py out of {self.path}. */\n" \
              '#include "tools/lab/runtime/lab.h"\n' \
              '#pragma GCC diagnostic ignored "-Wunused-function"\n'
        if self.header:
            yield f'#include "{self.header}"\n'
        try:
            chunks = split.split(self.student_text)
        except split.SplitError as error:
            yield from self.unwoven(error.line, error.why)
            return
        student = split.functions(chunks)
        for name, exercise in self.exercises.items():
            if name not in student:
                yield from self.unwoven(1, f"exercise {exercise.n}, {name}(), "
                                        "is not in this file")
                return
        yield from self.student_part(chunks)
        yield from self.functions_of_part(self.kernel_names(), "")
        if self.on_bench:
            yield from self.bench_part()
        yield line_mark(1, f"switches of {self.path}")
        for name, exercise in self.exercises.items():
            yield from self.switch(exercise, labs.todo_line(student[name]))
        if self.peek:
            yield f'#include "{self.peek}"\n'

    def weave(self):
        return "".join(self.parts())


def public_functions(lab, references, files=None):
    """The functions that other files and the suites call by bench_X."""
    return [function.name for path in files or lab.files if lab.on_bench(path)
            for function in split.functions(split.split(
                references[path])).values() if not function.is_static]


def bench_header(lab, suite, references):
    """What is put before a suite of the lab."""
    yield f"/* Made by tools/lab/weave.py: {suite} calls bench_X(). */\n"
    yield "#pragma once\n\n"
    for name in public_functions(lab, references, lab.bench_of.get(suite)):
        yield f"#define {name}  bench_{name}\n"
    yield '\n#include "tools/lab/runtime/suite.h"\n'
    if lab.data.get("suites_see_lab_h"):
        yield f'#include "{lab.folder}/lab.h"\n'


def table(lab):
    """The list of exercises, and the counted tests."""
    masks = {}
    for n, tests in lab.counts().items():
        for test in tests:
            masks[test] = masks.get(test, 0) | 1 << n
    yield "/* Made by tools/lab/weave.py. */\n"
    yield '#include "tools/lab/runtime/lab.h"\n\n'
    for e in lab.exercises:
        yield f"extern const struct lab_exercise lab_{e.function} " \
              "__attribute__((weak));\n"
    yield f"\nconst char lab_name[] = {text_of_c(lab.name)};\n"
    yield "\nconst struct lab_exercise *const lab_exercises[] = {\n"
    for e in lab.exercises:
        yield f"\t&lab_{e.function},\n"
    yield "};\n\nconst unsigned lab_nr_exercises = " \
          "ARRAY_SIZE(lab_exercises);\n"
    yield "\nconst struct lab_counted lab_counted[] = {\n"
    for test in lab.data.get("not_here", []):
        masks[test] = 0
    for test, mask in sorted(masks.items()):
        suite, name = test.split(".")
        yield f'\t{{ "{suite}", "{name}", {mask:#x} }},\n'
    yield "\t{ NULL, NULL, 0 },\n};\n"


def write(path, text):
    """Write a file, unless it has this text: then nothing is built again."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def weave_all(lab, build, with_bugs=False):
    references = lab.references()
    bugs = lab.variants(references) if with_bugs else []
    public = public_functions(lab, references)
    for path in lab.files:
        texts = (lab.root / path).read_text(), references[path]
        weaver = Weaver(lab, path, texts, public, bugs, build / "reference")
        write(build / "reference" / path, references[path])
        write(build / path, weaver.weave())
        texts = references[path], references[path]
        write(build / "guard" / path, Weaver(
            lab, path, texts, public, bugs, build / "reference").weave())
    files = {suite: suite for suite in lab.suites} | {
        suite: file.stem for suite, file in lab.own_suites().items()}
    if (lab.path / "exam.c").exists():          # at the grader's only
        files[f"exam_{lab.name}"] = "exam"
    for suite, name in files.items():
        write(build / "bench" / f"{name}.h",
              "".join(bench_header(lab, suite, references)))
    write(build / "table.c", "".join(table(lab)))


def main():
    parser = argparse.ArgumentParser(prog="weave.py",
                                     description=__doc__.splitlines()[0])
    parser.add_argument("lab", type=Path)
    parser.add_argument("--root", type=Path, default=Path("."))
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--bugs", action="store_true")
    args = parser.parse_args()
    try:
        weave_all(labs.Lab(args.root, args.lab), args.build, args.bugs)
    except (labs.LabError, patches.PatchError, split.SplitError) as error:
        sys.exit(f"weave.py: {error}")


if __name__ == "__main__":
    main()
