/* contestant.h: the main program of a contestant written in C or C++.
 *
 * A contestant is a process that works off one workload: `contestant INPUTS OUTPUTS SIZES ...` reads the inputs of one
 * pass and then obeys lines on standard input:
 *
 *     check      from zero states, one pass; writes its outputs to OUTPUTS and answers "ok"
 *     time N     one pass to warm up, then N passes; answers with the nanoseconds of processor time that these N took
 *
 * Processor time, so that what else runs on the core is not counted. SIZES is the members of `sizes` below, with
 * commas. The file that includes this defines load(), reset() and pass(). */
#ifndef CONTESTANT_H
#define CONTESTANT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

static struct {
    size_t calls, steps, batch, input, hidden, output; /* a pass is `calls` calls of `steps` steps */
    size_t states; /* kept from call to call: 2 of an LSTM, 1 of a GRU, 0 where each call begins at zero */
    size_t tokens; /* 1: the inputs are int32_t [steps, batch]; 0: float [steps, batch, input] */
} sizes;

static unsigned char *pass_inputs, *pass_outputs;
static size_t input_bytes, output_bytes; /* of one call */

static void load(int argc, char **argv); /* arguments after SIZES, from argv[0] on */
static void reset(void);                 /* zero states */
static void pass(void);                  /* each call of a pass, from call_input(i) to call_output(i) */

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static inline const void *call_input(size_t i) { return pass_inputs + i * input_bytes; }

static inline float *call_output(size_t i) { return (float *)(void *)(pass_outputs + i * output_bytes); }

/* Contestants that train begin with this: after thousands of steps on the same five batches gradients are so small that
 * their squares are denormal, which no training that is of use comes to. */
static inline void flush_denormals(void) {
#ifdef __SSE2__
    _mm_setcsr(_mm_getcsr() | 0x8040u);
#endif
}

static unsigned char *memory_of(size_t bytes) {
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!memory) fail("out of memory");
    memset(memory, 0, bytes);
    return (unsigned char *)memory;
}

int main(int argc, char **argv) {
    if (argc < 4 || sscanf(argv[3], "%zu,%zu,%zu,%zu,%zu,%zu,%zu,%zu", &sizes.calls, &sizes.steps, &sizes.batch,
                           &sizes.input, &sizes.hidden, &sizes.output, &sizes.states, &sizes.tokens) != 8)
        fail("usage: contestant INPUTS OUTPUTS SIZES ...");
    input_bytes = sizes.steps * sizes.batch * (sizes.tokens ? sizeof(int32_t) : sizes.input * sizeof(float));
    output_bytes = sizes.steps * sizes.batch * sizes.output * sizeof(float);
    pass_inputs = memory_of(sizes.calls * input_bytes);
    pass_outputs = memory_of(sizes.calls * output_bytes);
    FILE *file = fopen(argv[1], "rb");
    if (!file || fread(pass_inputs, input_bytes, sizes.calls, file) != sizes.calls) fail("cannot read the inputs");
    fclose(file);
    load(argc - 4, argv + 4);
    reset();

    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        long passes;
        if (!strcmp(line, "check\n")) {
            reset();
            pass();
            file = fopen(argv[2], "wb");
            if (!file || fwrite(pass_outputs, output_bytes, sizes.calls, file) != sizes.calls || fclose(file))
                fail("cannot write the outputs");
            puts("ok");
        } else if (sscanf(line, "time %ld", &passes) == 1) {
            struct timespec a, b;
            pass();
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
            for (long i = 0; i < passes; i++) pass();
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
            printf("%.0f\n", (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec));
        } else {
            fail("not understood");
        }
        fflush(stdout);
    }
    return 0;
}

#endif
