"""contestants: builds nnc's code and the peers for one workload, and talks to them while they run.

build() makes all that can be had; each contestant is then one process on one core, which contestant.h describes.
"""
import json
import os
import pathlib
import platform
import shlex
import shutil
import subprocess
import sys
import time

import numpy

import workload

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "samples"))
import safetensors  # noqa: E402

NNC, ORT, TORCH, RTNEURAL = "nnc", "ONNX Runtime", "PyTorch", "RTNeural"
# What --isa forces: the macro's value is the body of nnc's code; the peers get as near to it as they let themselves.
MARCH = {None: "native", 0: "x86-64", 1: "x86-64-v3", 2: "x86-64-v4"}
TORCH_CAPABILITY = {0: ("default", "SSE41"), 1: ("avx2", "AVX2"), 2: ("avx512", "AVX512_CORE")}


class Failure(Exception):
    pass


class Settings:
    """Where things are and how to build them; from the environment and the command line."""

    def __init__(self, build, isa, core, nnc):
        self.build, self.isa, self.core, self.nnc = pathlib.Path(build), isa, core, nnc
        self.cc = shlex.split(os.environ.get("CC", "cc"))
        self.cflags = shlex.split(os.environ.get("CFLAGS", "-O2"))
        self.cxx = shlex.split(os.environ.get("CXX", "c++"))
        self.ort_include = os.environ.get("ORT_INCLUDE")
        self.rtneural = os.environ.get("RTNEURAL_DIR")
        x86 = platform.machine() in ("x86_64", "AMD64")
        self.native = ["-march=" + MARCH[isa]] if x86 else ["-mcpu=native"]
        self.skipped = {}           # contestant: why there is none
        self.peers = self.find_peers()

    def find_peers(self):
        """The peers that can be had, by name, with what the table says of each."""
        peers = {}
        module = self.build / "node_modules" / "onnxruntime-node"
        arch = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), "none")
        library = next(module.glob(f"bin/napi-v*/linux/{arch}/libonnxruntime.so.1"), None)
        try:
            import onnx  # noqa: F401
        except ImportError:
            self.skipped[ORT] = "python3-onnx is not installed"
        else:
            if library is None:
                self.skipped[ORT] = "onnxruntime-node could not be installed"
            else:
                self.ort_module, self.ort_library = module, library
                how = "its C API, call for call" if self.ort_include else "Node, each pass in one call"
                peers[ORT] = f"{json.loads((module / 'package.json').read_text())['version']}, through {how}"
        try:
            import torch
            # OpenBLAS takes the place of the system's BLAS, in this contestant alone.
            self.blas = next(self.build.glob("openblas/usr/lib/*/openblas-serial"), None)
            blas = "OpenBLAS" if self.blas else "the installed BLAS"
            peers[TORCH] = f"{torch.__version__}, eager, inference_mode, {blas}"
        except ImportError:
            self.skipped[TORCH] = "python3-torch is not installed"
        if self.rtneural:
            peers[RTNEURAL] = "static model, Eigen, -O3 -march -ffast-math"
        else:
            self.skipped[RTNEURAL] = "RTNEURAL_DIR is not set"
        return peers


def run(command, **options):
    """Runs a command to its end; what it printed is the message when it fails."""
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, **options)
    if done.returncode:
        raise Failure(f"{pathlib.Path(str(command[0])).name}: {done.stdout.strip()[-2000:]}")
    return done.stdout


class Contestant:
    def __init__(self, name, command, outputs, core, env=None):
        single = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
        self.name, self.outputs = name, outputs
        self.process = subprocess.Popen(
            ["taskset", "-c", str(core), *(str(word) for word in command)], text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env={**os.environ, **single, **(env or {})})

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
        self.process.stdin.close()
        self.process.wait()


class Built:
    """One workload's folder with its inputs, and the contestants' commands."""

    def __init__(self, w, settings):
        self.w, self.settings = w, settings
        self.folder = settings.build / "workloads" / w.name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.parameters, self.inputs = workload.weights(w), workload.inputs(w)
        self.inputs.tofile(self.folder / "inputs")
        self.reference = workload.reference(w, self.parameters, self.inputs).ravel()
        sizes = {"CALLS": w.calls, "STEPS": w.steps, "BATCH": w.batch, "INPUT": w.input, "HIDDEN": w.hidden,
                 "OUTPUT": w.output, "LINEAR": w.linear, "TOKENS": int(bool(w.vocabulary)), "GRU": int(w.kind == "GRU"),
                 "STATES": workload.STATES[w.kind] if w.state else 0, "FIXED_STEPS": int(w.fixed_steps)}
        (self.folder / "sizes.h").write_text("".join(f"#define {k} {v}\n" for k, v in sizes.items()))
        self.sizes = json.dumps({**vars(w), "layer": w.layer, "states": sizes["STATES"], "tokens": sizes["TOKENS"]})

    def start(self, name, command, env=None):
        outputs = self.folder / f"outputs-{name.split()[0].lower()}"
        head = next(i for i, word in enumerate(command) if word is None)
        command = [*command[:head], self.folder / "inputs", outputs, *command[head + 1:]]
        return Contestant(name, command, outputs, self.settings.core, env)

    def compile(self, compiler, flags, source, output, *libraries):
        run([*compiler, *flags, f"-I{self.folder}", f"-I{HERE}", HERE / "peers" / source, *libraries, "-lm",
             "-o", output])

    def nnc(self):
        """The contestant, and what compiling it took: seconds of nnc and of cc, bytes of code and of constants."""
        w, s, folder = self.w, self.settings, self.folder
        source = HERE / "workloads" / f"{w.name}.nn"
        if not source.exists():
            source = folder / f"{w.name}.nn"
            source.write_text(workload.source(w))
        safetensors.save(folder / f"{w.name}.safetensors", self.parameters)
        start = time.perf_counter()
        run([s.nnc, source, "-o", folder / f"{w.name}.c", "--standalone", "--target", "all",
             "--weights", folder / f"{w.name}.safetensors"])
        generated = time.perf_counter()
        force = [f"-DNNC_FORCE_ISA={s.isa}"] if s.isa is not None else []
        run([*s.cc, *s.cflags, *force, "-c", folder / f"{w.name}.c", "-o", folder / "model.o"])
        compiled = time.perf_counter()
        sections = [line.split() for line in run(["size", "-A", folder / "model.o"]).splitlines()]
        sections = [(line[0], int(line[1])) for line in sections if len(line) == 3 and line[0].startswith(".")]
        self.compile(s.cc, ["-O2", f"-DNAME={w.name}", f'-DMODEL_HEADER="{w.name}.h"'], "nnc.c", folder / "nnc",
                     folder / "model.o")
        facts = {"nnc_seconds": generated - start, "cc_seconds": compiled - generated,
                 "code": sum(size for name, size in sections if name.startswith(".text")),
                 "constants": sum(size for name, size in sections if name.startswith((".rodata", ".data.rel.ro")))}
        return self.start(NNC, [folder / "nnc", None]), facts

    def onnx_runtime(self):
        import onnx_graph
        s, graph = self.settings, self.folder / "graph.onnx"
        onnx_graph.write(self.w, self.parameters, graph)
        if s.ort_include:
            self.compile(s.cc, ["-O2", f"-I{s.ort_include}"], "ort.c", self.folder / "ort", s.ort_library,
                         f"-Wl,-rpath,{s.ort_library.resolve().parent}")
            return self.start(ORT, [self.folder / "ort", None, graph])
        return self.start(ORT, ["node", HERE / "peers" / "ort_node.js", None, s.ort_module, graph, self.sizes])

    def pytorch(self):
        weights = self.folder / "weights.npz"
        numpy.savez(weights, **self.parameters)
        env = {"LD_LIBRARY_PATH": self.settings.blas} if self.settings.blas else {}
        if self.settings.isa is not None:
            aten, onednn = TORCH_CAPABILITY[self.settings.isa]
            env.update(ATEN_CPU_CAPABILITY=aten, DNNL_MAX_CPU_ISA=onednn, ONEDNN_MAX_CPU_ISA=onednn)
            env.update(OPENBLAS_CORETYPE=("Nehalem", "Haswell", "SkylakeX")[self.settings.isa])
        return self.start(TORCH, [sys.executable, HERE / "peers" / "pytorch.py", None, weights, self.sizes], env)

    def rtneural(self):
        """RTNeural has the shapes of W1, W2 and W7: one layer, one direction, no batch; elsewhere None."""
        w, s, p = self.w, self.settings, self.parameters
        if w.kind == "RNN" or w.vocabulary or w.layers > 1 or w.directions > 1 or w.batch > 1 or not w.state:
            return None

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
        root = pathlib.Path(s.rtneural)
        flags = ["-std=c++17", "-O3", "-ffast-math", *s.native, "-DNDEBUG", "-DRTNEURAL_USE_EIGEN=1",
                 "-DRTNEURAL_DEFAULT_ALIGNMENT=" + ("16" if s.isa == 0 else "32"),
                 "-DEIGEN_STACK_ALLOCATION_LIMIT=0", f"-I{root}", f"-isystem{root / 'modules' / 'Eigen'}",
                 "-isystem/usr/include/eigen3"]
        self.compile(s.cxx, flags, "rtneural.cpp", self.folder / "rtneural")
        return self.start(RTNEURAL, [self.folder / "rtneural", None, weights])


PEERS = {ORT: Built.onnx_runtime, TORCH: Built.pytorch, RTNEURAL: Built.rtneural}
