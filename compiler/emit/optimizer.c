/* optimizer: see optimizer.h. */
#include "emit/optimizer.h"

#include <math.h>

#include "emit/pack.h"

typedef struct {
    emit_context *e;
    cunit *u;
    const ir_training *training;
    int64_t floats; /* parameters and moving statistics */
} step;

static cexpr *name(const step *s, const char *text) { return c_name(s->u, "%s", text); }

static cexpr *number(const step *s, double value) { return c_float(s->u, (float)value); }

static cexpr *add(const step *s, cexpr *x, cexpr *y) { return c_add(s->u, x, y); }

static cexpr *sub(const step *s, cexpr *x, cexpr *y) { return c_sub(s->u, x, y); }

/* c_mul is for sizes: it would take 0 * x for 0. */
static cexpr *mul(const step *s, cexpr *x, cexpr *y) { return c_binary(s->u, "*", x, y); }

static cexpr *over(const step *s, cexpr *x, cexpr *y) { return c_binary(s->u, "/", x, y); }

static cexpr *call(const step *s, const char *function, cexpr *x) { return c_call(s->u, function, 1, x); }

static cexpr *at(const step *s, const char *member, cexpr *index) {
    return c_index(s->u, c_member(s->u, name(s, "self"), member, true), index);
}

static cexpr *gradient(const step *s) { return at(s, "gradients", name(s, "i")); }

static cexpr *parameter(const step *s) { return at(s, "parameters", name(s, "i")); }

static cexpr *moment(const step *s, unsigned k) {
    return at(s, "moments", c_add(s->u, c_int(s->u, k * s->floats), name(s, "i")));
}

static cblock *all_gradients(const step *s, cblock *b) {
    return c_for(b, "i", c_int(s->u, 0), c_int(s->u, s->floats), 1);
}

static void zero_gradients(const step *s, cblock *b) {
    cexpr *array = c_member(s->u, name(s, "self"), "gradients", true);
    c_do(b, c_call(s->u, "memset", 3, array, c_int(s->u, 0), c_call(s->u, "sizeof", 1, array)));
}

/* --- clipping ------------------------------------------------------------------------------------------------------- */

/* Sums in eight parts, which keeps rounding small. */
static void sum_gradients(const step *s, cblock *b, const ir_clip *c) {
    enum { PARTS = 8 };
    cunit *u = s->u;
    bool largest = isinf(c->norm_type), squares = c->norm_type > 1.999999 && c->norm_type < 2.000001;
    cexpr *size = name(s, "size"), *norm = name(s, "norm");
    if (!largest) {
        c_declare_array(b, "float", "parts", PARTS);
        c_do(b, c_call(u, "memset", 3, name(s, "parts"), c_int(u, 0), c_call(u, "sizeof", 1, name(s, "parts"))));
    }
    c_declare(b, "float", "norm", number(s, 0));
    cblock *loop = all_gradients(s, b);
    c_declare(loop, "const float ", "size", call(s, "fabsf", gradient(s)));
    if (largest) {
        c_assign(loop, norm, "=", c_conditional(u, c_binary(u, "<=", size, norm), norm, size)); /* a NaN wins */
        return;
    }
    cexpr *power = squares ? mul(s, size, size) : c_call(u, "powf", 2, size, number(s, c->norm_type));
    cexpr *part = c_binary(u, "%", name(s, "i"), c_int(u, PARTS));
    c_assign(loop, c_index(u, name(s, "parts"), part), "+=", power);
    loop = c_for(b, "k", c_int(u, 0), c_int(u, PARTS), 1);
    c_assign(loop, norm, "+=", c_index(u, name(s, "parts"), name(s, "k")));
    c_assign(b, norm, "=", squares ? call(s, "sqrtf", norm) : c_call(u, "powf", 2, norm, number(s, 1 / c->norm_type)));
}

static void clip_norm(const step *s, cblock *b, const ir_clip *c) {
    cunit *u = s->u;
    c_comment(b, "gradients whose norm together is over %g are scaled down to it", c->limit);
    b = c_scope(b);
    sum_gradients(s, b, c);
    if (c->error_if_nonfinite) {
        cexpr *finite = c_binary(u, "&&", c_unary(u, "!", call(s, "isnan", name(s, "norm"))),
                                 c_unary(u, "!", call(s, "isinf", name(s, "norm"))));
        cblock *bad = c_if(b, c_unary(u, "!", finite));
        zero_gradients(s, bad);
        c_return(bad, c_name(u, "NNC_ERR_NONFINITE"));
    }
    cexpr *scale = name(s, "scale");
    c_declare(b, "const float ", "scale", over(s, number(s, c->limit), add(s, name(s, "norm"), number(s, 1e-6))));
    cblock *loop = all_gradients(s, c_if(b, c_unary(u, "!", c_binary(u, ">=", scale, number(s, 1)))));
    c_assign(loop, gradient(s), "*=", scale);
}

static void clip_value(const step *s, cblock *b, const ir_clip *c) {
    cunit *u = s->u;
    c_comment(b, "each gradient stays within %g", c->limit);
    cblock *loop = all_gradients(s, b);
    c_assign(c_if(loop, c_binary(u, ">", gradient(s), number(s, c->limit))), gradient(s), "=", number(s, c->limit));
    c_assign(c_if(loop, c_binary(u, "<", gradient(s), number(s, -c->limit))), gradient(s), "=", number(s, -c->limit));
}

/* --- one parameter, i ---------------------------------------------------------------------------------------------- */

/* m = factor * m + share * g */
static void decay(const step *s, cblock *b, unsigned k, double factor, cexpr *more) {
    c_assign(b, moment(s, k), "=", add(s, mul(s, number(s, factor), moment(s, k)), more));
}

/* m += share * (g - m): torch's lerp */
static void approach(const step *s, cblock *b, unsigned k, double share) {
    c_assign(b, moment(s, k), "+=", mul(s, number(s, share), sub(s, name(s, "g"), moment(s, k))));
}

static void move(const step *s, cblock *b, cexpr *by) { c_assign(b, parameter(s), "-=", by); }

static cexpr *square(const step *s) { return mul(s, name(s, "g"), name(s, "g")); }

static void sgd(const step *s, cblock *b, const ir_optimizer *o) {
    cunit *u = s->u;
    cexpr *g = name(s, "g");
    if (o->momentum > 0) {
        cexpr *first = c_binary(u, "==", at(s, "steps", c_int(u, 0)), c_int(u, 1));
        cexpr *more = add(s, mul(s, number(s, o->momentum), moment(s, 0)), mul(s, number(s, 1 - o->dampening), g));
        c_assign(b, moment(s, 0), "=", c_conditional(u, first, g, more));
        g = o->nesterov ? add(s, g, mul(s, number(s, o->momentum), moment(s, 0))) : moment(s, 0);
    }
    move(s, b, mul(s, name(s, "rate"), g));
}

static void adam(const step *s, cblock *b, const ir_optimizer *o) {
    cunit *u = s->u;
    approach(s, b, 0, 1 - o->beta1);
    decay(s, b, 1, o->beta2, mul(s, number(s, 1 - o->beta2), square(s)));
    cexpr *second = moment(s, 1);
    if (o->amsgrad) {
        c_assign(c_if(b, c_binary(u, "<", moment(s, 2), moment(s, 1))), moment(s, 2), "=", moment(s, 1));
        second = moment(s, 2);
    }
    cexpr *divisor = add(s, over(s, call(s, "sqrtf", second), name(s, "root")), number(s, o->eps));
    move(s, b, mul(s, name(s, "size"), over(s, moment(s, 0), divisor)));
}

static void rmsprop(const step *s, cblock *b, const ir_optimizer *o) {
    unsigned next = 1, mean = o->centered ? next++ : 0;
    decay(s, b, 0, o->alpha, mul(s, number(s, 1 - o->alpha), square(s)));
    cexpr *second = moment(s, 0);
    if (o->centered) {
        approach(s, b, mean, 1 - o->alpha);
        second = sub(s, second, mul(s, moment(s, mean), moment(s, mean)));
    }
    cexpr *by = over(s, name(s, "g"), add(s, call(s, "sqrtf", second), number(s, o->eps)));
    if (o->momentum > 0) {
        decay(s, b, next, o->momentum, by);
        by = moment(s, next);
    }
    move(s, b, mul(s, name(s, "rate"), by));
}

static void update(const step *s, cblock *b, const ir_optimizer *o) {
    cexpr *g = gradient(s);
    if (o->maximize) g = c_unary(s->u, "-", g);
    if (o->weight_decay > 0 && o->rule != IR_ADAMW) g = add(s, g, mul(s, number(s, o->weight_decay), parameter(s)));
    c_declare(b, "const float ", "g", g);
    if (o->weight_decay > 0 && o->rule == IR_ADAMW) c_assign(b, parameter(s), "*=", name(s, "shrink"));
    switch (o->rule) {
    case IR_SGD: sgd(s, b, o); return;
    case IR_ADAM:
    case IR_ADAMW: adam(s, b, o); return;
    case IR_RMSPROP: rmsprop(s, b, o); return;
    }
}

/* --- a group -------------------------------------------------------------------------------------------------------- */

static const char *rule_name(const ir_optimizer *o) {
    static const char *const names[] = {"SGD", "Adam", "AdamW", "RMSprop"};
    return names[o->rule];
}

/* The first optimizer's rate is the caller's; the others' keep their ratio to it. */
static cexpr *rate_of(const step *s, const ir_optimizer *o) {
    const ir_optimizer *first = &s->training->optimizers[0];
    if (o == first) return name(s, "lr");
    return first->lr > 0 ? mul(s, name(s, "lr"), number(s, o->lr / first->lr)) : number(s, o->lr);
}

/* 1 - beta^steps, as -expm1f(steps * ln(beta)): the difference itself would lose digits. */
static cexpr *correction(const step *s, double beta) {
    cexpr *steps = c_cast(s->u, "float", at(s, "steps", c_int(s->u, 0)));
    if (!(beta > 0)) return number(s, 1);
    return c_unary(s->u, "-", call(s, "expm1f", mul(s, steps, number(s, log(beta)))));
}

static void declare_rates(const step *s, cblock *b, const ir_optimizer *o) {
    bool is_adam = o->rule == IR_ADAM || o->rule == IR_ADAMW;
    c_declare(b, "const float ", "rate", rate_of(s, o));
    if (!is_adam) return;
    c_declare(b, "const float ", "size", over(s, name(s, "rate"), correction(s, o->beta1)));
    c_declare(b, "const float ", "root", call(s, "sqrtf", correction(s, o->beta2)));
    if (o->rule == IR_ADAMW && o->weight_decay > 0)
        c_declare(b, "const float ", "shrink",
                  sub(s, number(s, 1), mul(s, name(s, "rate"), number(s, o->weight_decay))));
}

/* Neighbours in the array that one optimizer has are one loop. */
static void update_group(const step *s, cblock *b, size_t group) {
    const ir_optimizer *o = &s->training->optimizers[group];
    size_t count;
    const ir_param **all = ir_living_params(s->e->arena, s->e->plan->model, &count);
    bool begun = false;
    for (size_t i = 0; i < count;) {
        if (!all[i]->trained || all[i]->group != group) {
            i++;
            continue;
        }
        int64_t from = all[i]->offset, to = from;
        for (; i < count && all[i]->trained && all[i]->group == group; i++)
            to += dim_max(ir_type_elements(s->e->plan->dims, &all[i]->type));
        if (!begun) {
            c_comment(b, "%s(lr=%g)", rule_name(o), o->lr);
            b = c_scope(b);
            declare_rates(s, b, o);
            begun = true;
        }
        update(s, c_for(b, "i", c_int(s->u, from), c_int(s->u, to), 1), o);
    }
}

void optimizer_step(emit_context *e, const emit_api *api, const char *storage) {
    const ir_model *m = e->plan->model;
    step s = {e, e->unit, m->training, ir_living_floats(m)};
    cfunction *f = c_function(e->unit, storage, arena_printf(e->arena, "%s_step", api->name), NULL);
    c_parameter(f, arena_printf(e->arena, "%s *", api->name), "self");
    c_parameter(f, "float", "lr");
    cblock *b = c_body(f);
    c_return(c_if(b, c_binary(e->unit, "==", name(&s, "self"), name(&s, "NULL"))), c_name(e->unit, "NNC_ERR_NULL"));
    for (size_t i = 0; i < s.training->clip_count; i++) {
        const ir_clip *c = &s.training->clips[i];
        if (c->by_value) clip_value(&s, b, c);
        else clip_norm(&s, b, c);
    }
    c_assign(b, at(&s, "steps", c_int(e->unit, 0)), "+=", c_int(e->unit, 1));
    for (size_t g = 0; g < s.training->optimizer_count; g++) update_group(&s, b, g);
    zero_gradients(&s, b);
    pack_call(e, b, api);
    c_return(b, c_name(e->unit, "NNC_OK"));
    c_function_end(f);
}
