/* training_clip: clipping of all gradients before the step, as torch.nn.utils has it. */
#include <math.h>

#include "emit/training_parts.h"
#include "kernels/vectors.h"

/* --- the norm ----------------------------------------------------------------------------------------------------- */

/* What gradients add to the sum that the norm is made of. */
static cexpr *summand(const training *t, double norm_type, cexpr *size) {
    if (norm_type == 1) return size;
    if (norm_type == 2) return vectors_call2(t->e, "mul", size, size);
    return vectors_call2(t->e, "pow", size, vectors_number(t->e, norm_type));
}

/* |gradients|, as `size`; to be squared they may keep their signs. */
static cexpr *sizes(const training *t, cblock *b, double norm_type, const training_place *at) {
    cexpr *g = training_load(t, "gradients", at);
    if (norm_type != 2) g = vectors_call1(t->e, "abs", g);
    return vectors_constant(t->e, b, "size", g);
}

static void add_to(const training *t, cblock *b, const char *sum, cexpr *more) {
    cexpr *to = c_name(t->u, sum);
    c_assign(b, to, "=", vectors_call2(t->e, "add", to, more));
}

/* Long sums in sums of sums: each is of few terms. Of whole vectors, and then what is left of one. */
static void emit_sum(const training *t, cblock *b, double norm_type) {
    enum { INNER = 16, OUTER = 1024 }; /* vectors */
    cunit *u = t->u;
    int64_t lanes = t->e->target->lanes, all = t->floats / lanes * lanes;
    const char *const names[] = {"k", "j", "i"}, *const sums[] = {"total", "outer", "inner"};
    const int64_t steps[] = {OUTER * lanes, INNER * lanes, lanes};
    cblock *blocks[3], *around = b;
    cexpr *from = c_int(u, 0), *to = c_int(u, all);
    for (int level = 0; level < 3; level++) {
        blocks[level] = b = c_for(b, names[level], from, to, steps[level]);
        if (level == 2) break;
        from = c_name(u, names[level]);
        cexpr *next = c_add(u, from, c_int(u, steps[level]));
        const char *bound = level ? "inner_end" : "outer_end";
        c_declare(b, "const size_t", bound, c_smaller(u, next, to));
        to = c_name(u, bound);
        c_declare(b, t->e->target->type, sums[level + 1], vectors_call0(t->e, "zero"));
    }
    training_place at = {c_name(u, "i"), NULL};
    add_to(t, b, "inner", summand(t, norm_type, sizes(t, b, norm_type, &at)));
    add_to(t, blocks[1], "outer", c_name(u, "inner"));
    c_assign(blocks[0], c_name(u, "total"), "+=", vectors_call1(t->e, "sum", c_name(u, "outer")));
    if (all == t->floats) return;
    b = c_scope(around);
    at = (training_place){c_int(u, all), c_int(u, t->floats - all)};
    cexpr *rest = summand(t, norm_type, sizes(t, b, norm_type, &at));
    c_assign(b, c_name(u, "total"), "+=", vectors_call1(t->e, "sum", rest));
}

static void emit_largest(const training *t, cblock *b) {
    cunit *u = t->u;
    cexpr *total = c_name(u, "total"), *size = c_name(u, "size");
    cblock *loop = c_for(b, "i", c_int(u, 0), c_int(u, t->floats), 1);
    c_declare(loop, "const float", "size", c_call(u, "fabsf", 1, training_element(t, "gradients", c_name(u, "i"))));
    cexpr *larger = c_binary(u, "||", c_binary(u, ">", size, total), c_call(u, "isnan", 1, size));
    c_assign(c_if(loop, larger), total, "=", size);
}

/* Without a name yet: clippings that are alike have one function. */
static cfunction *function(const training *t, const char *type, const char *comment) {
    const char *attribute = t->e->target->attribute, *space = *attribute ? " " : "";
    cfunction *f = c_function(t->u, arena_printf(t->e->arena, "%s%sstatic %s", attribute, space, type), NULL, comment);
    c_parameter(f, arena_printf(t->e->arena, "%s *", t->api->type), "self");
    return f;
}

/* The first body's serves all others: the order of a sum is its bits. */
static const char *norm_function(const training *t, double norm_type) {
    cunit *u = t->u;
    cexpr **made = emit_once(t->e, "norm %.17g", norm_type);
    if (*made) return c_text(*made);
    cfunction *f = function(t, "float", arena_printf(t->e->arena, "The %g-norm of all gradients.", norm_type));
    cblock *b = c_body(f);
    cexpr *total = c_name(u, "total"), *root = total;
    c_declare(b, "float", "total", c_float(u, 0));
    if (isinf(norm_type)) emit_largest(t, b);
    else emit_sum(t, b, norm_type);
    if (norm_type == 2) root = c_call(u, "sqrtf", 1, total);
    else if (norm_type != 1 && !isinf(norm_type))
        root = c_call(u, "powf", 2, total, c_float(u, (float)(1 / norm_type)));
    c_return(b, root);
    *made = c_name(u, emit_function_end_shared(t->e, f, "norm"));
    return c_text(*made);
}

/* --- what is done to gradients ------------------------------------------------------------------------------------ */

typedef struct {
    const training *t;
    const ir_clip *c;
} change;

static cexpr *limited(emit_context *e, const ir_clip *c, cexpr *g) {
    return vectors_call3(e, "clamp", g, vectors_number(e, -c->limit), vectors_number(e, c->limit));
}

cexpr *training_clipped(const training *t, cexpr *g) {
    for (size_t i = 0; i < t->training->clip_count; i++) g = limited(t->e, &t->training->clips[i], g);
    return g;
}

static void change_place(void *context, cblock *b, const training_place *at) {
    const change *s = context;
    emit_context *e = s->t->e;
    cexpr *g = training_load(s->t, "gradients", at);
    if (s->c->by_value) g = limited(e, s->c, g);
    else g = vectors_call2(e, "mul", g, vectors_call1(e, "splat", c_name(e->unit, "scale")));
    training_store(s->t, b, "gradients", at, g);
}

static const char *change_function(const training *t, const ir_clip *c) {
    cfunction *f = function(t, "void", c->by_value ? "Limits each gradient." : "Multiplies all gradients.");
    change s = {t, c};
    if (!c->by_value) c_parameter(f, "float", "scale");
    training_each(t, c_body(f), c_int(t->u, 0), c_int(t->u, t->floats), change_place, &s);
    return emit_function_end_shared(t->e, f, c->by_value ? "clip" : "scale");
}

training_clip *training_clip_functions(const training *t) {
    const ir_training *all = t->training;
    training_clip *made = ARENA_ARRAY(t->e->arena, training_clip, all->clip_count + 1);
    for (size_t i = 0; i < all->clip_count; i++) {
        const ir_clip *c = &all->clips[i];
        made[i].norm = c->by_value ? NULL : norm_function(t, c->norm_type);
        made[i].change = change_function(t, c);
    }
    return made;
}

static void clip_by_norm(const training *t, cblock *b, const ir_clip *c, const training_clip *functions) {
    cunit *u = t->u;
    b = c_scope(b);
    cexpr *total = c_name(u, "norm"), *scale = c_name(u, "scale"), *self = c_name(u, "self");
    c_declare(b, "const float", "norm", c_call(u, functions->norm, 1, self));
    c_declare(b, "const float", "scale",
              c_binary(u, "/", c_float(u, (float)c->limit), c_add(u, total, c_float(u, 1e-6f))));
    if (c->error_if_nonfinite) {
        cblock *bad = c_if(b, c_binary(u, "||", c_call(u, "isnan", 1, total), c_call(u, "isinf", 1, total)));
        training_clear(t, bad, "gradients");
        c_return(bad, c_name(u, "NNC_ERR_NONFINITE"));
    }
    b = c_if(b, c_unary(u, "!", c_binary(u, ">=", scale, c_float(u, 1))));
    c_do(b, c_call(u, functions->change, 2, self, scale));
}

void training_clip_calls(const training *t, cblock *b, const training_clip *functions) {
    for (size_t i = 0; i < t->training->clip_count; i++) {
        const ir_clip *c = &t->training->clips[i];
        if (c->by_value) c_do(b, c_call(t->u, functions[i].change, 1, c_name(t->u, "self")));
        else clip_by_norm(t, b, c, &functions[i]);
    }
}
