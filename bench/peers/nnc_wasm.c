/* nnc_wasm.c: what nnc generated, exported to nnc_wasm.mjs. bench.py writes models.h, see nnc.c; here it names one model. */
#include "models.h"

#define MODEL(NAME, ...)                                                                                               \
    static NAME self;                                                                                                  \
    __attribute__((export_name("reset"))) void reset(void) { NAME##_reset(&self); }                                    \
    __attribute__((export_name("run"))) nnc_status run(size_t steps, const void *x, float *y) {                        \
        (void)steps;                                                                                                   \
        return NAME##_run(&self, __VA_ARGS__);                                                                         \
    }
#define FIXED(NAME) MODEL(NAME, x, y)
#define STEPS(NAME) MODEL(NAME, steps, x, y)

void reset(void);
nnc_status run(size_t steps, const void *x, float *y);
MODELS
