# SPDX-License-Identifier: MIT
"""sites.py - where one token of a C file can be changed, and into what

WHAT     Cuts a file into tokens and lists every mutant of it: a comparison
         turned, a constant off by one, + and - swapped, && and || swapped, a
         statement left out, a condition negated.

TERMS    site      a place in the text, and what stands there instead
         opener    a word with a condition or a head in parentheses, behind
                   which a statement begins: if, while, for, list_for_each

NOT HERE assert() and the like: in a right program an assertion is always true,
         so no test can see whether it is there.
"""
import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<blank>\s+ | /\*.*?\*/ | //[^\n]*) |
    (?P<text>"(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*') |
    (?P<word>[A-Za-z_]\w*) |
    (?P<number>0[xX][0-9a-fA-F]+[uUlL]* | \d+[uUlL]*\b) |
    (?P<sign><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|[-+*/%&|^=!<>]=|&&|\|\||.)
    """, re.VERBOSE | re.DOTALL)
DIRECTIVE = re.compile(r"^[ \t]*#[ \t]*(\w+)(?:\\\n|[^\n])*", re.MULTILINE)

INSTEAD = {
    "<": ("<=", ">="), ">": (">=", "<="), "<=": ("<", ">"), ">=": (">", "<"),
    "==": ("!=",), "!=": ("==",), "&&": ("||",), "||": ("&&",),
    "+": ("-",), "-": ("+",), "++": ("--",), "--": ("++",),
    "+=": ("-=",), "-=": ("+=",),
}
OPENER = re.compile(r"if|while|for|switch|\w*for_each\w*")
NEGATED = ("if", "while")
LEAVES = ("break", "continue", "goto", "return")
ASSIGNS = ("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=")
BEHIND_NAME = (*ASSIGNS, "(", "->", ".", "[", "++", "--")
NOT_CALLED = ("do", "else", "sizeof", "case", "default", "__asm__", "asm")
ASSERTS = re.compile(r"\w*[aA]ssert\w*|MUST_HOLD\w*")


@dataclass(frozen=True)
class Site:
    """One mutant: text[start:end] becomes `new`."""
    path: str
    line: int
    function: str
    start: int
    end: int
    new: str

    def apply(self, text):
        """Line numbers stay: the program's reports name them."""
        lost = text.count("\n", self.start, self.end) - self.new.count("\n")
        return text[:self.start] + self.new + "\n" * lost + text[self.end:]

    def diff(self, text):
        """(the line as it is, the line of the mutant), without the tabs."""
        first = text.rfind("\n", 0, self.start) + 1
        last = text.find("\n", self.end)
        old = " ".join(text[first:last].split())
        new = text[first:self.start] + self.new + text[self.end:last]
        return old, " ".join(new.split())


@dataclass
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self):
        return self.start + len(self.text)


def tokens_of(text):
    """Without blanks and directives; the text of a #define stays."""
    def blank(match):
        whole = match.group()
        keep = 0
        if match.group(1) == "define":
            head = re.match(r"\s*#\s*define\s+\w+(\([^)]*\))?", whole)
            keep = len(whole) - len(head.group())
        cut = len(whole) - keep
        return re.sub(r"[^\n]", " ", whole[:cut]) + whole[cut:].replace(
            "\\\n", " \n")

    kept = DIRECTIVE.sub(blank, text)
    return [Token(m.lastgroup, m.group(), m.start())
            for m in TOKEN.finditer(kept) if m.lastgroup != "blank"]


def closing(tokens, i):
    """The index of the parenthesis that closes tokens[i], or the last one."""
    depth = 0
    for j in range(i, len(tokens)):
        depth += (tokens[j].text in "([{") - (tokens[j].text in ")]}")
        if depth == 0:
            return j
    return len(tokens) - 1


def asserted(tokens):
    """The indices of all tokens inside an assertion, its name included."""
    inside = set()
    for i, token in enumerate(tokens[:-1]):
        if ASSERTS.fullmatch(token.text) and tokens[i + 1].text == "(":
            inside.update(range(i, closing(tokens, i + 1) + 1))
    return inside


# ---- one token ---------------------------------------------------------------

def off_by_one(text):
    digits = text.rstrip("uUlL")
    value, suffix = int(digits, 0), text[len(digits):]
    form = "{:#x}" if digits[:2] in ("0x", "0X") else "{}"
    for other in (value + 1, value - 1):
        if other >= 0:
            yield form.format(other) + suffix


def is_binary(tokens, i):
    before = tokens[i - 1]
    return before.kind in ("word", "number") and before.text != "return" or \
        before.text in (")", "]")


def one_token(tokens, i):
    """(start, end, new) for each token that can stand in this token's place."""
    token = tokens[i]
    if token.kind == "number":
        others = off_by_one(token.text)
    elif token.text in ("+", "-") and not is_binary(tokens, i):
        others = ()
    else:
        others = INSTEAD.get(token.text, ())
    for other in others:
        yield token.start, token.end, other


# ---- statements --------------------------------------------------------------

def bodies(tokens, text):
    """(name, first, last) of each function: its '{' stands in column 0."""
    i = 0
    while i < len(tokens):
        at_margin = tokens[i].start == 0 or text[tokens[i].start - 1] == "\n"
        if tokens[i].text == "{" and at_margin:
            last = closing(tokens, i)
            yield name_before(tokens, i), i, last
            i = last
        i += 1


def name_before(tokens, i):
    """The function whose body tokens[i] begins: the first word before a
    parenthesis, as attributes stand after the parameters."""
    first = i
    while first > 0 and tokens[first - 1].text not in (";", "}"):
        first -= 1
    for token, behind in zip(tokens[first:i], tokens[first + 1:i]):
        if token.kind == "word" and behind.text == "(":
            return token.text
    return ""


def starts(tokens, first, last):
    """The indices inside a body at which a statement begins."""
    depth = 0
    for i in range(first + 1, last):
        before = tokens[i - 1].text
        depth += (before == "(") - (before == ")")
        if depth:
            continue
        if before in (";", "{", "}", "else", "do"):
            yield i
        elif before == ":" and tokens[i - 2].kind == "word" and \
                tokens[i - 3].text in (";", "}", "{", "case"):
            yield i
        if OPENER.fullmatch(tokens[i].text) and tokens[i + 1].text == "(":
            yield closing(tokens, i + 1) + 1


def is_removable(tokens, i, last):
    """An assignment, a call or a jump; but no declaration, and no last return
    of a function with a value."""
    token, behind = tokens[i], tokens[i + 1]
    if token.text == "return":
        return tokens[closing_statement(tokens, i) + 1].start != \
            tokens[last].start
    if token.text in LEAVES:
        return True
    if token.text in NOT_CALLED or OPENER.fullmatch(token.text):
        return False
    if token.kind == "word":
        return behind.text in BEHIND_NAME
    return token.text in ("*", "++", "--")


def closing_statement(tokens, i):
    depth = 0
    while i < len(tokens) - 1 and (depth or tokens[i].text != ";"):
        depth += (tokens[i].text in "([{") - (tokens[i].text in ")]}")
        i += 1
    return i


def left_out(tokens, text):
    for _, first, last in bodies(tokens, text):
        for i in starts(tokens, first, last):
            if i < last and is_removable(tokens, i, last):
                end = closing_statement(tokens, i)
                yield i, (tokens[i].start, tokens[end].start, "")


# ---- a file ------------------------------------------------------------------

def negations(tokens, text):
    for i, token in enumerate(tokens[:-1]):
        if token.text in NEGATED and tokens[i + 1].text == "(":
            start, end = tokens[i + 1].end, tokens[closing(tokens, i + 1)].start
            yield i, (start, end, f"!({text[start:end]})")


def sites(path, text):
    """Every mutant of one file, in the order of the text."""
    tokens = tokens_of(text)
    skip = asserted(tokens)
    found = [(i, change) for i in range(1, len(tokens))
             for change in one_token(tokens, i)]
    found += list(left_out(tokens, text)) + list(negations(tokens, text))
    names = {i: name for name, first, last in bodies(tokens, text)
             for i in range(first, last)}
    return [Site(path, text.count("\n", 0, change[0]) + 1, names.get(i, ""),
                 *change)
            for i, change in sorted(found, key=lambda pair: pair[1])
            if i not in skip]
