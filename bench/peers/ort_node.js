// ort_node.js: ONNX Runtime through Node, as a contestant (see contestant.h):
// `ort_node.js INPUTS OUTPUTS MODULE GRAPH SIZES`, where SIZES is JSON. The whole pass goes through in one call, so
// that Node's own time counts as little as it can.
const fs = require('fs');
const readline = require('readline');
const [inputsPath, outputsPath, modulePath, graph, sizesText] = process.argv.slice(2);
const ort = require(modulePath);
const sizes = JSON.parse(sizesText);

async function main() {
    const session = await ort.InferenceSession.create(graph, {
        executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential',
        graphOptimizationLevel: 'all', logSeverityLevel: 3,
    });
    const raw = fs.readFileSync(inputsPath);
    const bytes = raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length);
    const steps = sizes.calls * sizes.steps;
    const feeds = {
        x: sizes.tokens ? new ort.Tensor('int32', new Int32Array(bytes), [steps, sizes.batch])
                        : new ort.Tensor('float32', new Float32Array(bytes), [steps, sizes.batch, sizes.input]),
    };
    for (const state of ['h', 'c'].slice(0, sizes.states)) {
        const zeros = new Float32Array(sizes.batch * sizes.hidden);
        feeds[state] = new ort.Tensor('float32', zeros, [1, sizes.batch, sizes.hidden]);
    }

    for await (const line of readline.createInterface({input: process.stdin})) {
        const [command, count] = line.split(' ');
        if (command === 'check') {
            const {data} = (await session.run(feeds, ['y'])).y;
            fs.writeFileSync(outputsPath, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
            console.log('ok');
        } else {
            await session.run(feeds, ['y']);
            const start = process.cpuUsage();
            for (let i = 0; i < Number(count); i++)
                await session.run(feeds, ['y']);
            const used = process.cpuUsage(start);
            console.log(1000 * (used.user + used.system));
        }
    }
}

main().catch(error => { console.error(error); process.exit(1); });
