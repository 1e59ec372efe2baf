"""Sizes that are known up to the run-time dims, as a model's author reckons with them.

A Size is a polynomial whose atoms are run-time dims and floor divisions. It is written as nnc reads it, has bounds over
all values of the dims, and a value for given ones. Two sizes are taken for equal when their polynomials are.
"""


class Symbol:
    def __init__(self, name, lo, hi):
        self.name, self.lo, self.hi, self.key = name, lo, hi, name

    def at(self, dims):
        return dims[self.name]

    def symbols(self):
        return {self.name}


class FloorDiv:
    def __init__(self, numerator, by):
        self.numerator, self.by = numerator, by
        self.lo, self.hi = numerator.lo // by, numerator.hi // by
        self.key = f"(({numerator.text()})//{by})"   # with what stands around it a product is another one
        self.name = self.key

    def at(self, dims):
        return self.numerator.at(dims) // self.by

    def symbols(self):
        return self.numerator.symbols()


class Size:
    """terms: {tuple of atom keys, sorted: coefficient}; atoms: {key: atom}"""

    def __init__(self, terms, atoms):
        self.terms = {k: c for k, c in terms.items() if c}
        self.atoms = {a: atoms[a] for k in self.terms for a in k}
        self.key = tuple(sorted(self.terms.items()))
        self.lo, self.hi = self._bound(False), self._bound(True)

    @staticmethod
    def of(n):
        return n if isinstance(n, Size) else Size({(): n}, {})

    @staticmethod
    def symbol(name, lo, hi):
        return Size({(name,): 1}, {name: Symbol(name, lo, hi)})

    def _bound(self, upper):
        total = 0
        for key, c in self.terms.items():
            product = 1
            for a in key:
                product *= self.atoms[a].hi if (c > 0) == upper else self.atoms[a].lo
            total += c * product
        return total

    def __eq__(self, other):
        return self.key == Size.of(other).key

    def __hash__(self):
        return hash(self.key)

    def __add__(self, other):
        other = Size.of(other)
        terms = dict(self.terms)
        for k, c in other.terms.items():
            terms[k] = terms.get(k, 0) + c
        return Size(terms, {**self.atoms, **other.atoms})

    def __sub__(self, other):
        return self + Size.of(other) * -1

    def __mul__(self, other):
        other, terms = Size.of(other), {}
        for k, c in self.terms.items():
            for j, d in other.terms.items():
                both = tuple(sorted(k + j))
                terms[both] = terms.get(both, 0) + c * d
        return Size(terms, {**self.atoms, **other.atoms})

    def __floordiv__(self, by):
        if by == 1:
            return self
        if self.const is not None:
            return Size.of(self.const // by)
        whole = Size({k: c // by for k, c in self.terms.items() if c % by == 0}, self.atoms)
        rest = Size({k: c for k, c in self.terms.items() if c % by}, self.atoms)
        if rest.const is not None:
            return whole + rest.const // by
        atom = FloorDiv(rest, by)
        return whole + Size({(atom.key,): 1}, {atom.key: atom})

    @property
    def const(self):
        """The number if it is one, else None."""
        return None if self.atoms else self.terms.get((), 0)

    def symbols(self):
        return set().union(*(a.symbols() for a in self.atoms.values()))

    def at(self, dims):
        total = 0
        for key, c in self.terms.items():
            for a in key:
                c *= self.atoms[a].at(dims)
            total += c
        return total

    def text(self):
        parts = []
        for key, c in sorted(self.terms.items(), key=lambda t: (t[1] < 0, t[0] == (), t[0])):
            names = "*".join(self.atoms[a].name for a in key)
            size = str(abs(c)) if not names else names if abs(c) == 1 else f"{abs(c)}*{names}"
            parts.append((" - " if c < 0 else " + ") + size)
        out = "".join(parts)
        return "0" if not out else out[3:] if out.startswith(" + ") else "-" + out[3:]


def product(sizes):
    out = Size.of(1)
    for s in sizes:
        out = out * s
    return out


def shape_text(shape):
    return "[" + ", ".join(s.text() for s in shape) + "]"
