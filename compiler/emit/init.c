/* init: see init.h. Random bits are those of splitmix64 (Steele, Lea and Flood, Fast splittable pseudorandom number
 * generators, 2014); normal numbers are made of two uniform ones (Box and Muller, 1958). */
#include "emit/init.h"

#include "emit/pack.h"

typedef struct {
    emit_context *e;
    cunit *u;
    const char *uniform; /* the function's name */
} init;

static cexpr *name(const init *s, const char *text) { return c_name(s->u, "%s", text); }

/* static float NAME_uniform(uint64_t *state): in (0, 1), of 23 bits, never 0 or 1. */
static const char *uniform_function(emit_context *e, const emit_api *api) {
    cunit *u = e->unit;
    const char *made = emit_name(e, "uniform");
    cfunction *f = c_function(u, "static float", made, "A number in (0, 1), and the generator's next state.");
    (void)api;
    c_parameter(f, "uint64_t *", "state");
    cblock *b = c_body(f);
    cexpr *bits = c_name(u, "bits"), *state = c_unary(u, "*", c_name(u, "state"));
    c_declare(b, "uint64_t", "bits", NULL);
    c_assign(b, state, "+=", c_name(u, "UINT64_C(0x9E3779B97F4A7C15)"));
    c_assign(b, bits, "=", state);
    c_assign(b, bits, "=", c_name(u, "(bits ^ (bits >> 30)) * UINT64_C(0xBF58476D1CE4E5B9)"));
    c_assign(b, bits, "=", c_name(u, "(bits ^ (bits >> 27)) * UINT64_C(0x94D049BB133111EB)"));
    c_assign(b, bits, "=", c_name(u, "bits ^ (bits >> 31)"));
    c_return(b, c_name(u, "((float)(uint32_t)(bits >> 41) + 0.5f) * (1.0f / 8388608.0f)"));
    c_function_end(f);
    return made;
}

static cexpr *draw(const init *s) {
    return c_call(s->u, s->uniform, 1, c_unary(s->u, "&", name(s, "state")));
}

static cexpr *at(const init *s, cexpr *index) {
    return c_index(s->u, c_member(s->u, name(s, "self"), "parameters", true), index);
}

static cblock *each(const init *s, cblock *b, int64_t from, int64_t to) {
    return c_for(b, "i", c_int(s->u, from), c_int(s->u, to), 1);
}

/* U(-bound, bound) */
static void uniform(const init *s, cblock *b, const ir_param *p, int64_t count) {
    cunit *u = s->u;
    cexpr *spread = c_sub(u, c_binary(u, "*", c_float(u, 2), draw(s)), c_float(u, 1));
    c_assign(each(s, b, p->offset, p->offset + count), at(s, name(s, "i")), "=",
             c_binary(u, "*", c_float(u, (float)p->init.number), spread));
}

/* N(0, 1) */
static void normal(const init *s, cblock *b, const ir_param *p, int64_t count) {
    cunit *u = s->u;
    cblock *loop = each(s, b, p->offset, p->offset + count);
    cexpr *length = c_binary(u, "*", c_float(u, -2), c_call(u, "logf", 1, draw(s)));
    c_declare(loop, "const float ", "length", c_call(u, "sqrtf", 1, length));
    cexpr *angle = c_binary(u, "*", c_float(u, 6.28318530717958647692f), draw(s));
    c_assign(loop, at(s, name(s, "i")), "=", c_binary(u, "*", name(s, "length"), c_call(u, "cosf", 1, angle)));
    if (p->init.zero_row < 0) return;
    int64_t width = dim_max(p->type.dims[1]), from = p->offset + p->init.zero_row * width;
    c_assign(each(s, b, from, from + width), at(s, name(s, "i")), "=", c_float(u, 0));
}

void init_function(emit_context *e, const emit_api *api) {
    cunit *u = e->unit;
    const ir_model *m = e->plan->model;
    size_t count;
    const ir_param **all = ir_living_params(e->arena, m, &count);
    init s = {e, u, uniform_function(e, api)};
    cfunction *f = c_function(u, "void", arena_printf(e->arena, "%s_init", api->name), NULL);
    c_parameter(f, arena_printf(e->arena, "%s *", api->name), "self");
    c_parameter(f, "uint64_t", "seed");
    cblock *b = c_body(f);
    c_declare(b, "uint64_t", "state", name(&s, "seed"));
    c_line(b, "%s", "");
    for (size_t i = 0; i < count; i++) {
        const ir_param *p = all[i];
        int64_t elements = dim_max(ir_type_elements(e->plan->dims, &p->type));
        c_comment(b, "%s", p->key);
        if (p->init.kind == IR_INIT_UNIFORM) uniform(&s, b, p, elements);
        if (p->init.kind == IR_INIT_NORMAL) normal(&s, b, p, elements);
        if (p->init.kind == IR_INIT_CONSTANT)
            c_assign(each(&s, b, p->offset, p->offset + elements), at(&s, name(&s, "i")), "=",
                     c_float(u, (float)p->init.number));
    }
    static const char *const forgotten[] = {"gradients", "moments", "steps"};
    unsigned kept = !m->training->optimizer_count ? 1 : ir_moments(m->training) ? 3 : 2;
    for (unsigned i = 0; i < 3; i++) {
        if (i == 1 && kept != 3) continue;
        if (i == 2 && kept == 1) continue;
        cexpr *member = c_member(u, name(&s, "self"), forgotten[i], true);
        c_do(b, c_call(u, "memset", 3, member, c_int(u, 0), c_call(u, "sizeof", 1, member)));
    }
    pack_call(e, b, api);
    c_function_end(f);
}
