/* target: the vector layers of the runtime that bodies are emitted for. */
#include "emit/kernel.h"

const emit_target emit_targets[EMIT_TARGETS] = {
    {"nnc_v4", 4, 16, "", "", ""},
};
