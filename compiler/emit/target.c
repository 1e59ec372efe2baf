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
    const char *march; /* without which a C compiler's code does not call such a body; or NULL */
} choices[] = {
    {"baseline", 1, {&baseline}, NULL},
    {"all", 3, {&baseline, &avx2, &avx512}, NULL},
    {"scalar", 1, {&scalar}, NULL},
    {"c", 1, {&scalar}, NULL},
    {"cortex-m", 1, {&scalar}, NULL},
    {"wasm", 1, {&wasm}, NULL},
    {"x86-64", 1, {&baseline}, NULL},
    {"aarch64", 1, {&baseline}, NULL},
    {"x86-64-v3", 1, {&only_avx2}, "-march=x86-64-v3"},
    {"x86-64-v4", 1, {&only_avx512}, "-march=x86-64-v4"},
};
enum { COUNT = sizeof choices / sizeof *choices };

static size_t find(const char *name) {
    size_t i = 0;
    while (i < COUNT && strcmp(choices[i].name, name) != 0) i++;
    return i;
}

bool target_select(emit_context *e, const char *name) {
    size_t i = find(name);
    if (i == COUNT) return false;
    e->targets = choices[i].targets;
    e->target_count = choices[i].count;
    emit_use_body(e, 0);
    return true;
}

const char *target_name(size_t i) { return i < COUNT ? choices[i].name : NULL; }

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

bool target_exists(const char *name) { return find(name) < COUNT; }

size_t target_body_count(const char *name) { return choices[find(name)].count; }

const char *target_body_name(const char *name, size_t body) {
    const emit_target *t = choices[find(name)].targets[body];
    if (t->lanes == 1) return "one lane";
    return *t->attribute ? t->body->name : NULL;
}

const char *target_march(const char *name) { return choices[find(name)].march; }

void target_bodies(const char *name, plan_options *to) {
    emit_context e = {0};
    if (!target_select(&e, name)) ice("no target %s", name);
    to->body_count = e.target_count;
    for (size_t i = 0; i < e.target_count; i++) to->bodies[i] = e.targets[i]->body;
}
