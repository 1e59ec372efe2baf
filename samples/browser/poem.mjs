// poem.mjs: the model as JavaScript has it, in a browser, a worker or Node. `module` is a WebAssembly.Module of poem.wasm.
export function loadPoem(module) {
    const { memory, ...model } = new WebAssembly.Instance(module).exports;
    // The memory never grows, so that these go on showing it.
    const character = new Int32Array(memory.buffer, model.character_at(), 1);
    const p = new Float32Array(memory.buffer, model.p_at(), model.vocabulary_size());
    const vocabulary = Array.from(new Uint8Array(memory.buffer, model.vocabulary_at(), model.vocabulary_size()),
                                  code => String.fromCharCode(code));

    /** One step: the model takes a character's number and gives the likeliest next one. */
    function step(number) {
        character[0] = number;
        const status = model.run();
        if (status !== 0) throw new Error(`poem_run: status ${status}`);
        return p.indexOf(Math.max(...p));
    }

    /** Goes on from the prompt, a character at a time, until the model says that the poem is over. */
    function* write(prompt, most = 2000) {
        const numbers = Array.from(prompt, c => vocabulary.indexOf(c, 1));
        const unknown = numbers.indexOf(-1);
        if (unknown >= 0) throw new RangeError(`I do not know the first character of '${prompt.slice(unknown)}'`);
        model.reset();
        for (let i = 0, next = 0; i < most; i++) {
            const number = i < numbers.length ? numbers[i] : next;
            if (number === model.vocabulary_end()) return;
            yield vocabulary[number];
            next = step(number);
        }
    }
    return { write };
}
