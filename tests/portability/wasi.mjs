// wasi.mjs: node wasi.mjs PROG ARGUMENT...: runs a wasm32-wasi program in the current folder; its exit status is ours.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [, , program, ...args] = process.argv;
const wasi = new WASI({ version: "preview1", args: [program, ...args], env: {}, preopens: { ".": "." }, returnOnExit: true });
const module = new WebAssembly.Module(readFileSync(program));
const instance = new WebAssembly.Instance(module, wasi.getImportObject());
process.exitCode = wasi.start(instance) ?? 0;
