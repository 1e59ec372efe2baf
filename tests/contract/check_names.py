"""Names: of parameters, of the interface, of everything at file scope."""
import re

from check_interface import ORDER, STREAM, STRUCT_MODELS
from kit import need

RESERVED = """self float class linux unix int new template this namespace for auto register typename char bool true_
not and xor
operator private virtual volatile restrict inline goto typeof asm nullptr constexpr alignas thread_local co_await size_t
int32_t delete try throw using union struct enum void short signed unsigned const_cast wchar_t""".split()


def check_names_that_are_taken(t):
    """Parameters have the `.nn` file's names; one that C, C++ or the interface has taken (`self`, `float`, `class`,
    `linux`) gets a trailing `_`."""
    taken = [n for n in RESERVED if not n.endswith("_")]
    free = ["x", "tags", "T_", "value2", "sentence", "a_b"]
    t.model("model m {\n" + "".join(f"    input {n}: float32[2]\n" for n in taken + free)
            + "    output y = " + " + ".join(taken + free) + "\n    output default = y\n}\n")
    head = t.read("model.h")
    for n in taken + ["default"]:
        need(re.search(r"float \*%s_[,)]" % n, head), f"{n} is not {n}_")
    for n in free:
        need(re.search(r"float \*%s[,)]" % n, head), f"{n} does not keep its name")
    for std in ("c99", "gnu17", "c++11", "gnu++20"):
        for cc in t.compilers:
            t.object("model.c", cc=cc, std=std, flags=("-fsyntax-only",))


def check_names_of_library_functions(t):
    """Parameters have the `.nn` file's names, also where these are names that the code itself uses."""
    names = ("memcpy memset expf logf log exp sqrtf tanhf fabsf y0 y1 j0 index gamma div time NULL size_t i j k n t "
             "x y out work floats ints scratch start rows steps gates lengths w s0 m m_run m_reset m_head m_lstm "
             "nnc_align nnc_v4 isnan signbit errno EOF NDEBUG assert state_h main h_0 cell0 value uintptr_t isinf I "
             "bool unused").split()
    source = "model m {\n    dim T_count = 1..40\n    dim T_start = 1..3\n"
    source += "".join(f"    input {n}: float32[T_count, T_start, 4]\n" for n in names)
    source += ("    state h: float32[3, 5]\n    layer lstm = LSTM(4, 5)\n    layer head = Linear(5, 2)\n    all = "
               + " + ".join(names))
    source += ("\n    a, _ = lstm(log(exp(sqrt(all * all))))\n    h = h + 1\n"
               "    output r = softmax(head(a), dim=-1)\n}\n")
    t.model(source)
    for cc, std in t.ways(("c99", "gnu17", "c++11")):
        t.object("model.c", cc=cc, std=std, flags=("-fsyntax-only",))


def check_names_of_training(t):
    """Parameters have the `.nn` file's names, also where these are names that the functions of training use."""
    names = ("status status_ lr lr_ total norm scale size word words data bytes from to key0 value step grad seed "
             "m_fc m_place m_update m_pack m_eval_sub m_gradients m_train_fc_grad").split()
    source = "model m {\n    dim N = 1..4\n" + "".join(
        f"    {'target' if i % 2 else 'input'} {n}: float32[N, 4]\n" for i, n in enumerate(names))
    source += ("    layer drop = Dropout(0.5)\n    layer fc = Linear(4, 4)\n    output o = fc(drop("
               + " + ".join(names[::2]) + "))\n")
    source += ("    loss train = mse_loss(o, " + " + ".join(names[1::2])
               + ")\n    output params = grad(train, o)\n    train SGD()\n}\n")
    t.model(source)
    for cc, std in t.ways(("c99", "c++11")):
        t.object("model.c", cc=cc, std=std, flags=("-fsyntax-only",))


def check_names_of_values(t):
    """Values, params, states, layers and dims may have every name: also one that C has taken with whatever stands
    behind it."""
    names = ("_a _A a__b __ nnc_x nnc_v4 NNC_X _Bool x_ dim_T fabsf".split()
             + [n for n in RESERVED if not n.endswith("_")])
    source = "model m {\n    input in0: float32[3, 4]\n    v = in0\n"
    for i, n in enumerate(names):   # read twice by one kernel, and left by one that stands alone
        source += f"    {n} = sigmoid(v * {i + 2})\n    v = {n} * ({n} + 1)\n"
    for n in names:
        source += f"    {n} = cumsum(v, 0)\n    v = softmax({n} @ t({n}), -1) @ v\n"
    models = {"values": source + "    output r = v\n}\n",
              "params": "model m {\n    v = zeros(3, 4)\n" + "".join(f"    param {n}: float32[4]\n" for n in names)
                        + "".join(f"    v = tanh(v + {n})\n" for n in names) + "    output r = v\n}\n",
              "states": "model m {\n    input in0: float32[4]\n    v = in0\n"
                        + "".join(f"    state {n}: float32[4]\n    {n} = relu({n} * v)\n    v = v + {n} * {n}\n"
                                  for n in names)
                        + "    output r = v\n}\n",
              "layers": "model m {\n    input in0: float32[3, 4]\n    v = in0\n"
                        + "".join(f"    layer {n} = Linear(4, 4)\n    v = {n}(v)\n" for n in names)
              + "    output r = v\n}\n",
              "dims": "model m {\n" + "".join(f"    dim {n} = 1..4\n    input in{i}: float32[{n}, 2]\n"
                                              f"    output r{i} = softmax(relu(in{i}), 0)\n"
                                              for i, n in enumerate(names) if n not in ("_A", "NNC_X")) + "}\n"}
    for what, text in models.items():
        for target in ("baseline", "scalar"):
            t.model(text, "--random-weights", "1", "--target", target)
            for cc, std in t.ways(("c99", "c++11")):
                t.object("model.c", cc=cc, std=std, flags=("-fsyntax-only",))


def check_names_of_macros(t):
    """One that C has taken gets a trailing `_`: also the macros of the headers that the generated files include."""
    base = t.write("base.c", "#include <stddef.h>\n#include <stdint.h>\n#include <math.h>\n#include <string.h>\n")
    macros = set()
    for std in ("c99", "gnu17"):
        macros |= set(re.findall(r"^#define ([A-Za-z]\w*) ",
                                 t.call(["gcc", f"-std={std}", "-E", "-dM", base]).out.decode(), re.M))
    names = sorted(n for n in macros if "__" not in n and not re.match("_[A-Z]", n))
    need(len(names) > 50, f"only {names}")
    broken = []
    for chunk in range(0, len(names), 8):
        some = names[chunk:chunk + 8]
        t.model("model m {\n" + "".join(f"    input {n}: float32[2]\n" for n in some) + "    output y = "
                + " + ".join(some)
                + "\n}\n")
        for std in ("c99", "gnu17"):
            r = t.call([*t.compiler("gcc", std), "-fsyntax-only", "model.c"], status=None)
            if r.status:
                broken += [n for n in some if re.search(rf"\*{n}[,)]", t.read("model.h")) and n not in broken]
    need(not broken, f"these names of inputs do not compile: {' '.join(broken)}")


def accepted(t, models):
    """Of models, those that nnc compiles, all in one file; each line with an error takes away its model."""
    while True:
        t.write("some.nn", "".join(models))
        r = t.nnc("some.nn", "-o", "some.c", "--random-weights", "1", "--target=baseline", status=None)
        if r.status == 0:
            return "".join(models)
        wrong = {int(line) for line in re.findall(r"^some\.nn:(\d+):\d+: error:", r.err, re.M)}
        need(r.status == 1 and wrong, r.err)
        kept, line = [], 1
        for model in models:
            end = line + model.count("\n")
            if not wrong & set(range(line, end)):
                kept.append(model)
            line = end
        models = kept


def check_names_put_together(t):
    """File-scope names begin with the model's name: put together with a layer's or a dim's, none is a name of a
    header."""
    headers = "stddef stdint math string".split()
    others = "limits float stdlib stdio wchar signal inttypes".split()   # that a program may include beside the model's
    source = "".join(f"#include <{h}.h>\n" for h in headers)
    base, more = t.write("base.c", source), t.write("more.c", source + "".join(f"#include <{h}.h>\n" for h in others))
    names = set(re.findall(r"^#define ([A-Za-z]\w*)", t.call(["gcc", "-E", "-dM", base]).out.decode(), re.M))
    names |= set(re.findall(r"(\w+_t);", t.call(["gcc", "-E", base]).out.decode()))
    models = {}
    for name in sorted(names):
        for at in (i for i, c in enumerate(name) if c == "_" and 0 < i < len(name) - 1):
            models.setdefault(name[:at], []).append(name[at + 1:])
    text = {m: f"model {m} {{\n    input x: float32[4]\n"
               + "".join(f"    layer {n} = Linear(4, 4)\n    x = {n}(x)\n" for n in layers)
            + "    output y = x\n}\n" for m, layers in models.items() if re.fullmatch("[A-Za-z]\\w*", m)}
    need({"int8", "math", "M", "size"} <= set(text), f"only {sorted(text)}")
    # models called as what the headers of x86's vectors declare
    library = t.write("library.c", "#include <stdlib.h>\n#include <sys/types.h>\n")
    declared = t.call(["gcc", "-E", library]).out.decode().replace("\n", " ")
    for name in set(re.findall(r"\b([a-z]\w*) ?\(", declared)) | set(re.findall(r"\b([a-z]\w*);", declared)):
        text.setdefault(name, f"model {name} {{\n    input x: float32[4]\n    output y = relu(x)\n}}\n")
    for upper in (True, False):   # MATH and math would share their macros
        t.model(accepted(t, [text[m] for m in sorted(text) if m.isupper() == upper]), "--random-weights", "1")
        for cc, std in t.ways(("c99", "gnu17", "c++11")):
            t.object("model.c", cc=cc, std=std, flags=("-fsyntax-only",))
    macros = re.findall(r"^#define ([A-Z]\w*)_(?:MIN|MAX) ",
                        t.call(["gcc", "-D_GNU_SOURCE", "-E", "-dM", more]).out.decode(), re.M)
    for macro in sorted(set(macros)):
        for at in (i for i, c in enumerate(macro) if c == "_" and 0 < i < len(macro) - 1):
            t.write("one.nn",
                    f"model {macro[:at]} {{\n    dim {macro[at + 1:]} = 1..4\n    input x: float32[{macro[at + 1:]}]\n"
                    "    output y = relu(x)\n}\n")
            need(t.nnc("one.nn", "-o", "one.c", "--target=baseline", status=None).status == 1, f"{macro}_MAX is taken")


def source_text(headers):
    return "".join(f"#include <{h}.h>\n" for h in headers)


def check_models_called_as_what_c_has(t):
    """A model's name that C has taken is an error: every type that a header of C declares, and every function that
    generated code might call; one of the others is a warning, and the header declares the model beside that
    function."""
    headers = ("assert complex ctype errno fenv float inttypes limits locale math setjmp signal stdarg stddef stdint "
               "stdio stdlib string time uchar wchar wctype").split()
    source = t.write("all.c", source_text(headers))
    declared = t.call(["gcc", "-std=c11", "-E", "-P", source]).out.decode()
    declared = re.sub(r"__attribute__ *\(\(.*?\)\)", "", declared, flags=re.S)
    names = set(re.findall(r"\b([A-Za-z]\w*) ?\([^;]*\) ?(?:__\w+ *(?:\(.*?\))? *)*;", declared))
    names |= set(re.findall(r"(?:\}|typedef [^;{}]*?)\s*\b([A-Za-z]\w*)(?:\[\d*\])?;", declared))
    names = {n for n in names if not n.startswith("__")} - {"int", "void"}
    need({"free", "printf", "time", "FILE", "remove", "cabsf", "jmp_buf"} <= names, f"only {sorted(names)}")
    t.write("all.nn",
            "".join(f"model {name} {{\n    input x: float32[2]\n    output y = x * 2\n}}\n" for name in sorted(names)))
    said = t.nnc("all.nn", "-o", "all_of_them.c", "--target=baseline", status=1).err
    refused = set(re.findall(r"error: a model cannot be called (\w+):", said))
    header_of = dict(re.findall(r"warning: (\w+) is also a function of <(\w+\.h)>", said))
    called = sorted(set(header_of) - refused)
    taken = sorted(names - refused - set(called))
    need(not taken, f"models may be called {' '.join(taken)}")
    need({"free", "time", "signal", "isalpha"} <= set(called)
         and not {"exp", "memcpy", "FILE"} & set(called), f"{called}")
    models = "".join(f"model {name} {{\n    state h: float32[2]\n    input x: float32[2]\n    h = h + x\n"
                     f"    output h\n}}\n"
                     for name in called)
    t.model(models, "--target=baseline")
    alone = {name: t.write(f"{name}_alone.c", f"#include <{header}>\n") for name, header in header_of.items()}
    for name, path in alone.items():
        need(re.search(rf"\b{name} ?\(", t.call(["gcc", "-E", "-P", path]).out.decode()),
             f"{header_of[name]} has no {name}")
    uses = "".join(f"static {name} self_{name};\nvoid use_{name}(void) {{ {name}_reset(&self_{name}); }}\n"
                   for name in called)
    t.write("before.c", source_text(headers) + '#include "model.h"\n' + uses)
    t.write("behind.c", '#include "model.h"\n' + source_text(headers) + uses)
    for cc, std in t.ways(("c99", "gnu17")):
        for file in ("before.c", "behind.c", "model.c"):
            t.object(file, cc=cc, std=std, flags=("-fsyntax-only",))
    t.object("model.c", std="c++11", flags=("-fsyntax-only",))
    t.write("call.c", '#include "model.h"\nint f(void *p);\nint f(void *p) { if (p) { free(p); } return 0; }\n')
    need("free_is_a_model_in_this_file" in t.call(["gcc", "-std=c99", "-I", t.runtime, "-c", "call.c"], status=1).err,
         "a call of free is taken for something else")


def check_output_that_is_an_input(t):
    """An output that is also an input is `x_out` (and binds nothing of the input's argument)."""
    t.model("model m {\n    dim T = 1..3\n    input x: float32[T]\n    input self: float32[T]\n    output x = x * 2\n"
            "    output self\n}\n")
    need("m_run(m *self, size_t T, const float *x, const float *self_, float *x_out, float *self_out);"
         in re.sub(r"\s+", " ", t.read("model.h")), t.read("model.h"))
    for std in ("c99", "c++11"):
        t.object("model.c", std=std)


def check_clashing_names_are_errors(t):
    """API names that clash are compile-time errors."""
    taken = []
    body = "{\n    input x: float32[2]\n    output y = x * 2\n}\n"
    sized = "{\n    dim %s = 1..3\n    input x: float32[%s]\n    output y = x * 2\n}\n"
    for what, source in {
            "the same model twice": "model a " + body + "model a " + body,
            "a_run is a function and a type": "model a " + body + "model a_run " + body,
            "a_reset is a function and a type": "model a_reset " + body + "model a " + body,
            "the macros of a and A": "model a " + sized % ("T", "T") + "model A " + sized % ("T", "T"),
            "the macros of dims t and T": "model a {\n    dim t = 1..3\n    dim T = 1..3\n    input x: float32[t, T]\n"
                                          "    output y = x * 2\n}\n",
            "A_B_T_MAX twice": "model a " + sized % ("B_T", "B_T") + "model a_b " + sized % ("T", "T"),
            "class and class_": "model a {\n    input class: float32[2]\n    input class_: float32[2]\n"
                                "    output y = class + class_\n}\n",
            "x_out twice": "model a {\n    input x: float32[2]\n    input x_out: float32[2]\n"
                           "    output x = x + x_out\n}\n",
            "an output twice": "model a {\n    input x: float32[2]\n    output y = x\n    output y = x + 1\n}\n",
            "two inputs of one name": "model a {\n    input x: float32[2]\n    input x: float32[2]\n"
                                      "    output y = x\n}\n",
            "a model called float": "model float " + body,
            "a model called class": "model class " + body,
            "a model called nnc_status": "model nnc_status " + body,
            "a model called size_t": "model size_t " + body,
            "a model called main": "model main " + body,
            "a model called memcpy": "model memcpy " + body,
            "a model called expf": "model expf " + body,
    }.items():
        t.write("clash.nn", source)
        r = t.nnc("clash.nn", "-o", "clash.c", "--random-weights", "1", status=None)
        if r.status != 1:
            taken.append(f"{what} (exit status {r.status})")
    need(not taken, "taken without an error: " + "; ".join(taken))


def check_model_called_nnc(t):
    """File-scope names begin with the model's name; the shared ones with nnc_: a model `nnc` is refused, or hides
    none."""
    t.write("nnc.nn", "model nnc {\n    dim OK = 1..3\n    input x: float32[OK, 6]\n    layer align = Linear(6, 6)\n"
            "    layer v4_madd = LSTM(6, 6)\n    layer add_i32 = Linear(6, 5)\n    a, _ = v4_madd(align(x))\n"
            "    output y = tanh(add_i32(a))\n    output n = argmax(y) + 1\n}\n")
    r = t.nnc("nnc.nn", "-o", "nnc.c", "--random-weights", "1", status=None)
    need(r.status in (0, 1), r.err)
    if r.status == 0:
        t.object("nnc.c")


def check_symbols_of_the_object(t):
    """File-scope names begin with the model's name; no global that is written; weights are `static const`."""
    t.model(STREAM + ORDER + STRUCT_MODELS["picks"])
    models = ("stream", "order", "picks")
    for cc, flags in t.ways((["-O0"], ["-O2"])):
        t.object("model.c", cc=cc, flags=flags)
        symbols = [l.split()[-2:] for l in t.call(["nm", "--defined-only", "model.o"]).out.decode().splitlines()]
        exported = sorted(n for kind, n in symbols if kind.isupper())
        want = sorted(f"{m}_{f}" for m in models for f in ("reset", "run"))
        need(exported == want, f"{cc}: exported are {exported}")
        for kind, name in symbols:
            need(kind in "TtRrNn", f"{cc} {flags[0]}: {name} is writable ({kind})")
            plain = name.lstrip(".")
            need(plain.startswith(models + ("nnc_",)) or re.match(r"L[A-Z]*\d|LC|constprop|rodata", plain),
                 f"{cc}: {name} begins with no model's name")
        if flags == ["-O0"]:
            need(any(k == "r" and "lstm" in n for k, n in symbols), "no table of weights in .rodata")
    code = t.read("model.c")
    need(not re.search(r"^static (?!const|inline|void|float|int32_t|size_t|nnc_)", code, re.M),
         "a file-scope variable that is not const")


def check_macros_and_types_of_the_file(t):
    """File-scope names begin with the model's name: macros, types and enumerators too; the shared ones with NNC_ or
    nnc_."""
    t.model(STREAM)
    t.write("base.c",
            "#include <math.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n#include <xmmintrin.h>\n"
            "#include <immintrin.h>\n")
    for file in ("model.c", "model.h"):
        macros = [{l.split()[1].split("(")[0]
                   for l in t.call([*t.compiler("gcc")[:2], "-I", t.runtime, "-E", "-dM", f]).out
                  .decode().splitlines()} for f in ("base.c", file)]
        for name in macros[1] - macros[0]:
            need(re.match(r"NNC_|STREAM_", name), f"{file} defines the macro {name}")
    for name in re.findall(r"^enum \{ (\w+)|^typedef .*?(\w+);$", t.read("model.c") + t.read("model.h"), re.M):
        name = "".join(name)
        need(name.startswith(("stream", "nnc_")), f"{name} begins with no model's name")
