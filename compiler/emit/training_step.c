/* training_step: clipping and the optimizers, with torch's formulas (torch.optim, 2.x, and torch.nn.utils). What torch
 * computes in Python's float64, like 1 - beta, is computed so here and rounded once. Updates are elementwise over ranges of
 * the struct's arrays. */
#include <math.h>

#include "emit/pack.h"
#include "emit/training.h"
#include "emit/training_parts.h"

/* --- an optimizer's update --------------------------------------------------------------------------------------------- */

typedef struct {
    const training *t;
    const ir_optimizer *o;
    cunit *u;
    cblock *b;     /* of the loop */
    cexpr *g;      /* the gradient, a variable */
    cexpr *p;      /* the parameter */
    unsigned next; /* moments given away */
} update;

static cexpr *number(const update *s, double value) { return c_float(s->u, (float)value); }

static cexpr *index_of(cunit *u) { return c_name(u, "i"); }

static cexpr *moment(update *s) {
    cexpr *at = c_add(s->u, c_int(s->u, s->next++ * s->t->floats), index_of(s->u));
    return training_element(s->t, "moments", at);
}

static cexpr *root(const update *s, cexpr *x) { return c_call(s->u, "sqrtf", 1, x); }

static cexpr *divided(const update *s, cexpr *x, cexpr *by) { return c_binary(s->u, "/", x, by); }

/* m = by * m + (1 - by) * x, as torch has it: m += (1 - by) * (x - m) */
static void lean(const update *s, cexpr *m, cexpr *x, double by) {
    c_assign(s->b, m, "+=", c_mul(s->u, number(s, 1 - by), c_sub(s->u, x, m)));
}

/* v = by * v + (1 - by) * g * g */
static void square(const update *s, cexpr *v, double by) {
    cexpr *kept = c_mul(s->u, number(s, by), v);
    c_assign(s->b, v, "=", c_add(s->u, kept, c_mul(s->u, c_mul(s->u, number(s, 1 - by), s->g), s->g)));
}

static void subtract(const update *s, cexpr *rate, cexpr *x) {
    c_assign(s->b, s->p, "-=", c_mul(s->u, rate, x));
}

/* The first step's buffer is the gradient, without dampening. */
static void update_sgd(update *s) {
    cunit *u = s->u;
    const ir_optimizer *o = s->o;
    cexpr *rate = c_name(u, "rate"), *step = s->g;
    if (o->momentum > 0) {
        cexpr *m = moment(s);
        cexpr *fresh = o->dampening != 0 ? c_mul(u, number(s, 1 - o->dampening), s->g) : s->g;
        cexpr *moved = c_add(u, c_mul(u, number(s, o->momentum), m), fresh);
        cexpr *first = c_binary(u, "==", training_element(s->t, "steps", c_int(u, 0)), c_int(u, 1));
        c_assign(s->b, m, "=", c_conditional(u, first, s->g, moved));
        step = o->nesterov ? c_add(u, s->g, c_mul(u, number(s, o->momentum), m)) : m;
    }
    subtract(s, rate, step);
}

/* 1 - beta^steps: -expm1(steps * log(beta)), since 1 - 0.999f is off by 5e-5. */
static cexpr *correction(const update *s, double beta) {
    cunit *u = s->u;
    if (beta == 0) return number(s, 1);
    cexpr *steps = c_cast(u, "float", training_element(s->t, "steps", c_int(u, 0)));
    return c_unary(u, "-", c_call(u, "expm1f", 1, c_mul(u, steps, number(s, log(beta)))));
}

static void before_adam(const update *s, cblock *b) {
    cunit *u = s->u;
    c_declare(b, "const float ", "size", divided(s, c_name(u, "rate"), correction(s, s->o->beta1)));
    c_declare(b, "const float ", "scale", root(s, correction(s, s->o->beta2)));
}

static void update_adam(update *s) {
    cunit *u = s->u;
    const ir_optimizer *o = s->o;
    cexpr *m = moment(s), *v = moment(s);
    lean(s, m, s->g, o->beta1);
    square(s, v, o->beta2);
    if (o->amsgrad) {
        cexpr *most = moment(s);
        c_assign(s->b, most, "=", c_conditional(u, c_binary(u, ">", v, most), v, most));
        v = most;
    }
    c_declare(s->b, "const float ", "over", c_add(u, divided(s, root(s, v), c_name(u, "scale")), number(s, o->eps)));
    subtract(s, c_name(u, "size"), divided(s, m, c_name(u, "over")));
}

static void update_rmsprop(update *s) {
    cunit *u = s->u;
    const ir_optimizer *o = s->o;
    cexpr *v = moment(s), *mean = v, *rate = c_name(u, "rate");
    square(s, v, o->alpha);
    if (o->centered) {
        cexpr *middle = moment(s);
        lean(s, middle, s->g, o->alpha);
        mean = c_sub(u, v, c_mul(u, middle, middle));
    }
    c_declare(s->b, "const float ", "over", c_add(u, root(s, mean), number(s, o->eps)));
    cexpr *step = divided(s, s->g, c_name(u, "over"));
    if (o->momentum > 0) {
        cexpr *m = moment(s);
        c_assign(s->b, m, "=", c_add(u, c_mul(u, number(s, o->momentum), m), step));
        step = m;
    }
    subtract(s, rate, step);
}

static const char *const rule_names[] = {"SGD", "Adam", "AdamW", "RMSprop"};

static const char *update_function(const training *t, const ir_optimizer *o) {
    cunit *u = t->u;
    const char *name = emit_name(t->e, "update");
    cfunction *f = c_function(u, "static void", name,
                              arena_printf(t->e->arena, "%s, for parameters [from, to).", rule_names[o->rule]));
    c_parameter(f, arena_printf(t->e->arena, "%s *", t->api->name), "self");
    c_parameter(f, "size_t", "from");
    c_parameter(f, "size_t", "to");
    c_parameter(f, "float", "rate");
    bool adam = o->rule == IR_ADAM || o->rule == IR_ADAMW;
    update s = {.t = t, .o = o, .u = u, .g = c_name(u, "gradient")};
    if (adam) before_adam(&s, c_body(f));
    if (o->rule == IR_ADAMW && o->weight_decay > 0)
        c_declare(c_body(f), "const float ", "shrunk",
                  c_sub(u, number(&s, 1), c_mul(u, c_name(u, "rate"), number(&s, o->weight_decay))));
    s.b = c_for(c_body(f), "i", c_name(u, "from"), c_name(u, "to"), 1);
    s.p = training_element(t, "parameters", index_of(u));
    cexpr *gradient = training_element(t, "gradients", index_of(u));
    if (o->maximize) gradient = c_unary(u, "-", gradient);
    if (o->weight_decay > 0 && o->rule != IR_ADAMW)
        gradient = c_add(u, gradient, c_mul(u, number(&s, o->weight_decay), s.p));
    c_declare(s.b, "const float ", "gradient", gradient);
    if (o->weight_decay > 0 && o->rule == IR_ADAMW) c_assign(s.b, s.p, "*=", c_name(u, "shrunk"));
    if (o->rule == IR_SGD) update_sgd(&s);
    else if (adam) update_adam(&s);
    else update_rmsprop(&s);
    c_function_end(f);
    return name;
}

/* --- param groups ------------------------------------------------------------------------------------------------------ */

/* Calls an optimizer's function for each run of parameters that are its own. Statistics between two of them have no
 * gradient, but decay would move them: they end a run. */
static void update_group(const training *t, cblock *b, size_t group, const char *function, cexpr *rate) {
    cunit *u = t->u;
    size_t count;
    const ir_param **all = ir_living_params(t->e->arena, t->model, &count);
    int64_t from = -1, to = 0;
    for (size_t i = 0; i <= count; i++) {
        bool own = i < count && all[i]->trained && all[i]->group == group;
        if (own && from < 0) from = all[i]->offset;
        if (own) to = all[i]->offset + dim_max(ir_type_elements(t->model->dims, &all[i]->type));
        if (own || from < 0) continue;
        c_do(b, c_call(u, function, 4, c_name(u, "self"), c_int(u, from), c_int(u, to), rate));
        from = -1;
    }
}

/* The lr that is given is the first optimizer's; the others' keep their ratio to it. */
static cexpr *rate_of(const training *t, size_t group) {
    cunit *u = t->u;
    double first = t->training->optimizers[0].lr, own = t->training->optimizers[group].lr;
    cexpr *lr = c_name(u, "lr");
    return group == 0 || first == own || first == 0 ? lr : c_mul(u, lr, c_float(u, (float)(own / first)));
}

/* --- clipping ---------------------------------------------------------------------------------------------------------- */

/* What a gradient adds to the sum that the norm is made of. */
static cexpr *summand(const training *t, double norm_type, cexpr *size) {
    if (norm_type == 1) return size;
    if (norm_type == 2) return c_mul(t->u, size, size);
    return c_call(t->u, "powf", 2, size, c_float(t->u, (float)norm_type));
}

/* Long sums in sums of sums: each is of few terms. */
static void emit_sum(const training *t, cblock *b, double norm_type) {
    enum { INNER = 64, OUTER = 4096 };
    cunit *u = t->u;
    cexpr *end = c_name(u, "%s_PARAM_FLOATS", t->api->upper), *total = c_name(u, "total");
    const char *const names[] = {"k", "j", "i"}, *const sums[] = {"total", "outer", "inner"};
    const int64_t steps[] = {OUTER, INNER, 1};
    cblock *blocks[3];
    cexpr *from = c_int(u, 0), *to = end;
    for (int level = 0; level < 3; level++) {
        blocks[level] = b = c_for(b, names[level], from, to, steps[level]);
        if (level == 2) break;
        from = c_name(u, "%s", names[level]);
        cexpr *next = c_add(u, from, c_int(u, steps[level]));
        const char *bound = level ? "inner_end" : "outer_end";
        c_declare(b, "const size_t ", bound, c_conditional(u, c_binary(u, "<", next, to), next, to));
        to = c_name(u, "%s", bound);
        c_declare(b, "float ", sums[level + 1], c_float(u, 0));
    }
    c_declare(b, "const float ", "size", c_call(u, "fabsf", 1, training_element(t, "gradients", c_name(u, "i"))));
    c_assign(b, c_name(u, "inner"), "+=", summand(t, norm_type, c_name(u, "size")));
    c_assign(blocks[1], c_name(u, "outer"), "+=", c_name(u, "inner"));
    c_assign(blocks[0], total, "+=", c_name(u, "outer"));
}

static const char *norm_function(const training *t, const ir_clip *c) {
    cunit *u = t->u;
    const char *name = emit_name(t->e, "norm");
    cfunction *f = c_function(u, "static float", name,
                              arena_printf(t->e->arena, "The %g-norm of all gradients.", c->norm_type));
    c_parameter(f, arena_printf(t->e->arena, "const %s *", t->api->name), "self");
    cblock *b = c_body(f);
    cexpr *total = c_name(u, "total"), *size = c_name(u, "size");
    c_declare(b, "float ", "total", c_float(u, 0));
    if (isinf(c->norm_type)) {
        cblock *loop = c_for(b, "i", c_int(u, 0), c_name(u, "%s_PARAM_FLOATS", t->api->upper), 1);
        c_declare(loop, "const float ", "size", c_call(u, "fabsf", 1, training_element(t, "gradients", c_name(u, "i"))));
        cexpr *larger = c_binary(u, "||", c_binary(u, ">", size, total), c_call(u, "isnan", 1, size));
        c_assign(c_if(loop, larger), total, "=", size);
        c_return(b, total);
    } else {
        emit_sum(t, b, c->norm_type);
        cexpr *root = c->norm_type == 1   ? total
                      : c->norm_type == 2 ? c_call(u, "sqrtf", 1, total)
                                          : c_call(u, "powf", 2, total, c_float(u, (float)(1 / c->norm_type)));
        c_return(b, root);
    }
    c_function_end(f);
    return name;
}

static cblock *over_gradients(const training *t, cblock *b) {
    return c_for(b, "i", c_int(t->u, 0), c_name(t->u, "%s_PARAM_FLOATS", t->api->upper), 1);
}

static void clip_by_norm(const training *t, cblock *b, const ir_clip *c, const char *norm) {
    cunit *u = t->u;
    b = c_scope(b);
    cexpr *total = c_name(u, "norm"), *scale = c_name(u, "scale");
    c_declare(b, "const float ", "norm", c_call(u, norm, 1, c_name(u, "self")));
    c_declare(b, "const float ", "scale",
              c_binary(u, "/", c_float(u, (float)c->limit), c_add(u, total, c_float(u, 1e-6f))));
    if (c->error_if_nonfinite) {
        cblock *bad = c_if(b, c_binary(u, "||", c_call(u, "isnan", 1, total), c_call(u, "isinf", 1, total)));
        training_clear(t, bad, "gradients");
        c_return(bad, c_name(u, "NNC_ERR_NONFINITE"));
    }
    cblock *loop = over_gradients(t, c_if(b, c_unary(u, "!", c_binary(u, ">=", scale, c_float(u, 1)))));
    c_assign(loop, training_element(t, "gradients", c_name(u, "i")), "*=", scale);
}

static void clip_by_value(const training *t, cblock *b, const ir_clip *c) {
    cunit *u = t->u;
    cexpr *g = training_element(t, "gradients", c_name(u, "i"));
    cexpr *low = c_float(u, -(float)c->limit), *high = c_float(u, (float)c->limit);
    cexpr *clipped = c_conditional(u, c_binary(u, "<", g, low), low, c_conditional(u, c_binary(u, ">", g, high), high, g));
    c_assign(over_gradients(t, b), g, "=", clipped);
}

/* --- the step ---------------------------------------------------------------------------------------------------------- */

void training_step_function(const training *t, bool is_static) {
    cunit *u = t->u;
    const ir_training *all = t->training;
    const char **updates = ARENA_ARRAY(t->e->arena, const char *, all->optimizer_count);
    const char **norms = ARENA_ARRAY(t->e->arena, const char *, all->clip_count + 1);
    for (size_t i = 0; i < all->optimizer_count; i++) updates[i] = update_function(t, &all->optimizers[i]);
    for (size_t i = 0; i < all->clip_count; i++)
        if (!all->clips[i].by_value) norms[i] = norm_function(t, &all->clips[i]);
    cfunction *f = training_function(t, is_static ? "static nnc_status" : "nnc_status", "step", "");
    c_parameter(f, "float", "lr");
    cblock *b = c_body(f);
    c_return(c_if(b, c_binary(u, "==", c_name(u, "self"), c_name(u, "NULL"))), c_name(u, "NNC_ERR_NULL"));
    for (size_t i = 0; i < all->clip_count; i++) {
        if (all->clips[i].by_value) clip_by_value(t, b, &all->clips[i]);
        else clip_by_norm(t, b, &all->clips[i], norms[i]);
    }
    c_assign(b, training_element(t, "steps", c_int(u, 0)), "+=", c_int(u, 1));
    for (size_t i = 0; i < all->optimizer_count; i++) update_group(t, b, i, updates[i], rate_of(t, i));
    training_clear(t, b, "gradients");
    pack_call(t->e, b, t->api);
    c_return(b, c_name(u, "NNC_OK"));
    c_function_end(f);
}
