/* target: see target.h. */
#include "emit/target.h"

#include <string.h>

static const emit_target baseline = {"nnc_v4", "nnc_v4", 4, &cost_bodies[0], "", "", ""};
static const emit_target avx2 = {"nnc_v8", "nnc_v8", 8, &cost_bodies[1], "_v8", "NNC_TARGET_V8", "NNC_BODY_V8"};
static const emit_target avx512 = {"nnc_v16", "nnc_v16", 16, &cost_bodies[2], "_v16", "NNC_TARGET_V16", "NNC_BODY_V16"};
/* a body that is alone needs no other name */
static const emit_target only_avx2 = {"nnc_v8", "nnc_v8", 8, &cost_bodies[1], "", "NNC_TARGET_V8", "NNC_HAS_V8"};
static const emit_target only_avx512 = {"nnc_v16", "nnc_v16", 16, &cost_bodies[2], "", "NNC_TARGET_V16", "NNC_HAS_V16"};
static const emit_target wasm = {"nnc_v4", "nnc_v4", 4, &cost_wasm, "", "", ""};
/* with int8 weights: VNNI beside the rest */
static const emit_target avx512_dots = {
    "nnc_v16", "nnc_v16", 16, &cost_bodies[2], "_v16", "NNC_TARGET_V16_DOTS", "NNC_BODY_V16_DOTS"};
static const emit_target only_avx512_dots = {
    "nnc_v16", "nnc_v16", 16, &cost_bodies[2], "", "NNC_TARGET_V16_DOTS", "NNC_HAS_V16_DOTS"};
static const emit_target scalar = {"nnc_v1", "float", 1, &cost_scalar, "", "", ""};

static const struct {
    const char *name;
    size_t count;
    const emit_target *targets[3];
} choices[] = {
    {"baseline", 1, {&baseline}},
    {"all", 3, {&baseline, &avx2, &avx512}},
    {"scalar", 1, {&scalar}},
    {"c", 1, {&scalar}},
    {"cortex-m", 1, {&scalar}},
    {"wasm", 1, {&wasm}},
    {"x86-64", 1, {&baseline}},
    {"aarch64", 1, {&baseline}},
    {"x86-64-v3", 1, {&only_avx2}},
    {"x86-64-v4", 1, {&only_avx512}},
};

bool target_select(emit_context *e, const char *name) {
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (strcmp(choices[i].name, name) == 0) {
            e->targets = choices[i].targets;
            e->target_count = choices[i].count;
            emit_use_body(e, 0);
            return true;
        }
    return false;
}

const char *target_name(size_t i) { return i < sizeof choices / sizeof *choices ? choices[i].name : NULL; }

void target_use_dots(emit_context *e) {
    const emit_target **targets = ARENA_ARRAY(e->arena, const emit_target *, e->target_count);
    for (size_t i = 0; i < e->target_count; i++) {
        const emit_target *t = e->targets[i];
        targets[i] = t == &avx512 ? &avx512_dots : t == &only_avx512 ? &only_avx512_dots : t;
        if (targets[i] != t) e->dots = true;
    }
    e->targets = targets;
    emit_use_body(e, e->body);
}

bool target_exists(const char *name) { return target_select(&(emit_context){0}, name); }

void target_bodies(const char *name, plan_options *to) {
    emit_context e = {0};
    if (!target_select(&e, name)) ice("no target %s", name);
    to->body_count = e.target_count;
    for (size_t i = 0; i < e.target_count; i++) to->bodies[i] = e.targets[i]->body;
}
