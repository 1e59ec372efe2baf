"""contestants: builds nnc's code and the peers for the workloads, and talks to them while they run.

Everything is compiled first (build_all); then each contestant is one process on one core, as contestant.h describes.
"""
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time

import numpy

import workload

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "samples"))
import safetensors  # noqa: E402

NNC, ORT, TORCH, RTNEURAL = "nnc", "ONNX Runtime", "PyTorch", "RTNeural"
ORT_INT8 = "ONNX Runtime int8"                                   # of --weights-type
ORT_WEB, SCALAR = "onnxruntime-web", "nnc without SIMD"         # of --wasm
# What --isa forces: the macro's value is the body of nnc's code; the peers get as near to it as they let themselves.
MARCH = {None: "native", 0: "x86-64", 1: "x86-64-v3", 2: "x86-64-v4"}
TORCH_CAPABILITY = {0: ("default", "SSE41"), 1: ("avx2", "AVX2"), 2: ("avx512", "AVX512_CORE")}
BODIES = ("baseline", "AVX2", "AVX-512")


class Failure(Exception):
    pass


def run_timed(command):
    """Runs a command to its end; its output, and the processor seconds that it took. Failure when it fails."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True)
    said = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failure(f"{pathlib.Path(str(command[0])).name}: {said.strip()[-2000:]}")
    return said, usage.ru_utime + usage.ru_stime


def run(command):
    return run_timed(command)[0]


def has_onnx():
    try:
        import onnx  # noqa: F401
    except ImportError:
        return False
    return True


class Settings:
    """Where things are and how to build them; from the environment and the command line. Of this processor's own code:
    wasm.py has those of WebAssembly."""
    sizes_said = ("Of the generated C, compiled with all bodies: machine code by body (the baseline's with the "
                  "interface), the weights, which all bodies share, with other constants")

    def __init__(self, build, isa, core, nnc):
        self.build, self.isa, self.core, self.nnc = pathlib.Path(build), isa, core, nnc
        self.cc = shlex.split(os.environ.get("CC", "cc"))
        self.cflags = shlex.split(os.environ.get("CFLAGS", "-O2"))
        self.cxx = shlex.split(os.environ.get("CXX", "c++"))
        self.ort_include = os.environ.get("ORT_INCLUDE")
        self.rtneural = os.environ.get("RTNEURAL_DIR")
        x86 = platform.machine() in ("x86_64", "AMD64")
        self.native = ["-march=" + MARCH[isa]] if x86 else ["-mcpu=native"]
        self.rtneural_flags = ["-O3", "-ffast-math", *self.native]
        if x86 and isa in (None, 2) and "Free Software" in run([*self.cxx, "--version"]):   # clang does not know it
            self.rtneural_flags.append("-mprefer-vector-width=512")
        self.skipped = {}           # contestant: why there is none
        self.peers = self.find_peers()

    def find_peers(self):
        """The peers that can be had, by name, with what the table says of each."""
        peers = {}
        module = self.build / "node_modules" / "onnxruntime-node"
        arch = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), "none")
        library = next(module.glob(f"bin/napi-v*/linux/{arch}/libonnxruntime.so.1"), None)
        if not has_onnx():
            self.skipped[ORT] = "python3-onnx is not installed"
        elif library is None:
            self.skipped[ORT] = "onnxruntime-node could not be installed"
        else:
            self.ort_module, self.ort_library = module, library
            how = "its C API, call for call" if self.ort_include else "Node, each pass in one call"
            peers[ORT] = (f"{json.loads((module / 'package.json').read_text())['version']}, through {how}; "
                          "sequential, all graph optimizations")
            if self.isa is not None:
                peers[ORT] += "; " + self.limit_onnx_runtime()
        try:
            import torch
            # OpenBLAS takes the place of the system's BLAS, in this contestant alone.
            self.blas = next(self.build.glob("openblas/usr/lib/*/openblas-serial"), None)
            blas = "OpenBLAS" if self.blas else "the installed BLAS"
            peers[TORCH] = f"{torch.__version__}, eager, inference_mode, {blas}"
        except ImportError:
            self.skipped[TORCH] = "python3-torch is not installed"
        if self.rtneural:
            peers[RTNEURAL] = (f"static model, `{' '.join(self.rtneural_flags)}` "
                               f"({run([*self.cxx, '--version']).splitlines()[0]}); of its Eigen and its STL backend "
                               "the one that is faster on the workload")
        else:
            self.skipped[RTNEURAL] = "RTNEURAL_DIR is not set"
        return peers

    def limit_onnx_runtime(self):
        """ONNX Runtime chooses its kernels by CPUID, and no option and no variable says otherwise. For --isa 1 a copy
        of the library gets its one test for AVX-512 turned into a jump: if (AVX-512F and its registers) in the
        constructor of MLAS_PLATFORM. What the table says of it."""
        if self.isa != 1 or not self.ort_include:
            return "it chooses its instruction set itself" + (", AVX-512 if there is" if self.isa != 2 else "")
        code = self.ort_library.read_bytes()
        # test r32, 1 << 16; je; mov; not; test al, 0xe0; je
        found = list(re.finditer(rb"\xf7.\x00\x00\x01\x00(\x74).{1,4}\x48\xf7.\xa8\xe0\x0f\x84", code, re.DOTALL))
        if len(found) != 1:
            return "it chooses its instruction set itself, AVX-512 if there is (its test for that was not found)"
        folder = self.build / "onnxruntime-avx2"
        folder.mkdir(exist_ok=True)
        at = found[0].start(1)
        self.ort_library = folder / self.ort_library.name
        self.ort_library.write_bytes(code[:at] + b"\xeb" + code[at + 1:])
        return "a copy of it whose test for AVX-512 says no, so that it takes its AVX2 kernels"

    def torch_environment(self):
        """What PyTorch's contestants find: OpenBLAS, and what --isa allows."""
        environment = {"LD_LIBRARY_PATH": str(self.blas)} if self.blas else {}
        if self.isa is not None:
            aten, onednn = TORCH_CAPABILITY[self.isa]
            environment.update(ATEN_CPU_CAPABILITY=aten, DNNL_MAX_CPU_ISA=onednn, ONEDNN_MAX_CPU_ISA=onednn)
            environment.update(OPENBLAS_CORETYPE=("Nehalem", "Haswell", "SkylakeX")[self.isa])
        return environment

    def body(self):
        """Which body of nnc's code runs."""
        return "chosen at run time" if self.isa is None else f"{BODIES[self.isa]}, forced"

    def subtitle(self):
        return "" if self.isa is None else f"; nnc's body for {BODIES[self.isa]}"

    def results(self):
        """What the names of the results end in."""
        return "" if self.isa is None else f"-isa{self.isa}"

    def launch(self, program):
        return [program]

    def compile(self, folder, members, name=NNC, options=()):
        """Compiles the .nn file in `folder` to one program, and enters it for each of `members`; the facts for the
        table."""
        force = [f"-DNNC_FORCE_ISA={self.isa}"] if self.isa is not None else []
        _, generated = run_timed([self.nnc, folder / "model.nn", "-o", folder / "model.c", "--standalone", "--target",
                                  "all", "--weights", folder / "model.safetensors", *options])
        _, compiled = run_timed([*self.cc, *self.cflags, *force, "-c", folder / "model.c", "-o", folder / "model.o"])
        program = folder / name.replace(" ", "-")
        run([*self.cc, "-O2", f"-I{folder}", f"-I{HERE}", HERE / "peers" / "nnc.c", folder / "model.o", "-lm", "-o",
             program])
        for built in members:
            built.entries[name] = [Entry(name, [program, "{inputs}", "{outputs}", built.sizes, built.w.name])]
        return {"seconds": (generated, compiled), "sizes": sizes_of(folder / "model.o")}


# ---- Running --------------------------------------------------------------------------------------------------------

@dataclasses.dataclass
class Entry:
    """A contestant that has been built: how to start it."""
    name: str
    command: list               # {inputs} and {outputs} stand for the files
    variant: str = ""           # where there are several of a name: which
    environment: dict = dataclasses.field(default_factory=dict)
    checked: bool = True        # its outputs are compared with float64


class Contestant:
    def __init__(self, entry, folder, core):
        single = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
        self.name, self.variant, self.checked = entry.name, entry.variant, entry.checked
        self.outputs = folder / "-".join(["outputs", *entry.name.lower().split(), *entry.variant.lower().split()])
        files = {"{inputs}": folder / "inputs", "{outputs}": self.outputs}
        command = ["taskset", "-c", core, *(files.get(word, word) for word in entry.command)]
        self.process = subprocess.Popen([str(word) for word in command], text=True, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env={**os.environ, **single, **entry.environment})

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise Failure(f"{self.name} stopped")
        return answer

    def check(self):
        """The outputs of one pass from zero states."""
        self.ask("check")
        return numpy.fromfile(self.outputs, numpy.float32)

    def time(self, passes):
        """Nanoseconds a pass."""
        return float(self.ask(f"time {passes}")) / passes

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass                # it stopped by itself
        self.process.wait()


# ---- Building -------------------------------------------------------------------------------------------------------

class Built:
    """One workload's folder with its inputs, and the entries that were built for it."""

    def __init__(self, w, settings):
        self.w, self.settings = w, settings
        self.folder = settings.build / "workloads" / w.name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.entries, self.failed, self.facts = {}, {}, {}
        self.parameters, self.inputs = workload.weights(w), workload.inputs(w)
        self.inputs.tofile(self.folder / "inputs")
        self.states = workload.STATES[w.kind] if w.state else 0
        self.tokens = int(bool(w.vocabulary))
        self.sizes = ",".join(str(size) for size in (w.calls, w.steps, w.batch, w.input, w.hidden, w.output,
                                                     self.states, self.tokens))

    def reference(self):
        return workload.reference(self.w, self.parameters, self.inputs).ravel()

    def build(self, name):
        """Builds a peer; what goes wrong with it is kept for the table."""
        try:
            self.entries[name] = PEERS[name](self)
        except Failure as failure:
            self.failed[name] = str(failure)

    def start(self, name):
        """The contestants of that name, running: none, one, or several of which the fastest is to be taken."""
        return [Contestant(entry, self.folder, self.settings.core) for entry in self.entries.get(name, ())]

    def onnx_graph(self):
        import onnx_graph
        graph = self.folder / "graph.onnx"
        with ONNX_LOCK:
            if self.w.program:
                workload.programs.export(self.w.name, self.parameters, graph)
            else:
                onnx_graph.write(self.w, self.parameters, graph)
        return graph

    def onnx_runtime(self, name=None, graph=None):
        s, name, graph = self.settings, name or ORT, graph or self.onnx_graph()
        if s.ort_include:
            return [Entry(name, [s.build / "ort", "{inputs}", "{outputs}", self.sizes, graph])]
        # the whole pass in one call, so that Node's own time counts as little as it can
        return [self.javascript(name, "ort.mjs", s.ort_module, "cpu", graph, calls=1,
                                steps=self.w.calls * self.w.steps)]

    def onnx_runtime_int8(self):
        """Of LSTMs, the only recurrent layer that it quantises."""
        import onnx_graph
        if self.w.kind != "LSTM":
            return []
        graph = self.folder / "graph-int8.onnx"
        with ONNX_LOCK:
            onnx_graph.write(self.w, self.parameters, graph, int8=self.settings.ort_largest)
        return self.onnx_runtime(ORT_INT8, graph)

    def onnx_runtime_web(self):
        return [self.javascript(ORT_WEB, "ort.mjs", self.settings.ort_module, "wasm", self.onnx_graph())]

    def javascript(self, name, program, *arguments, **sizes):
        """A contestant of peers/contestant.mjs; `sizes` in the place of the workload's own."""
        told = json.dumps({**vars(self.w), "output": self.w.output, "states": self.states, "tokens": self.tokens,
                           **sizes})
        return Entry(name, ["node", HERE / "peers" / program, "{inputs}", "{outputs}", told, *arguments])

    def pytorch(self):
        weights = self.folder / "weights.npz"
        numpy.savez(weights, **self.parameters)
        environment = self.settings.torch_environment()
        told = json.dumps({**vars(self.w), "layer": self.w.layer})
        program = HERE / "peers" / "pytorch.py"
        return [Entry(TORCH, [sys.executable, program, "{inputs}", "{outputs}", weights, told, variant], variant,
                      environment) for variant in (("eager", "script") if self.w.cell or self.w.program else ("",))]

    def rtneural(self):
        """RTNeural has the shapes of W1, W2 and W7: one layer, one direction, no batch; elsewhere there is none."""
        w, s, p = self.w, self.settings, self.parameters
        if w.cell or w.program or w.kind == "RNN" or w.vocabulary or w.layers > 1 or w.directions > 1 or w.batch > 1 or not w.state:
            return []

        def gates(name):            # a GRU's r z n becomes z r n
            array = p[f"{w.layer}.{name}_l0"]
            order = [1, 0, 2] if w.kind == "GRU" else [0, 1, 2, 3]
            return array.reshape(len(order), w.hidden, -1)[order].reshape(array.shape)

        biases = [gates("bias_ih"), gates("bias_hh")]
        arrays = [gates("weight_ih").T, gates("weight_hh").T, biases if w.kind == "GRU" else sum(biases)]
        if w.linear:
            arrays += [p["linear.weight"], p["linear.bias"]]
        weights = self.folder / "rtneural.weights"
        weights.write_bytes(b"".join(numpy.asarray(a, numpy.float32).tobytes() for a in arrays))
        root, entries = pathlib.Path(s.rtneural), []
        for backend in ("Eigen", "STL"):
            program = self.folder / f"rtneural-{backend.lower()}"
            run([*s.cxx, "-std=c++17", *s.rtneural_flags, "-DNDEBUG", f"-DRTNEURAL_USE_{backend.upper()}=1",
                 "-DRTNEURAL_DEFAULT_ALIGNMENT=" + ("16" if s.isa == 0 else "32"), "-DEIGEN_STACK_ALLOCATION_LIMIT=0",
                 f"-DINPUT={w.input}", f"-DHIDDEN={w.hidden}", f"-DLINEAR={w.linear}", f"-DGRU={int(w.kind == 'GRU')}",
                 f"-I{HERE}", f"-I{root}", f"-isystem{root / 'modules' / 'Eigen'}", "-isystem/usr/include/eigen3",
                 HERE / "peers" / "rtneural.cpp", "-o", program])
            entries.append(Entry(RTNEURAL, [program, "{inputs}", "{outputs}", self.sizes, weights], backend))
        return entries


PEERS = {ORT: Built.onnx_runtime, ORT_INT8: Built.onnx_runtime_int8, ORT_WEB: Built.onnx_runtime_web,
         TORCH: Built.pytorch, RTNEURAL: Built.rtneural}
ONNX_LOCK = threading.Lock()        # protobuf in Python gains nothing from threads


def compile_models(name, source, members, settings):
    """Compiles one .nn file, which holds the models of `members`, to one program, and enters it for each of them."""
    folder = settings.build / "models" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    parameters = {key: array for built in members for key, array in workload.named(built.w, built.parameters).items()}
    safetensors.save(folder / "model.safetensors", parameters)
    (folder / "model.nn").write_text(source)
    entries = " ".join(f"{'FIXED' if built.w.fixed_steps else 'STEPS'}({built.w.name})" for built in members)
    (folder / "models.h").write_text(f'#include "model.h"\n#define MODELS {entries}\n')
    try:
        facts = settings.compile(folder, members)
    except Failure as failure:
        for built in members:
            built.failed[NNC] = str(failure)
        return
    for built in members:
        built.facts = facts


def sizes_of(model):
    """Bytes of machine code for each body, and of constants, by the symbols of an object file: the functions of a wide
    body end in _v8 or _v16, those of the baseline and the interface in neither; all bodies share the weights."""
    code, constants = [0, 0, 0], 0
    for line in run(["nm", "-S", "--defined-only", model]).splitlines():
        words = line.split()
        if len(words) != 4:
            continue            # without a size
        size, kind, name = int(words[1], 16), words[2].lower(), words[3]
        if kind == "t":
            wide = re.search(r"_v(8|16)(\.|$)", name)
            code[{"8": 1, "16": 2}[wide[1]] if wide else 0] += size
        elif kind == "r" or kind == "d":
            constants += size
    return {**{f"code KiB, {body}": size for body, size in zip(BODIES, code)}, "constants KiB": constants}


def build_all(groups, peers, settings):
    """Builds nnc's code and the peers for all groups (name, text of the .nn file, Built of its models), as many at a
    time as there are cores."""
    if ORT in peers and settings.ort_include:
        run([*settings.cc, "-O2", f"-I{HERE}", f"-I{settings.ort_include}", HERE / "peers" / "ort.c",
             settings.ort_library, f"-Wl,-rpath,{settings.ort_library.resolve().parent}", "-o", settings.build / "ort"])

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(compile_models, name, source, members, settings) for name, source, members in groups]
        jobs += [pool.submit(built.build, peer) for _, _, members in groups for built in members
                 for peer in peers if peer in PEERS]
        for job in jobs:
            job.result()
    print(f"Built in {time.monotonic() - start:.0f} s", flush=True)
