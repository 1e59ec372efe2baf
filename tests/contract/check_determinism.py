"""The same input gives the same bytes: whoever runs nnc, wherever, whenever, with whatever else in the environment."""
import os
import random
import re
import shutil

from kit import TOP, need, processor, safetensors

LAYERS = 60


def many_tensors():
    """A model of many layers, and a file with their weights in another order and as many that nothing uses: whatever is
    looked up by a hash could come out in its order."""
    lines = ["dim T = 1..20", 'weights "w.safetensors"', "input x: float32[T, 3]"]
    lines += ([f"layer l{i} = Linear(3, 3)" for i in range(LAYERS)]
              + [f"x = tanh(l{i}(x)) * {0.1 + i / 3:.7f}" for i in range(LAYERS)])
    rng = random.Random(5)
    tensors = {}
    for i in range(LAYERS):
        tensors[f"l{i}.weight"] = ([3, 3], [rng.uniform(-1, 1) for _ in range(9)])
        tensors[f"l{i}.bias"] = ([3], [rng.uniform(-1e-3, 1e3) for _ in range(3)])
        tensors[f"unused.{i}"] = ([1], [0.0])
    order = sorted(tensors, key=lambda _: rng.random())
    return ("model many {\n    " + "\n    ".join(lines) + "\n    output x\n}\n",
            safetensors({k: tensors[k] for k in order}))


def comma_locale(t):
    """A locale with a comma as the decimal point, made here when none is installed: (LC_ALL, LOCPATH), or None."""
    if not shutil.which("localedef") or not os.path.exists("/usr/share/i18n/locales/de_DE"):
        processor.skipped("a locale with a comma as decimal point", "no localedef, or no de_DE")
        return None
    place = t.path("locales")
    os.makedirs(place, exist_ok=True)
    t.call(["localedef", "-i", "de_DE", "-f", "UTF-8", os.path.join(place, "de_DE.UTF-8")], status=None)
    made = os.path.exists(os.path.join(place, "de_DE.UTF-8", "LC_NUMERIC"))
    return {"LC_ALL": "de_DE.UTF-8", "LOCPATH": place} if made else None


def outputs(t, source, *options, cwd=None, env=None, before=()):
    """The C, the header and the messages of one run."""
    place = t.path("out")
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    r = t.call([*before, t.nnc_path, source, "-o", os.path.join(place, "model.c"), *options], cwd=cwd, env=env)
    err = (r.err.replace(source, "SOURCE").replace(os.path.dirname(source) + "/", "")
           if os.path.dirname(source) else r.err)
    return [t.read("out/model.c"), t.read("out/model.h"), err]


def check_same_bytes_for_everyone(t):
    """The same input gives the same bytes: under another user, home, zone, locale (with a comma as decimal point), from
    another folder, by a relative or an absolute path, with addresses that move or stay, and each time."""
    source, weights = many_tensors()
    for folder in ("here", "there/and further"):
        t.write(f"{folder}/many.nn", source)
        t.write(f"{folder}/w.safetensors", weights)
    comma = comma_locale(t)
    # a container may forbid it
    stays = shutil.which("setarch") and not t.call(["setarch", "-R", "true"], status=None).status
    env = dict(os.environ)
    for options in ((), ("--target", "all", "--standalone"), ("--unroll", "0", "--target", "c")):
        want = outputs(t, "many.nn", *options, cwd=t.path("here"))
        need("unused-tensor" in want[2] and "tanh" in want[0], "there is nothing to compare")
        ways = [{}] * 10 + [
            {"env": {**env, "HOME": "/nowhere", "USER": "somebody", "LOGNAME": "somebody", "HOSTNAME": "elsewhere"}},
            {"env": {**env, "TZ": "Pacific/Kiritimati", "SOURCE_DATE_EPOCH": "1"}},
            {"env": {**env, "LC_ALL": "C.UTF-8", "LANGUAGE": "de"}},
            {"env": {}},
            {"env": {**env, "MALLOC_PERTURB_": "77", "PYTHONHASHSEED": "3", "TERM": "xterm", "COLUMNS": "20"}},
            {"cwd": t.path("there/and further")},
        ]
        if comma:
            ways.append({"env": {**env, **comma}})
        if stays:
            ways.append({"before": ("setarch", "-R")})
        for i, way in enumerate(ways):
            got = outputs(t, "many.nn", *options, **{"cwd": t.path("here"), **way})
            need(got == want, f"{options}: way {i} of running nnc gives other bytes")
        for name, cwd in ((t.path("here/many.nn"), "/"), ("here/many.nn", t.folder),
                          ("./here/../here/many.nn", t.folder),
                          (t.path("there/and further/many.nn"), t.path("here"))):
            got = outputs(t, name, *options, cwd=cwd)
            need(got[:2] == want[:2], f"{options}: {name} gives other bytes than many.nn")
            for text in got[:2]:
                need(t.folder not in text and "there" not in text.split("*/")[0], f"{name}: the output holds a path")


def check_no_locale_no_clock(t):
    """nnc asks neither for the locale nor for the time, the user or the host: it has no way to write them."""
    if not shutil.which("nm"):
        processor.skipped("what nnc asks C's library for", "no nm")
        return
    undefined = {l.split()[-1].split("@")[0]
                 for l in t.call(["nm", "-D", "--undefined-only", t.nnc_path]).out.decode().splitlines() if l}
    need("mkstemp" in undefined or "mkstemp64" in undefined, "nm sees no function of the C library")
    taken = undefined & {"setlocale", "newlocale", "uselocale", "time", "gettimeofday", "localtime", "gmtime",
                         "strftime", "ctime", "rand", "random", "srand", "getrandom", "getpid", "getuid", "getpwuid",
                         "gethostname", "uname", "getcwd"}
    with open(t.nnc_path, "rb") as f:
        instrumented = re.search(rb"__asan_|__gcov_|__llvm_profile_", f.read())   # whose runtime asks for more
    need(instrumented or not taken, f"nnc uses {sorted(taken)}")
    asked = []
    for folder, _, names in os.walk(os.path.join(TOP, "compiler")):
        for name in (n for n in names if n.endswith(".c")):
            with open(os.path.join(folder, name)) as f:
                asked += re.findall(r'getenv\("?(\w*)', f.read())
    # colours and progress of a terminal; the C compiler that run and verify call, and where its files are for a moment
    need(set(asked) == {"NO_COLOR", "TERM", "CC", "CFLAGS", "TMPDIR"}, f"the environment is asked for {asked}")
