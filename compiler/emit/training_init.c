/* training_init: the first parameters: those of the weights file, or NAME_init's, which draws parameters as torch's
 * modules do: of the same distributions, not the same numbers. Parameter i of the file draws from Philox4x32-10 with
 * the seed as key, and i in the counter. */
#include <math.h>
#include <string.h>

#include "emit/training_pack.h"
#include "emit/training.h"
#include "emit/training_parts.h"

/* words[i % 4], made anew for every fourth i; as a number of 24 bits. */
static cexpr *draw(const training *t, cblock *b, cexpr *which) {
    cunit *u = t->u;
    cexpr *i = c_name(u, "i"), *four = c_int(u, 4);
    cblock *next = c_if(b, c_binary(u, "==", c_binary(u, "%", i, four), c_int(u, 0)));
    c_do(next, c_call(u, emit_random_words(t->e), 4, c_name(u, "random"),
                      c_cast(u, "uint32_t", c_binary(u, "/", i, four)), c_name(u, "site"), c_name(u, "words")));
    return c_cast(u, "float", c_binary(u, "/", c_item(u, "words", which), c_name(u, "256u")));
}

/* Parameter first + i. */
static cexpr *drawn_to(const training *t) {
    cunit *u = t->u;
    return c_item(u, "parameters", training_map(t, c_add(u, c_name(u, "first"), c_name(u, "i"))));
}

static cfunction *begin_filler(const training *t, const char *name, const char *comment) {
    cfunction *f = c_function(t->u, "static void", name, comment);
    c_parameter(f, "const uint32_t *", "random");
    c_parameter(f, "uint32_t", "site");
    c_parameter(f, "float *", "parameters");
    c_parameter(f, "size_t", "first");
    c_parameter(f, "size_t", "count");
    c_declare_array(c_body(f), "uint32_t", "words", 4);
    return f;
}

static const char *uniform_function(const training *t) {
    cexpr **made = emit_once(t->e, "draw uniform");
    if (*made) return c_text(*made);
    cunit *u = t->u;
    emit_random_words(t->e);
    const char *name = emit_name(t->e, "draw_uniform");
    cfunction *f = begin_filler(t, name, "Uniform in [-bound, bound).");
    c_parameter(f, "float", "bound");
    cblock *b = c_for(c_body(f), "i", c_int(u, 0), c_name(u, "count"), 1);
    cexpr *drawn = draw(t, b, c_binary(u, "%", c_name(u, "i"), c_int(u, 4)));
    cexpr *unit = c_sub(u, c_mul(u, drawn, c_float(u, 1.0f / (1 << 23))), c_float(u, 1));
    c_assign(b, drawn_to(t), "=", c_mul(u, unit, c_name(u, "bound")));
    c_function_end(f);
    *made = c_name(u, name);
    return name;
}

/* Box and Muller: two words give two numbers. */
static const char *normal_function(const training *t) {
    cexpr **made = emit_once(t->e, "draw normal");
    if (*made) return c_text(*made);
    cunit *u = t->u;
    emit_random_words(t->e);
    const char *name = emit_name(t->e, "draw_normal");
    cfunction *f = begin_filler(t, name, "Normal, of mean 0 and variance 1.");
    cblock *b = c_for(c_body(f), "i", c_int(u, 0), c_name(u, "count"), 1);
    cexpr *i = c_name(u, "i"), *half = c_binary(u, "%", c_binary(u, "/", i, c_int(u, 2)), c_int(u, 2));
    cexpr *first = draw(t, b, c_mul(u, c_int(u, 2), half));
    cexpr *second = c_cast(
        u, "float",
        c_binary(u, "/", c_item(u, "words", c_add(u, c_mul(u, c_int(u, 2), half), c_int(u, 1))), c_name(u, "256u")));
    cexpr *scale = c_float(u, 1.0f / (1 << 24));
    cexpr *log = c_call(u, "logf", 1, c_mul(u, c_add(u, first, c_float(u, 0.5f)), scale));
    c_declare(b, "const float ", "radius", c_call(u, "sqrtf", 1, c_mul(u, c_float(u, -2), log)));
    c_declare(b, "const float ", "angle", c_mul(u, second, c_mul(u, scale, c_float(u, 6.28318531f))));
    cexpr *odd = c_binary(u, "!=", c_binary(u, "%", i, c_int(u, 2)), c_int(u, 0)), *angle = c_name(u, "angle");
    cexpr *turned = c_conditional(u, odd, c_call(u, "sinf", 1, angle), c_call(u, "cosf", 1, angle));
    c_assign(b, drawn_to(t), "=", c_mul(u, c_name(u, "radius"), turned));
    c_function_end(f);
    *made = c_name(u, name);
    return name;
}

static void fill_param(const training *t, cblock *b, const ir_param *p, size_t site) {
    cunit *u = t->u;
    int64_t count = ir_param_elements(p);
    cexpr *to = training_member(t, "parameters"), *first = c_int(u, p->offset), *size = c_int(u, count);
    cexpr *random = c_name(u, "random"), *from = c_int(u, (int64_t)site);
    switch (p->init.kind) {
    case IR_INIT_NONE: return;
    case IR_INIT_UNIFORM:
        c_do(b, c_call(u, uniform_function(t), 6, random, from, to, first, size, c_float(u, (float)p->init.number)));
        return;
    case IR_INIT_NORMAL: {
        c_do(b, c_call(u, normal_function(t), 5, random, from, to, first, size));
        if (p->init.zero_row < 0) return;
        /* a table that is looked up lies row-major */
        int64_t width = dim_max(p->type.dims[1]), start = training_place_of(t, p)->offset;
        cexpr *row = c_add(u, to, c_int(u, start + p->init.zero_row * width));
        c_do(b, c_call(u, "memset", 3, row, c_int(u, 0), emit_bytes(t->e, c_int(u, width), IR_F32)));
        return;
    }
    case IR_INIT_CONSTANT: {
        cblock *loop = c_for(b, "i", c_int(u, 0), size, 1);
        c_assign(loop, training_at(t, "parameters", c_add(u, first, c_name(u, "i"))), "=",
                 c_float(u, (float)p->init.number));
        return;
    }
    }
}

void training_init_function(const training *t) {
    cunit *u = t->u;
    size_t count;
    bool draws = false;
    const ir_param **all = ir_living_params(t->e->arena, t->model, &count);
    for (size_t i = 0; i < count; i++) {
        if (all[i]->init.kind == IR_INIT_UNIFORM) draws = uniform_function(t) != NULL;
        if (all[i]->init.kind == IR_INIT_NORMAL) draws = normal_function(t) != NULL;
    }
    cfunction *f = training_function(t, "void", "init", "");
    c_parameter(f, "uint64_t", "seed");
    cblock *b = c_body(f);
    cexpr *seed = c_name(u, "seed"), *random = c_name(u, "random");
    if (draws) {
        cexpr *const words[] = {c_cast(u, "uint32_t", seed),
                                c_cast(u, "uint32_t", c_binary(u, "/", seed, c_name(u, "UINT64_C(4294967296)"))),
                                c_int(u, 0), c_int(u, 0)};
        c_declare_array(b, "uint32_t", "random", 4);
        for (int i = 0; i < 4; i++) c_assign(b, c_index(u, random, c_int(u, i)), "=", words[i]);
    }
    for (size_t i = 0; i < count; i++) fill_param(t, b, all[i], i);
    if (!t->training->at_once) training_clear(t, b, "gradients");
    if (ir_moments(t->training)) training_clear(t, b, "moments");
    if (t->training->optimizer_count) c_assign(b, training_element(t, "steps", c_int(u, 0)), "=", c_int(u, 0));
    training_pack_call(t->e, b, t->api);
    c_function_end(f);
}

/* --- the first parameters --- */

static bool has_file(const ir_model *m) {
    for (size_t i = 0; i < m->param_count; i++)
        if (ir_param_lives(&m->params[i]) && !m->params[i].data) return false;
    return true;
}

/* As it lies in the struct. */
static void fill_first(void *context, float *values) {
    const training *t = context;
    const ir_model *m = t->model;
    memset(values, 0, (size_t)(t->floats + t->places->tail) * sizeof *values);
    for (size_t i = 0; i < m->param_count; i++) {
        const ir_param *p = &m->params[i];
        if (!ir_param_lives(p)) continue;
        const param_place *place = training_place_of(t, p);
        int64_t count = ir_param_elements(p);
        for (int64_t k = 0; k < count; k++)
            values[place->offset + (place->packed ? pack_place_of(place->packed, k) : k)] = p->data[k];
    }
}

void training_first_parameters(emit_context *e, const emit_api *api, cblock *b) {
    training t = training_of(e, api);
    cunit *u = e->unit;
    if (!has_file(t.model)) {
        c_do(b, c_call(u, training_name(&t, "init"), 2, c_name(u, "self"), c_int(u, 0)));
        return;
    }
    training *kept = ARENA_NEW(e->arena, training); /* the table is filled when the file is printed */
    *kept = t;
    cexpr *to = training_member(&t, "parameters");
    cexpr *table = emit_table(e, "first_parameters", (size_t)(t.floats + t.places->tail), false, fill_first, kept,
                              "the weights file's parameters, as they lie in the struct");
    c_do(b, c_call(u, "memcpy", 3, to, table, c_call(u, "sizeof", 1, to)));
    training_pack_call(e, b, api);
}
