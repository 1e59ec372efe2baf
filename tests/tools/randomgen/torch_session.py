"""Models through the reference interpreter and through PyTorch, both in float64: their results must be the same
numbers.

An output is left out where an argmax is between two that are almost equal, or where the last bits of inputs decide.
What is left is compared to LIMIT, and to what such bits change, much reduced: float64 has 29 bits more.
"""
import array
import os

import torch

import casedriver
from casefile import distance
from . import grow
from .execute import LEAST_MARGIN, UNDECIDED, Failure, Plan, Reader, call, write
from .pytorch import Interpreter, Unsupported

LIMIT, OF_NUDGES = 1e-10, 1e-6


def differences(model, plan, interpreter, want, moved):
    """Returns how many outputs were compared, or raises Failure."""
    compared = 0
    for row in plan.rows:
        interpreter.reset()
        blurred = False
        for run in row:
            exact, _, margin = want.run(run.sizes)
            near = moved.run(run.sizes)[0]
            got = interpreter.run(run.dims, run.inputs)
            blurred = blurred or margin < LEAST_MARGIN
            for k, number in enumerate(model.present_outputs()):
                moves = max(map(distance, near[k], exact[k]), default=0)
                if blurred or moves > UNDECIDED:
                    continue
                compared += 1
                if len(got[k]) != len(exact[k]):
                    raise Failure("torch", f"output {k} has {len(exact[k])} elements, PyTorch's {len(got[k])}")
                errors = [distance(a, b) for a, b in zip(exact[k], got[k])]
                worst = max(errors, default=0)
                if worst > LIMIT + OF_NUDGES * moves:
                    i = errors.index(worst)
                    raise Failure("torch",
                                  f"output {k} ({model.names[number]}), dims {run.dims}: element {i} is "
                                  f"{exact[k][i]:.15g}, PyTorch's {got[k][i]:.15g} ({sum(e > LIMIT for e in errors)} "
                                  f"of {len(errors)})")
    return compared


def one(model, reference, place):
    plan = Plan(model)
    machines = plan.machines()[:1]
    script, nudged = casedriver.Script(1), casedriver.Script(1)
    plan.add_runs(script, 0)
    plan.add_runs(nudged, 0, nudge=True)
    interpreter = Interpreter(model)
    write(place, "model.nn", model.text())
    write(place, "runs", script.text())
    write(place, "nudged", nudged.text())
    for runs, results, nudge in (("runs", "wanted", []), ("nudged", "moved", ["--nudge"])):
        call([reference, *nudge, "--random-weights", "1", "model.nn", runs, results, machines[0][0]],
             "reference", place, 300)
    return differences(model, plan, interpreter, *(Reader(os.path.join(place, r)) for r in ("wanted", "moved")))


def run(reference, seeds, place):
    """Exit status. Prints the models that differ and what was left out."""
    torch.set_num_threads(1)
    os.makedirs(place, exist_ok=True)
    passed, failed, outputs, left = 0, 0, 0, {}
    for seed in seeds:
        model = grow.model(seed, f"m{seed}", of_torch=True)
        try:
            outputs += one(model, reference, place)
            passed += 1
        except Unsupported as e:
            left[str(e)] = left.get(str(e), 0) + 1
        except (Failure, RuntimeError, TypeError, ValueError, NameError, IndexError, SyntaxError) as e:
            failed += 1
            print(f"FAIL seed {seed}: {e}\n{model.text()}", flush=True)
    print(f"{len(seeds)} models against PyTorch {torch.__version__}: {passed} passed with {outputs} outputs, "
          f"{failed} failed, {sum(left.values())} have what PyTorch has not")
    return 0 if passed and not failed else 1
