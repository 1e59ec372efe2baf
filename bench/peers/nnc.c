/* nnc.c: what nnc generated, as a contestant. NAME is the model's name, MODEL_HEADER its header. */
#include "contestant.h"
#include MODEL_HEADER

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)

static NAME self;

static void load(int argc, char **argv) {
    (void)argc, (void)argv;
}

static void reset(void) {
    PASTE(NAME, _reset)(&self);
}

static void call(const input_type *x, float *y) {
#if FIXED_STEPS
    nnc_status status = PASTE(NAME, _run)(&self, x, y);
#else
    nnc_status status = PASTE(NAME, _run)(&self, STEPS, x, y);
#endif
    if (status != NNC_OK)
        fail(nnc_status_string(status));
}
