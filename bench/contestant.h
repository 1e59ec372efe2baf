/* contestant.h: the main program of a contestant written in C or C++.
 *
 * A contestant is a process that works off one workload: `contestant INPUTS OUTPUTS` reads the inputs of one pass
 * (CALLS calls) and then obeys lines on standard input:
 *
 *     check      from zero states, one pass; writes its outputs to OUTPUTS and answers "ok"
 *     time N     one pass to warm up, then N passes; answers with the nanoseconds of processor time that these N took
 *
 * Processor time, so that what else runs on the core is not counted. The file that includes this defines load(),
 * reset() and call(); the workload's sizes come as macros from a header that bench.py writes. */
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

#include "sizes.h" /* CALLS STEPS BATCH INPUT HIDDEN OUTPUT STATES (kept from call to call) TOKENS (0 or 1) */

#if TOKENS
typedef int32_t input_type;
#else
typedef float input_type;
#endif
enum { CALL_INPUTS = STEPS * BATCH * (TOKENS ? 1 : INPUT), CALL_OUTPUTS = STEPS * BATCH * OUTPUT };

static input_type pass_inputs[CALLS * CALL_INPUTS];
static float pass_outputs[CALLS * CALL_OUTPUTS];

static void load(int argc, char **argv);        /* arguments after OUTPUTS, from argv[0] on */
static void reset(void);                        /* zero states */
static void call(const input_type *x, float *y); /* one call: [STEPS, BATCH, ...] */

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void pass(void) {
    for (int i = 0; i < CALLS; i++)
        call(pass_inputs + (size_t)i * CALL_INPUTS, pass_outputs + (size_t)i * CALL_OUTPUTS);
}

int main(int argc, char **argv) {
    if (argc < 3)
        fail("usage: contestant INPUTS OUTPUTS ...");
    FILE *file = fopen(argv[1], "rb");
    if (!file || fread(pass_inputs, sizeof pass_inputs, 1, file) != 1)
        fail("cannot read the inputs");
    fclose(file);
    load(argc - 3, argv + 3);
    reset();

    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        long passes;
        if (!strcmp(line, "check\n")) {
            reset();
            pass();
            file = fopen(argv[2], "wb");
            if (!file || fwrite(pass_outputs, sizeof pass_outputs, 1, file) != 1 || fclose(file))
                fail("cannot write the outputs");
            puts("ok");
        } else if (sscanf(line, "time %ld", &passes) == 1) {
            struct timespec a, b;
            pass();
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
            for (long i = 0; i < passes; i++)
                pass();
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
