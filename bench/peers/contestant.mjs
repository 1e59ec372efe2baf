// contestant.mjs: a contestant in JavaScript; contestant.h says what one is. Its arguments begin with INPUTS, OUTPUTS and
// SIZES, which is JSON: a Workload's fields, and `states` and `tokens` as contestant.h has them.
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [, , inputsPath, outputsPath, sizesText, ...more] = process.argv;

export const sizes = JSON.parse(sizesText);
export const argument = more; // those behind SIZES

/** The inputs of each call of a pass. */
export function callInputs() {
    const file = readFileSync(inputsPath);
    const all = sizes.tokens ? new Int32Array(file.buffer, file.byteOffset, file.length / 4)
                             : new Float32Array(file.buffer, file.byteOffset, file.length / 4);
    const each = all.length / sizes.calls;
    return Array.from({ length: sizes.calls }, (_, i) => all.slice(i * each, (i + 1) * each));
}

/** Obeys the lines on standard input. `reset` gives zero states, `passes(n)` makes n passes (or a promise of them),
 *  `outputs()` lists the Float32Arrays that the calls of the last pass wrote. */
export async function obey({ reset, passes, outputs }) {
    for await (const line of createInterface({ input: process.stdin })) {
        const [command, count] = line.split(" ");
        if (command === "check") {
            reset();
            await passes(1);
            writeFileSync(outputsPath, Buffer.concat(outputs().map(a => Buffer.from(a.buffer, a.byteOffset, a.byteLength))));
            console.log("ok");
        } else {
            await passes(1);
            const start = process.cpuUsage();
            await passes(Number(count));
            const used = process.cpuUsage(start);
            console.log(1000 * (used.user + used.system));
        }
    }
}
