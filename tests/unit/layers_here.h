/* Whether this processor runs a vector layer of the runtime, whose nnc_isa() is `isa`; where it does not, the skipped
 * layer is named, in the form that tests/run repeats at its end. */
#include <stdio.h>

NNC_FUNCTION int layer_is_here(const char *layer, int isa) {
    if (nnc_isa() >= isa) return 1;
    printf("skipped: unit tests of the runtime's %s: this processor does not run it\n", layer);
    fflush(stdout);
    return 0;
}
