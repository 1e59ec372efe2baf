// silero_ort.mjs: Silero VAD by ONNX Runtime (npm's onnxruntime-node), a frame a call, as a contestant of contestant.mjs.
// Arguments: the module's folder, the model. One thread, sequential, all graph optimizations; the state is handed on.
import { createRequire } from "node:module";
import { argument, callInputs, obey } from "./contestant.mjs";

const [module, model] = argument;
const ort = createRequire(import.meta.url)(module);
const session = await ort.InferenceSession.create(model, {
    executionProviders: ["cpu"], intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential",
    graphOptimizationLevel: "all", logSeverityLevel: 3,
});
const sr = new ort.Tensor("int64", BigInt64Array.from([16000n]), []);
const frames = callInputs().map(data => new ort.Tensor("float32", data, [1, data.length]));
const results = [];
let state;

function reset() { state = new ort.Tensor("float32", new Float32Array(2 * 128), [2, 1, 128]); }

async function passes(number) {
    for (let n = 0; n < number; n++)
        for (let i = 0; i < frames.length; i++) {
            const result = results[i] = await session.run({ input: frames[i], state, sr });
            state = result.stateN;
        }
}

reset();
await obey({ reset, passes, outputs: () => results.map(result => result.output.data) });
