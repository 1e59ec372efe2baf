"""wasm: what `bench/run --wasm` measures: nnc's code as WebAssembly in Node, with and without SIMD, beside
onnxruntime-web.
"""
import json
import os

import contestants
from contestants import HERE, NNC, ORT_WEB, SCALAR, run, run_timed

WASI = HERE.parent / "tests" / "portability" / "wasi.mjs"
TARGET = ["--target=wasm32-wasi", "--sysroot=/usr"]
# A module that imports nothing: no main, what JavaScript calls exported.
LINK = ["-nostartfiles", "-Wl,--no-entry", "-Wl,--export=__heap_base", "-Wl,-z,stack-size=65536"]
BUILDS = {NNC: (["--target", "wasm"], ["-msimd128"]), SCALAR: (["--target", "scalar"], [])}


class Settings(contestants.Settings):
    sizes_said = "The modules, weights and all"

    def __init__(self, build, core, nnc):
        super().__init__(build, None, core, nnc)
        self.cc = [os.environ.get("CLANG", "clang"), *TARGET]
        # limits.c's; Node's WASI aborts when it grows
        self.native = ["-msimd128", f"-Wl,--initial-memory={160 << 20}"]

    def body(self):
        return "`-msimd128`, `--target wasm`"

    def find_peers(self):
        peers = {}
        module = self.build / "node_modules" / "onnxruntime-web"
        if not contestants.has_onnx():
            self.skipped[ORT_WEB] = "python3-onnx is not installed"
        elif not module.is_dir():
            self.skipped[ORT_WEB] = "npm could not install it"
        else:
            self.ort_module = module
            version = json.loads((module / "package.json").read_text())["version"]
            peers[ORT_WEB] = f"{version}, its wasm SIMD build, one thread, call for call; all graph optimizations"
        peers[SCALAR] = "nnc's code without SIMD: `--target scalar`, compiled without `-msimd128`"
        return peers

    def launch(self, program):
        return ["node", "--no-warnings", "--no-liftoff", WASI, program]    # optimized from the first call on

    def results(self):
        return "-wasm"

    def subtitle(self):
        return f"; WebAssembly SIMD in Node {run(['node', '--version']).strip().lstrip('v')}"

    def compile(self, folder, members):
        """Both builds of the one model in `folder`, as entries of `members`; the facts for the table."""
        facts = {"seconds": None, "sizes": {}}
        (built,) = members
        for name, (nnc, cc) in BUILDS.items():
            source, program = folder / f"{name}.c", folder / f"{name}.wasm"
            _, generated = run_timed([self.nnc, folder / "model.nn", "-o", source, "--header", folder / "model.h",
                                      "--standalone", *nnc, "--weights", folder / "model.safetensors"])
            _, compiled = run_timed([*self.cc, *self.cflags, *cc, f"-I{folder}", HERE / "peers" / "nnc_wasm.c", source,
                                     *LINK, "-lm", "-o", program])
            built.entries[name] = [built.javascript(name, "nnc_wasm.mjs", program)]
            facts["sizes"][f"{name} KiB"] = program.stat().st_size
            facts["seconds"] = facts["seconds"] or (generated, compiled)
        return facts
