"""Places in C source where a small fault can be put, found by a tokenizer that knows comments, literals and brackets.

Kinds: negated condition, decided condition (?: and if that always go one way), boundary (< for <=), equality, logic
(&& for ||), operator (+ for -), constant, dropped statement, swapped arguments, emitted text (a digit or an operator in
the C that an emitter prints). Left out: what the preprocessor drops on this machine, declarations, and guards against
defects of nnc itself (if (…) ice(…)), which by their nature no input reaches.
"""
import bisect
import dataclasses
import os
import random
import re
import subprocess

FOLDERS = ["compiler/lower", "compiler/passes", "compiler/plan", "compiler/emit", "runtime"]
TOKEN = re.compile(r'''(?P<space>\s+|\\\n|//[^\n]*|/\*.*?\*/)|(?P<string>"(?:\\.|[^"\\])*")|(?P<char>'(?:\\.|[^'\\])*')
    |(?P<number>0[xX][0-9a-fA-F.]+(?:[pP][+-]?\d+)?[uUlLfF]*|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[uUlLfF]*)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<op>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\.\.\.|\#\#|.)''', re.S | re.X)
FLIPS = {"<": ("<=", "boundary"), "<=": ("<", "boundary"), ">": (">=", "boundary"), ">=": (">", "boundary"),
         "==": ("!=", "equality"), "!=": ("==", "equality"), "&&": ("||", "logic"), "||": ("&&", "logic"),
         "+": ("-", "operator"), "-": ("+", "operator"), "*": ("+", "operator"), "/": ("*", "operator"),
         "%": ("/", "operator"), "+=": ("-=", "operator"), "-=": ("+=", "operator"), "*=": ("+=", "operator")}
KEYWORDS = {"if", "for", "while", "switch", "return", "sizeof", "else", "do", "case", "default", "goto",
            "typedef", "struct", "enum", "union", "static", "const", "extern", "inline", "unsigned", "signed",
            "_Alignof", "_Static_assert", "break", "continue", "void", "int", "char", "float", "double",
            "bool", "size_t"}


def flat(text):
    text = " ".join(text.split())
    return text if len(text) < 90 else text[:86] + " ..."


@dataclasses.dataclass(frozen=True)
class Mutant:
    file: str
    begin: int
    end: int
    text: str   # instead of [begin, end)
    kind: str
    line: int
    function: str
    before: str

    @property
    def id(self):
        return f"{self.file}:{self.line}:{self.begin}:{self.kind}:{flat(self.text)[:20]}"

    @property
    def folder(self):
        return self.file.rsplit("/", 1)[0]

    def apply(self, source):
        return source[:self.begin] + self.text + source[self.end:]

    def show(self):
        return f"{flat(self.before)}  ->  {flat(self.text) or '(nothing)'}"


@dataclasses.dataclass
class Token:
    kind: str
    text: str
    begin: int
    end: int


class Source:
    def __init__(self, top, file, active=None):
        self.file = file
        with open(os.path.join(top, file), encoding="utf-8") as f:
            self.text = f.read()
        self.starts = [0] + [m.end() for m in re.finditer("\n", self.text)]
        self.active = active   # line numbers, or None for all
        self.tokens = [t for t in self.lex() if t.kind != "space"]
        self.partner = self.brackets()
        self.inert = self.find_inert()

    def line(self, offset):
        return bisect.bisect_right(self.starts, offset)

    def lex(self):
        """Directives but the bodies of #define NAME(…) are dropped."""
        skip = []
        for m in re.finditer(r"^[ \t]*#(?:\\\n|[^\n])*", self.text, re.M):
            body = re.match(r"[ \t]*#\s*define\s+\w+\([^)]*\)", m[0])
            skip.append((m.start(), m.start() + body.end() if body else m.end()))
        for m in TOKEN.finditer(self.text):
            if not any(b <= m.start() < e for b, e in skip):
                yield Token(m.lastgroup, m[0], m.start(), m.end())

    def brackets(self):
        stack, partner = [], {}
        for i, t in enumerate(self.tokens):
            if t.kind == "op" and t.text in "([{":
                stack.append(i)
            elif t.kind == "op" and t.text in ")]}" and stack:
                partner[stack[-1]] = i
                partner[i] = stack.pop()
        return partner

    def find_inert(self):
        """Token ranges that no test can reach or that say nothing: if (…) ice(…); _Static_assert(…); declarations of
        enums."""
        out = []
        for i, t in enumerate(self.tokens):
            if t.kind != "word":
                continue
            if t.text in ("ice", "_Static_assert") and self.is_op(i + 1, "("):
                begin = i
                if self.is_op(i - 1, ")") and self.partner.get(i - 1, 0) > 0:
                    head = self.partner[i - 1] - 1
                    begin = head if self.tokens[head].text == "if" else i
                out.append((begin, self.partner.get(i + 1, i)))
        return out

    def is_op(self, i, text):
        return 0 <= i < len(self.tokens) and self.tokens[i].kind == "op" and self.tokens[i].text == text

    def is_inert(self, i):
        return any(b <= i <= e for b, e in self.inert)

    def function_of(self, offset):
        """The name before the first bracket of the last line above that begins a definition, also one within a
        macro."""
        for line in range(self.line(offset), 0, -1):
            found = re.match(r"(?:[A-Za-z_#]|    INLINE )[^\n;=]*?(\w+)\(", self.text[self.starts[line - 1]:])
            if found:
                return found[1]
        return ""

    def mutant(self, begin, end, text, kind):
        return Mutant(self.file, begin, end, text, kind, self.line(begin), self.function_of(begin),
                      self.text[begin:end])

    def mutants(self):
        depth = 0
        for i, t in enumerate(self.tokens):
            if t.kind == "op" and t.text in "{}":
                depth += 1 if t.text == "{" else -1
            if self.is_inert(i) or (self.active is not None and self.line(t.begin) not in self.active):
                continue
            in_macro = self.text[self.starts[self.line(t.begin) - 1]:].split("\n", 1)[0].endswith("\\")
            if depth == 0 and not in_macro and not self.file.startswith("runtime"):
                continue
            yield from self.at(i, t)

    def at(self, i, t):
        if t.kind == "word":
            yield from self.at_word(i, t)
        elif t.kind == "number":
            yield from self.at_number(t)
        elif t.kind == "string" and self.file.startswith("compiler/emit") and not self.is_comment(t):
            yield from self.at_string(t)
        elif t.kind == "op":
            spaced = self.text[t.begin - 1].isspace() and self.text[t.end:t.end + 1].isspace()
            if t.text in FLIPS and spaced:
                new, kind = FLIPS[t.text]
                yield self.mutant(t.begin, t.end, new, kind)
            if t.text == "?" and spaced:
                yield self.mutant(t.begin, t.end, "&& 0 ?", "decided condition")
                yield self.mutant(t.begin, t.end, "|| 1 ?", "decided condition")
            if t.text in ";{}" or self.is_op(i, ")"):
                yield from self.statement_after(i)

    def at_word(self, i, t):
        if t.text in ("if", "while") and self.is_op(i + 1, "(") and i + 1 in self.partner:
            begin, end = self.tokens[i + 1].end, self.tokens[self.partner[i + 1]].begin
            yield self.mutant(begin, end, f"!({self.text[begin:end]})", "negated condition")
            if t.text == "if":
                yield self.mutant(begin, end, "0", "decided condition")
        if t.text in ("true", "false"):
            yield self.mutant(t.begin, t.end, "false" if t.text == "true" else "true", "constant")
        if self.is_op(i + 1, "(") and t.text not in KEYWORDS and i + 1 in self.partner:
            yield from self.swaps(i + 1)

    def at_number(self, t):
        if re.fullmatch(r"\d+", t.text):
            yield self.mutant(t.begin, t.end, str(int(t.text) + 1), "constant")
            if int(t.text):
                yield self.mutant(t.begin, t.end, str(int(t.text) - 1), "constant")
        elif re.fullmatch(r"\d+[uUlL]+", t.text):
            yield self.mutant(t.begin, t.end, str(int(t.text.rstrip("uUlL")) + 1) + "u", "constant")
        elif "." in t.text or "e" in t.text.lower():
            yield self.mutant(t.begin, t.end, f"({t.text} * 1.01f)", "constant")

    def at_string(self, t):
        if not re.search(r"[;(\[=<]|\w \w|%", t.text):
            return
        for m in re.finditer(r"(?<![%\w.])\d(?![\w.])| (\+|-|<|\*|<=|==|&&|\|\|) |\+\+", t.text):
            if m[0].isdigit():
                new = str((int(m[0]) + 1) % 10)
            elif m[0] == "++":
                new = "--"
            else:
                new = f" {FLIPS[m[1]][0]} "
            yield self.mutant(t.begin + m.start(), t.begin + m.end(), new, "emitted text")

    def is_comment(self, t):
        """Text of a comment in the generated C: no run can fail by it."""
        line = self.text[self.starts[self.line(t.begin) - 1]:t.begin]
        return "comment(" in line or t.text.lstrip('" ').startswith(("/*", "*")) or "/*" in t.text

    def arguments(self, opening):
        """[(begin, end)] of a call's arguments."""
        out, begin, i = [], self.tokens[opening].end, opening + 1
        closing = self.partner[opening]
        while i <= closing:
            if i in self.partner and self.partner[i] > i:
                i = self.partner[i] + 1
                continue
            if i == closing or self.is_op(i, ","):
                out.append((begin, self.tokens[i].begin))
                begin = self.tokens[i].end
            i += 1
        return out

    def swaps(self, opening):
        places = self.arguments(opening)
        for (a, b), (c, d) in zip(places, places[1:]):
            first, second = self.text[a:b].strip(), self.text[c:d].strip()
            if first and second and first != second and '"' not in first + second:
                yield self.mutant(a, d, f"{second}, {first}", "swapped arguments")

    def statement_after(self, i):
        """A call or an assignment, break or continue that stands behind token i."""
        if i + 1 >= len(self.tokens) or self.tokens[i + 1].kind != "word" and not self.is_op(i + 1, "*"):
            return
        if self.is_op(i, ")"):   # only the body of an if, for or while without braces
            head = self.partner.get(i, 0) - 1
            if head < 0 or self.tokens[head].text not in ("if", "for", "while"):
                return
        end = i + 1
        while end < len(self.tokens) and not self.is_op(end, ";"):
            if self.tokens[end].kind == "op" and self.tokens[end].text in "{})":
                return   # a block, or the third part of a for
            end = self.partner[end] + 1 if end in self.partner and self.partner[end] > end else end + 1
        if end >= len(self.tokens):
            return
        words = self.tokens[i + 1:end]
        first = words[0].text
        if first in ("break", "continue") and len(words) == 1:
            pass
        elif first in KEYWORDS or self.is_declaration(words):
            return
        yield self.mutant(words[0].begin, self.tokens[end].end, ";", "dropped statement")

    @staticmethod
    def is_declaration(words):
        """TYPE NAME …, TYPE *NAME …"""
        if len(words) > 1 and words[0].kind == "word" and words[1].kind == "word":
            return True
        return len(words) > 2 and words[0].kind == "word" and words[1].text == "*" and words[2].kind == "word"


def active_lines(top, file, commands):
    """Lines of a part of the runtime that some of these compilers' preprocessors keep."""
    lines = set()
    for command in commands:
        out = subprocess.run([*command, "-E", "-fdirectives-only", "-x", "c",
                              os.path.join(top, "runtime/nnc_runtime.h")],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout.decode()
        now, here = 0, False
        for line in out.splitlines():
            marker = re.match(r'# (\d+) "([^"]*)"', line)
            if marker:
                now, here = int(marker[1]), marker[2].endswith(os.path.basename(file))
                continue
            if here and line.strip():
                lines.add(now)
            now += 1
    # the lines of a #define's body come joined with its first
    with open(os.path.join(top, file), encoding="utf-8") as f:
        text = f.read().split("\n")
    for i, line in enumerate(text):
        if i and text[i - 1].endswith("\\") and i in lines:
            lines.add(i + 1)
    return lines


def all_mutants(top):
    """Every mutant of the tree, in order of place."""
    out = []
    for folder in FOLDERS:
        for name in sorted(os.listdir(os.path.join(top, folder))):
            file = f"{folder}/{name}"
            if not name.endswith(".c") and folder != "runtime":
                continue
            if name.endswith(".c") or name.endswith(".h"):
                active = active_lines(top, file, [["gcc"], ["gcc", "-march=native"], ["gcc", "-DNNC_PLAIN_C"],
                                                  ["gcc", "-ffast-math"]]) if folder == "runtime" else None
                out += Source(top, file, active).mutants()
    return out


# How a sample is divided between the folders: more of what decides numbers than its share of the text.
SHARES = {"compiler/lower": 25, "compiler/passes": 10, "compiler/plan": 15, "compiler/emit": 35, "runtime": 15}


def sample(top, seed):
    """All mutants in a random order in which the kinds take turns, so that any first part of it is a fair choice."""
    rng = random.Random(seed)
    kinds = {}
    for m in all_mutants(top):
        kinds.setdefault(m.kind, {}).setdefault(m.folder, []).append(m)
    for folders in kinds.values():
        for found in folders.values():
            rng.shuffle(found)
    order = []
    while kinds:
        for kind in sorted(kinds):
            left = [f for f in sorted(kinds[kind]) if kinds[kind][f]]
            if not left:
                del kinds[kind]
                continue
            order.append(kinds[kind][rng.choices(left, [SHARES[f] for f in left])[0]].pop())
    return order
