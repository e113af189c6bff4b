# SPDX-License-Identifier: MIT
"""split.py - a C file as a list of chunks

WHAT     Cuts the top level of a file into chunks. The texts of all chunks, one
         after the other, are the file again, byte for byte.

PICTURE    blank         the empty lines between two chunks
           comment       /* ... */ or // in column 0
           directive     #include, #define with all its lines, #pragma
           declaration   a type, a prototype, data; up to the `;`
           function      its signature, `{` and `}` in column 0

TERMS    signature  what stands above the `{` of a function
         bare       a text in which comments and quoted texts are blanks, so
                    that every other character keeps its place

ALGORITHM  The style of the tree says where a function begins and ends: its
         braces are alone in column 0. So a brace that is missing inside one
         function is found there, and spoils no other function.
"""
import re
from dataclasses import dataclass

QUOTED = re.compile(r"""
    /\*.*?(?:\*/|\Z) | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    """, re.VERBOSE | re.DOTALL)
WORD = re.compile(r"[A-Za-z_]\w*")
CALLED = re.compile(r"([A-Za-z_]\w*)\s*\(|[()]")
ONE_LINE = re.compile(r"[^{=]*\)\s*(?=\{.*\}$)")
ATTRIBUTES = re.compile(r"__\w+|MUST_HOLD|ACQUIRES|RELEASES|TRY_ACQUIRES")
# Words in front of a name that are no part of the type that comes back.
NO_TYPE = re.compile(
    r"\b(?:static|inline|noinline|always_inline|extern)\b|"
    r"\b__\w+(?:\s*\((?:[^()]|\([^()]*\))*\))?")


class SplitError(Exception):
    """A line that does not fit the style of the tree."""

    def __init__(self, line, why):
        super().__init__(f"line {line}: {why}")
        self.line, self.why = line, why


@dataclass(frozen=True)
class Chunk:
    """A part of the file; `line` is the number of its first line."""
    kind: str
    text: str
    line: int

    @property
    def lines(self):
        return self.text.count("\n")


@dataclass(frozen=True)
class Function(Chunk):
    """A definition. `at` is where its name stands in the text."""
    name: str
    at: int
    signature: str
    body: str           # from `{` to `}`

    @property
    def is_static(self):
        return "static" in WORD.findall(bare(self.signature))

    @property
    def body_line(self):
        return self.line + self.signature.count("\n")

    @property
    def result(self):
        """The type that it returns, as "struct page *"."""
        return " ".join(NO_TYPE.sub(" ", bare(self.text[:self.at])).split())

    def named(self, name):
        """The text of the same function under another name."""
        return (self.text[:self.at] + name +
                self.text[self.at + len(self.name):])


def bare(text):
    return QUOTED.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def depth_of(line):
    return sum(line.count(c) for c in "([{") - sum(line.count(c) for c in ")]}")


def function_name(signature):
    """(name, where it stands): the first word before a `(` that can be one."""
    depth, called = 0, []
    for found in CALLED.finditer(bare(signature)):
        if found.group(1) and depth == 0:
            called.append((found.group(1), found.start(1)))
        depth += 1 if found.group().endswith("(") else -1
    names = [one for one in called if not ATTRIBUTES.fullmatch(one[0])]
    return (names or called or [(None, 0)])[0]


class Reader:
    """Walks down the lines of one file."""

    def __init__(self, text):
        self.lines = text.splitlines(keepends=True)
        self.bare = bare(text).splitlines(keepends=True)
        self.next = 0

    def until(self, is_last, what):
        """The number of lines up to the one for which is_last() is true."""
        for i in range(self.next, len(self.lines)):
            if is_last(i):
                return i + 1 - self.next
        raise SplitError(self.next + 1, f"{what} has no end")

    def chunk(self, kind, nr):
        line = self.next + 1
        text = "".join(self.lines[self.next:self.next + nr])
        self.next += nr
        return Chunk(kind, text, line)

    def blank(self):
        end = self.next
        while end < len(self.lines) and not self.lines[end].strip():
            end += 1
        return self.chunk("blank", end - self.next)

    def comment(self):
        if self.lines[self.next].startswith("//"):
            return self.chunk("comment", 1)
        return self.chunk("comment", self.until(
            lambda i: "*/" in self.lines[i], "a comment"))

    def directive(self):
        return self.chunk("directive", self.until(
            lambda i: not self.lines[i].rstrip("\n").endswith("\\"),
            "a directive"))

    def function(self, nr, signature):
        """The next nr lines, of which the signature is the beginning."""
        chunk = self.chunk("function", nr)
        name, at = function_name(signature)
        if not name:
            raise SplitError(chunk.line, "a function without a name")
        return Function("function", chunk.text, chunk.line, name, at,
                        signature, chunk.text[len(signature):])

    def long_function(self, signature_lines):
        first, open_ = self.next, self.next + signature_lines
        for end in range(open_ + 1, len(self.lines)):
            start = self.bare[end][:1]
            if start == "}":
                break
            if start == "{":
                raise SplitError(end + 1, "`{` in column 0 inside the function "
                                 f"that begins in line {first + 1}")
        else:
            raise SplitError(first + 1,
                             "this function has no `}` in column 0")
        depth = sum(map(depth_of, self.bare[open_:end + 1]))
        if depth or self.bare[end].rstrip() != "}":
            raise SplitError(end + 1, "this `}` in column 0 does not close the "
                             f"function that begins in line {first + 1}")
        return self.function(end + 1 - first,
                             "".join(self.lines[first:open_]))

    def code(self):
        """A function or a declaration, whose first line is the next one."""
        depth, one_line = 0, ONE_LINE.match(self.bare[self.next].rstrip())
        if one_line:
            return self.function(1, self.lines[self.next][:one_line.end()])
        for i in range(self.next, len(self.lines)):
            line = self.bare[i].rstrip()
            if line == "{" and depth == 0 and i > self.next:
                return self.long_function(i - self.next)
            depth += depth_of(line)
            if depth < 0:
                raise SplitError(i + 1, "a bracket that nothing opened")
            if depth == 0 and line.endswith(";"):
                return self.chunk("declaration", i + 1 - self.next)
        raise SplitError(self.next + 1, "this declaration has no end")

    def one(self):
        line = self.lines[self.next]
        if not line.strip():
            return self.blank()
        if line.startswith(("/*", "//")):
            return self.comment()
        if line.startswith("#"):
            return self.directive()
        return self.code()


def split(text):
    """The chunks of a file. Raises SplitError."""
    reader, chunks = Reader(text), []
    while reader.next < len(reader.lines):
        chunks.append(reader.one())
    return chunks


def functions(chunks):
    """name -> Function"""
    return {chunk.name: chunk for chunk in chunks
            if isinstance(chunk, Function)}


def rename(text, names):
    """Change words of C by the table `names`, but no member of a structure and
    no tag."""
    plain, result, end = bare(text), [], 0
    for word in WORD.finditer(plain):
        if word.group() not in names:
            continue
        before = plain[:word.start()].rstrip()
        if before.endswith(".") or before.endswith("->") or \
                re.search(r"\b(?:struct|union|enum)$", before):
            continue
        result += [text[end:word.start()], names[word.group()]]
        end = word.end()
    return "".join(result) + text[end:]


def words(text):
    """The words of C that stand in a text."""
    return set(WORD.findall(bare(text)))
