// nnc_wasm.mjs: what nnc generated, as WebAssembly, as a contestant. Argument: the module. Inputs and outputs lie in its
// memory behind its own data; JavaScript calls it once for each call of a pass.
import { readFileSync } from "node:fs";
import { argument, callInputs, obey, sizes } from "./contestant.mjs";

const { instance } = await WebAssembly.instantiate(readFileSync(argument[0]), {});
const { memory, __heap_base: heap, reset, run } = instance.exports;
const inputs = callInputs();
const bytes = { input: inputs[0].byteLength, output: sizes.steps * sizes.batch * sizes.output * 4 };
const x = inputs.map((_, i) => (heap.value + 15 & ~15) + i * bytes.input);
const y = inputs.map((_, i) => x[0] + inputs.length * bytes.input + i * bytes.output);
const end = y[0] + inputs.length * bytes.output;
if (end > memory.buffer.byteLength) memory.grow(Math.ceil((end - memory.buffer.byteLength) / 65536));
inputs.forEach((data, i) => new inputs[0].constructor(memory.buffer, x[i], data.length).set(data));

function passes(number) {
    for (let n = 0; n < number; n++) {
        for (let i = 0; i < x.length; i++) {
            const status = run(sizes.steps, x[i], y[i]);
            if (status !== 0) throw new Error(`status ${status}`);
        }
    }
}

reset();
await obey({ reset, passes, outputs: () => y.map(at => new Float32Array(memory.buffer, at, bytes.output / 4)) });
