/* Whether this processor runs a vector layer of the runtime, whose nnc_isa() is `isa`; where it does not, the skipped
 * layer is named, in the form that tests/run repeats at its end. */
#include <stdio.h>

NNC_FUNCTION int layer_is_here(const char *layer, int isa) {
    if (nnc_isa() >= isa) return 1;
    printf("skipped: unit tests of the runtime's %s: this processor does not run it\n", layer);
    fflush(stdout);
    return 0;
}

/* Is madd one operation, rounded once? */
#if defined(__aarch64__) || defined(__ARM_FEATURE_FMA) || defined(FP_FAST_FMAF)
#define NNC_V1_FUSES 1
#else
#define NNC_V1_FUSES 0
#endif
#if defined(__SSE2__)
#define NNC_V4_FUSES 0
#else
#define NNC_V4_FUSES NNC_V1_FUSES
#endif
