"""Makes a model that fails smaller, as long as it fails in the same way."""
import copy
import re
import time

from .model import Statement
from .sizes import shape_text


def without_unused(model):
    """Drops what nothing needs: bindings, layers, inputs, params, states, dims."""
    while True:
        used = set().union(*(s.uses() for s in model.statements)) if model.statements else set()
        layers = {name for s in model.statements if s.kind != "layer" for name in s.layers}
        texts = " ".join(s.text for s in model.statements if s.kind != "dim")
        state_names = {model.names[n] for s in model.declared("state") for n in s.defines}
        kept = []
        for s in model.statements:
            if s.kind == "layer":
                keep = bool(set(s.layers) & layers) or any(f'from "{n}"' in t.text for n in s.layers
                                                           for t in model.statements if t is not s)
            elif s.kind == "dim":
                keep = bool(re.search(rf"\b{s.symbol}\b", texts)) or s.symbol == model.stream
            elif s.kind == "bind":
                keep = bool(set(s.defines) & used) or any(model.names[n] in state_names for n in s.defines)
            elif s.kind == "state":
                name = model.names[s.defines[0]]
                others = [n for t in model.statements if t is not s for n in t.defines if model.names[n] == name]
                keep = s.defines[0] in used or bool(set(others))
            elif s.kind in ("input", "param"):
                keep = bool(set(s.defines) & used)
            else:
                keep = True
            if keep:
                kept.append(s)
        if len(kept) == len(model.statements):
            return model
        model.statements = kept


def removals(model):
    """Smaller models, the smallest first: one output alone, without one output, an earlier value put out instead, a
    binding replaced by an input, a state that is bound no more."""
    outputs = model.declared("output")
    for o in outputs:
        if len(outputs) > 1:
            m = copy.deepcopy(model)
            m.statements = [s for s in m.statements if s.kind != "output" or s.text == o.text]
            yield m
    for o in outputs:
        if len(outputs) > 2:
            m = copy.deepcopy(model)
            m.statements = [s for s in m.statements if s.text != o.text]
            yield m
    makers = {n: s for s in model.declared("bind") for n in s.defines if not getattr(s, "is_tuple", False)}
    for i, o in enumerate(model.statements):   # what an output is made of in its place
        for number in sorted(makers[o.outputs[0]].uses() if o.kind == "output" and o.outputs[0] in makers else ()):
            if not any(number in other.outputs for other in outputs) and number in makers:
                m = copy.deepcopy(model)
                m.statements[i] = Statement("output", f"output yy{number} = ${number}")
                m.statements[i].outputs = [number]
                yield m
    for i in reversed(range(len(model.statements))):
        s = model.statements[i]
        if s.kind != "bind" and s.kind != "state":
            continue
        used = set().union(*(t.uses() for t in model.statements))
        m = copy.deepcopy(model)
        m.statements.pop(i)
        state_names = {model.names[n] for t in model.declared("state") for n in t.defines}
        if s.kind == "bind" and any(model.names[n] in state_names for n in s.defines):
            if not set(s.defines) & used:
                yield m   # the state stays what it was
            continue
        if getattr(s, "is_tuple", False):
            continue
        if s.kind == "state":
            name = model.names[s.defines[0]]
            if any(model.names[n] == name for t in m.statements for n in t.defines):
                continue
        for number in s.defines:
            if number not in used:
                continue
            v = m.values[number]
            name = f"cut{number}"
            m.names[number] = name
            holds = ("float",) if v.dtype == "float32" else ("index", v.index_limit) if v.index_limit else ("int",)
            m.inputs.append((name, number, holds))
            m.statements.insert(len(m.declared("dim")),
                                Statement("input", f"input {name}: {v.dtype}{shape_text(v.shape)}", [number]))
        yield m


def reduce(model, fails, seconds=60):
    """fails(model) -> bool. The smallest model that was found in time."""
    end = time.time() + seconds

    def smaller_one():
        for smaller in removals(model):
            # what the fault is about may itself be unused
            for candidate in (without_unused(copy.deepcopy(smaller)), smaller):
                if time.time() > end:
                    return None
                if len(candidate.text()) < len(model.text()) + 40 and candidate.declared("output") and fails(candidate):
                    return candidate
        return None

    while True:
        smaller = smaller_one()
        if smaller is None:
            return model
        model = smaller
