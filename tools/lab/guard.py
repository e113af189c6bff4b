# SPDX-License-Identifier: MIT
"""guard.py - what a file that was handed in may contain

WHAT     Looks at the text (G1, G2) and at the compiled object (G3). Each
         refusal has the rule, the line, and what to do instead.

RULES    G1  outside the bodies of the exercises the file is as it was handed
             out, but for static functions and static data that are new
         G2  what is new has no assembler, attribute, pragma, extern or line of
             the preprocessor; of the compiler's own functions only a few
         G3  the object needs no symbol, and has no privileged instruction, that
             the object of the reference has not, but for those of `may_use`

TERMS    new      a text that was not handed out: the body of an exercise, or an
                  added function or declaration
         handed   the file as it was handed out: the grader's own copy

ALGORITHM  Comments and quoted texts are blanks before anything is looked for.
         What could hide words from that are refused first: trigraphs, digraphs,
         a backslash at the end of a line, letters that are not ASCII.

NOT HERE what a function does at run time: exams.py, outside.py.
"""
import difflib
import re
import subprocess
from dataclasses import dataclass

import split
from split import Function, SplitError

SIZE_MAX = 200_000

BUILTINS = {"__builtin_" + name for name in (
    "ctz", "ctzl", "ctzll", "clz", "clzl", "clzll", "expect", "memcpy",
    "memset", "memcmp", "memmove", "offsetof", "popcount", "unreachable",
    "constant_p", "types_compatible_p")}

# What hides words from a reader that does not run a preprocessor.
HIDDEN = (
    (re.compile(r"\?\?[=/'()!<>-]"), "a trigraph", "write the character"),
    (re.compile(r"<:|:>|<%|%>|%:"), "a digraph", "write the bracket itself"),
    (re.compile(r"\\[ \t]*$", re.MULTILINE), "a backslash at the end of a line",
     "end the line where the statement allows it"),
    (re.compile(r"[^\x00-\x7f]"), "a letter that is not ASCII",
     "use ASCII outside comments and texts"),
)

FORBIDDEN = (
    (r"asm|__asm|__asm__", "assembler", "write it in C"),
    (r"__attribute|__attribute__", "an attribute", "leave it out"),
    (r"_Pragma|__pragma", "a pragma", "leave it out"),
    (r"extern|__extension__|_Thread_local|__thread|__auto_type",
     "a word that the exercise does not need", "use static data, or parameters"),
    (r"__section|__noreturn|__aligned|__packed|__naked|__used|always_inline",
     "an attribute by another name", "leave it out"),
    (r"kernel_longjmp|kernel_setjmp|longjmp|setjmp|goto_\w+",
     "a jump out of the function", "return"),
    (r"student_\w+|reference_\w+|bench_\w+|lab_\w+|bug\d+_\w+",
     "a name of the lab's own machinery", "choose another name"),
)

# Instructions that only the kernel may use, as objdump names them.
PRIVILEGED = re.compile(
    r"^(?:in|out|ins|outs|int|int3|into|iret|hlt|cli|sti|l[gi]dt|lldt|ltr|lmsw|"
    r"smsw|rdmsr|wrmsr|rdpmc|rdtsc|rdtscp|invlpg|invd|wbinvd|sys\w+|lcall|ljmp|"
    r"lret|popf|cpuid|ud2|mov_(?:cr|dr|seg))[bwldq]?$")
INSTRUCTION = re.compile(r"^\s*[0-9a-f]+:\t(?:[^\t]*\t)?(.+)$")


@dataclass(frozen=True)
class Refusal:
    rule: str
    line: int               # 0: the whole file
    why: str
    instead: str

    def text(self, path):
        where = f"{path}:{self.line}" if self.line else path
        return f"{where}: rule {self.rule}: {self.why}. Instead: {self.instead}."


# ---- the file itself ---------------------------------------------------------

def read_submission(file):
    """(text, None) or (None, Refusal) of a plain file."""
    def refuse(why, instead):
        return None, Refusal("G1", 0, why, instead)
    if file.is_symlink() or not file.is_file():
        return refuse("there is no such plain file",
                      "hand in the file of the exercise")
    if file.stat().st_size > SIZE_MAX:
        return refuse(f"the file has more than {SIZE_MAX} bytes",
                      "hand in the source file only")
    data = file.read_bytes()
    if b"\0" in data:
        return refuse("this is not a text", "hand in the source file")
    if b"\r" in data:
        return refuse("the lines end with CR LF",
                      "save the file with the line ends of Unix")
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        return refuse("this is not a text in UTF-8", "save the file as UTF-8")


# ---- G1: what is new ---------------------------------------------------------

def code_of(text):
    """The chunks of a file that are neither comments nor blank."""
    return [chunk for chunk in split.split(text)
            if chunk.kind not in ("blank", "comment")]


def key_of(chunk, exercises):
    """What must be as it was handed out: all of a chunk, but of an exercise
    its signature only. Comments and blanks at ends of lines do not count."""
    is_exercise = getattr(chunk, "name", None) in exercises
    text = without_comments(chunk.signature if is_exercise else chunk.text)
    return is_exercise, tuple(line.rstrip() for line in text.splitlines()
                              if line.strip())


def without_comments(text):
    return split.QUOTED.sub(
        lambda m: m.group() if m.group()[0] in "\"'" else " ", text)


def new_chunks(text, handed, exercises):
    """The chunks that are new, and the refusals of G1."""
    old, chunks = code_of(handed), code_of(text)
    keys = [[key_of(chunk, exercises) for chunk in side]
            for side in (old, chunks)]
    names = {chunk.name for chunk in old if isinstance(chunk, Function)}
    new, refusals = [], []
    matcher = difflib.SequenceMatcher(None, *keys, autojunk=False)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag == "equal":
            new += [chunk for chunk in chunks[j:j_end]
                    if getattr(chunk, "name", None) in exercises]
            continue
        refusals += [missing(chunk, j, chunks) for chunk in old[i:i_end]]
        for chunk in chunks[j:j_end]:
            if may_be_added(chunk, names):
                new.append(chunk)
            else:
                refusals.append(Refusal(
                    "G1", chunk.line, "this was not handed out so",
                    "change only the bodies of the exercises; functions and "
                    "data of your own are static, and have new names"))
    return new, refusals


def missing(chunk, at, chunks):
    """The refusal of a file in which a chunk is not as it was handed out."""
    first = chunk.text.strip().splitlines()[0]
    line = chunks[at].line if at < len(chunks) else 0
    return Refusal("G1", line, f"this is missing, or changed: `{first}`",
                   "put it back as it was handed out")


def may_be_added(chunk, names):
    """A static function or static data with a new name."""
    return chunk.kind in ("function", "declaration") and \
        re.match(r"static\b", split.bare(chunk.text)) and \
        getattr(chunk, "name", None) not in names


# ---- G2: what new text may say -----------------------------------------------

def line_of(chunk, at):
    return chunk.line + chunk.text.count("\n", 0, at)


def hidden_words(text):
    bare = split.bare(text)
    for pattern, what, instead in HIDDEN:
        for found in pattern.finditer(text if "trigraph" in what else bare):
            yield Refusal("G2", text.count("\n", 0, found.start()) + 1,
                          f"this is {what}", instead)


def words_of(chunk):
    """Refusals of G2 for one new chunk."""
    bare = split.bare(chunk.text)
    for found in re.finditer(r"^[ \t]*#", bare, re.MULTILINE):
        yield Refusal("G2", line_of(chunk, found.start()),
                      "this is a line of the preprocessor",
                      "use static const data, or a static function")
    for found in split.WORD.finditer(bare):
        word = found.group()
        for pattern, what, instead in FORBIDDEN:
            if re.fullmatch(pattern, word):
                yield Refusal("G2", line_of(chunk, found.start()),
                              f"`{word}` is {what}", instead)
        if word.startswith("__builtin_") and word not in BUILTINS or \
                word.startswith("__sync_") or word.startswith("__atomic_"):
            yield Refusal("G2", line_of(chunk, found.start()),
                          f"`{word}` is not one of the compiler's functions "
                          "that are allowed", "use the kernel's functions")


def check_text(text, handed, exercises):
    """The refusals of G1 and G2, in the order of the lines. `exercises`: the
    names of the functions of this file."""
    refusals = list(hidden_words(strip_old_splices(text, handed)))
    if refusals:
        return refusals
    try:
        new, refusals = new_chunks(text, handed, exercises)
    except SplitError as error:
        return [Refusal("G1", error.line, error.why,
                        "mend what the compiler says of this line")]
    for chunk in new:
        refusals += words_of(chunk)
    return sorted(refusals, key=lambda refusal: refusal.line)


def strip_old_splices(text, handed):
    """Without the backslashes of macros that were handed out; each line keeps
    its number."""
    old = {line for line in handed.splitlines() if line.endswith("\\")}
    return "\n".join("" if line in old else line
                     for line in text.split("\n"))


# ---- G3: what the object needs -----------------------------------------------

def output(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          check=True).stdout


def needs(tool, file):
    """The symbols that an object does not define itself."""
    return {line.split()[-1] for line in output(tool, "-u", file).splitlines()}


def mnemonic(code):
    """ "mov %eax,%cr3" is "mov_cr"; prefixes do not count."""
    words = [w for w in code.split() if w not in
             ("lock", "rep", "repz", "repnz", "cs", "ds", "es", "fs", "gs")]
    if not words:
        return ""
    operands = " ".join(words[1:])
    if words[0].startswith("mov"):
        for name, pattern in (("cr", "%cr"), ("dr", "%d[br]"),
                              ("seg", "%[c-gs]s(?!:)")):
            if re.search(pattern, operands):
                return f"mov_{name}"
    return words[0]


def privileged(tool, file):
    codes = (INSTRUCTION.match(line) for line in
             output(tool, "-d", "--no-show-raw-insn", file).splitlines())
    return {name for code in codes if code
            for name in [mnemonic(code[1])] if PRIVILEGED.match(name)}


def check_object(student, reference, may_use, nm="nm", objdump="objdump"):
    """The refusals of G3 for two objects of the same woven file."""
    symbols = needs(nm, student) - needs(nm, reference) - set(may_use)
    refusals = [Refusal("G3", 0, f"the file needs `{name}`, which the exercise "
                        "does not", "use what the file uses already")
                for name in sorted(symbols)]
    codes = privileged(objdump, student) - privileged(objdump, reference)
    return refusals + [
        Refusal("G3", 0, f"the object has the instruction "
                f"`{name.replace('_', ' %')}`", "leave the machine alone")
        for name in sorted(codes)]
