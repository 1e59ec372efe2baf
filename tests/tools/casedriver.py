"""The C driver of a test case, and the scripts of runs that it reads (see case_driver.h)."""
import os
import struct

C_TYPES = {"float32": "float", "int32": "int32_t"}
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "case_driver.c")   # is linked with every driver


def source(models, beside=False, headers=("model.h",)):
    """The driver's C text. models: a list of (name, number of run-time dims, input dtypes, output dtypes), of
    `headers`.

    beside: their weights are in model.weights.
    Operation 2k resets model k, operation 2k + 1 runs it. The structs are buffers 0 .. len(models) - 1. All names begin
    with case_: a model may be called free, or size.
    """
    out = [f'#include "{header}"' for header in headers] + ['#include "case_driver.h"', ""]
    for k, (name, dims, inputs, outputs) in enumerate(models):
        out += [f"static {name} *case_self_{k};"] + [f"static const {name}_weights *case_weights_{k};"] * beside
        out += ["", f"static void case_run_{k}(void)", "{", "    nnc_status case_status;"]
        out += [f"    size_t case_d{i} = case_number();" for i in range(dims)]
        for i, t in enumerate(inputs):
            out.append(f"    const {C_TYPES[t]} *case_in{i} = (const {C_TYPES[t]} *)case_input();")
        for i, t in enumerate(outputs):
            out.append(f"    {C_TYPES[t]} *case_out{i} = ({C_TYPES[t]} *)case_output();")
        args = ([f"self_{k}"] + [f"weights_{k}"] * beside + [f"d{i}" for i in range(dims)]
                + [f"in{i}" for i in range(len(inputs))])
        args += [f"out{i}" for i in range(len(outputs))]
        out += [f"    case_status = {name}_run({', '.join('case_' + a for a in args)});",
                "    if (case_status != NNC_OK) case_fail(nnc_status_string(case_status));",
                f"    case_finish({len(models)});", "}", ""]
    out += ["int main(int case_argc, char **case_argv)", "{", "    size_t case_operation;",
            "    case_open(case_argc, case_argv);"]
    for k, (name, *_) in enumerate(models):
        out.append(f"    case_self_{k} = ({name} *)case_buffer(sizeof({name}));")
        if beside:
            out += ["    {", "        nnc_status case_status;", "        size_t case_size;",
                    "        const void *case_data = case_weights(\"model.weights\", &case_size);",
                    f"        case_weights_{k} = {name}_weights_at(case_data, case_size, &case_status);",
                    f"        if (!case_weights_{k}) case_fail(nnc_status_string(case_status));", "    }"]
    out.append(f"    while ((case_operation = case_number()) < {2 * len(models)}) {{")
    for k, (name, *_) in enumerate(models):
        weights = f", case_weights_{k}" * beside
        out += [f"        if (case_operation == {2 * k}) {name}_reset(case_self_{k}{weights});",
                f"        if (case_operation == {2 * k + 1}) case_run_{k}();"]
    return "\n".join(out + ["    }", "    case_finish(0);", "    case_close();", "    return 0;", "}"]) + "\n"


class Script:
    """Collects operations of a driver of so many `models`, the models from number `first` on being called 0, 1, …;
    `sizes` are those of all outputs in the order in which they will come back."""

    def __init__(self, models, first=0):
        self.data, self.sizes, self.end, self.first = bytearray(), [], 2 * models, first

    def number(self, n):
        self.data += struct.pack("<i", n)

    def reset(self, model):
        self.number(2 * (self.first + model))

    def run(self, model, dims, inputs, output_sizes):
        self.number(2 * (self.first + model) + 1)
        for d in dims:
            self.number(d)
        for data in inputs:
            self.number(len(data))
            self.data += data
        for size in output_sizes:
            self.number(size)
        self.sizes += output_sizes

    def text(self):
        return bytes(self.data) + struct.pack("<i", self.end)

    def results(self, data):
        """The results file cut into its outputs; None if it is not as long as it should be."""
        if len(data) != sum(self.sizes):
            return None
        out, at = [], 0
        for size in self.sizes:
            out.append(data[at:at + size])
            at += size
        return out
