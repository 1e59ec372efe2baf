// ort.mjs: ONNX Runtime for JavaScript as a contestant, native (npm's onnxruntime-node) or as WebAssembly (onnxruntime-web).
// Arguments: the module's folder, the execution provider (cpu or wasm), the graph. One thread, sequential, all graph
// optimizations; the inputs' tensors are made beforehand, and the states that a call returns are the next call's.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { argument, callInputs, obey, sizes } from "./contestant.mjs";

const [module, provider, graph] = argument;
const ort = createRequire(import.meta.url)(module);
ort.env.wasm.numThreads = 1;
const session = await ort.InferenceSession.create(readFileSync(graph), {
    executionProviders: [provider], intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential",
    graphOptimizationLevel: "all", logSeverityLevel: 3,
});

const shape = sizes.program.length ? sizes.program[0] : sizes.tokens ? [sizes.steps, sizes.batch] : [sizes.steps, sizes.batch, sizes.input];
const feeds = callInputs().map(data => ({ x: new ort.Tensor(sizes.tokens ? "int32" : "float32", data, shape) }));
const states = ["h", "c"].slice(0, sizes.states);
const fetches = ["y", ...states.map(state => `${state}_n`)];
const results = [];
let kept = {};

function reset() {
    for (const state of states)
        kept[state] = new ort.Tensor("float32", new Float32Array(sizes.batch * sizes.hidden), [1, sizes.batch, sizes.hidden]);
}

async function passes(number) {
    for (let n = 0; n < number; n++) {
        for (let i = 0; i < feeds.length; i++) {
            const result = results[i] = await session.run({ ...feeds[i], ...kept }, fetches);
            for (const state of states) kept[state] = result[`${state}_n`];
        }
    }
}

reset();
await obey({ reset, passes, outputs: () => results.map(result => result.y.data) });
