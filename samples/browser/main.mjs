// main.mjs: the poem in Node: node main.mjs poem.wasm ["FIRST WORDS"]
import { readFileSync } from "node:fs";
import { loadPoem } from "./poem.mjs";

const [, , file, prompt = "Shall I compare thee"] = process.argv;
try {
    const poem = loadPoem(new WebAssembly.Module(readFileSync(file)));
    for (const character of poem.write(prompt)) process.stdout.write(character);
} catch (error) {
    console.error(`poem: ${error.message}`);
    process.exitCode = 1;
}
