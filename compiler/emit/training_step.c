/* training_step: the optimizers, with torch's formulas (torch.optim, 2.x). What torch computes in Python's float64,
 * like 1 - beta, is computed so here and rounded once. Updates are elementwise over ranges of the struct's arrays, in
 * one pass that also sets the gradients to zero. */
#include <math.h>

#include "emit/bodies.h"
#include "emit/training_pack.h"
#include "emit/training.h"
#include "emit/training_parts.h"
#include "kernels/vectors.h"

/* --- an optimizer's update ---------------------------------------------------------------------------------------- */

typedef struct {
    const training *t;
    const ir_optimizer *o;
    emit_context *e;
    cunit *u;
    training_place at;
    cblock *b;     /* of the loop */
    cexpr *g, *p;  /* the gradient and the parameter, variables */
    unsigned next; /* moments given away */
} update;

static cexpr *number(const update *s, double value) { return vectors_number(s->e, value); }

/* A variable of a float, in all lanes. */
static cexpr *spread(const update *s, const char *name) { return vectors_call1(s->e, "splat", c_name(s->u, name)); }

static cexpr *add(const update *s, cexpr *x, cexpr *y) { return vectors_call2(s->e, "add", x, y); }

static cexpr *mul(const update *s, cexpr *x, cexpr *y) { return vectors_call2(s->e, "mul", x, y); }

static cexpr *sub(const update *s, cexpr *x, cexpr *y) { return vectors_call2(s->e, "sub", x, y); }

static cexpr *divided(const update *s, cexpr *x, cexpr *by) { return vectors_call2(s->e, "div", x, by); }

static cexpr *root(const update *s, cexpr *x) { return vectors_call1(s->e, "sqrt", x); }

static cexpr *named(const update *s, const char *name, cexpr *value) {
    return vectors_constant(s->e, s->b, name, value);
}

/* The next of the moments that the optimizer keeps. */
typedef struct {
    training_place at;
    cexpr *was;
} moment;

static moment next_moment(update *s) {
    moment m = {s->at, NULL};
    m.at.index = c_add(s->u, c_int(s->u, s->next++ * s->t->floats), s->at.index);
    m.was = training_load(s->t, "moments", &m.at);
    return m;
}

/* Its new value, a variable of that name. */
static cexpr *moved(const update *s, const moment *m, const char *name, cexpr *value) {
    value = named(s, name, value);
    training_store(s->t, s->b, "moments", &m->at, value);
    return value;
}

/* m = by * m + (1 - by) * x, as torch's lerp has it: from the nearer end, so that by = 0 gives x itself. */
static cexpr *lean(update *s, const char *name, cexpr *x, double by) {
    moment m = next_moment(s);
    cexpr *was = named(s, arena_printf(s->e->arena, "%s_was", name), m.was), *way = sub(s, x, was);
    cexpr *near_m = add(s, was, mul(s, number(s, 1 - by), way)), *near_x = sub(s, x, mul(s, number(s, by), way));
    return moved(s, &m, name, 1 - by < 0.5 ? near_m : near_x);
}

/* v = by * v + (1 - by) * g * g */
static cexpr *square(update *s, double by) {
    moment v = next_moment(s);
    return moved(s, &v, "v", add(s, mul(s, number(s, by), v.was), mul(s, mul(s, number(s, 1 - by), s->g), s->g)));
}

static void subtract(const update *s, cexpr *x) { training_store(s->t, s->b, "parameters", &s->at, sub(s, s->p, x)); }

/* From 1 on; where steps are taken within a call, they are counted at its end. */
static cexpr *number_of_step(const training *t) {
    cexpr *steps = training_element(t, "steps", c_int(t->u, 0));
    return t->training->at_once ? c_add(t->u, steps, c_int(t->u, 1)) : steps;
}

/* The first step's buffer is the gradient, without dampening: until then it is 0. */
static void before_sgd(const update *s, cblock *b) {
    cunit *u = s->u;
    if (s->o->momentum == 0 || s->o->dampening == 0) return;
    cexpr *first = c_binary(u, "==", number_of_step(s->t), c_int(u, 1));
    cexpr *later = c_float(u, (float)(1 - s->o->dampening));
    c_declare(b, "const float ", "fresh", c_conditional(u, first, c_float(u, 1), later));
}

static void update_sgd(update *s) {
    const ir_optimizer *o = s->o;
    cexpr *step = s->g;
    if (o->momentum > 0) {
        moment m = next_moment(s);
        cexpr *fresh = o->dampening != 0 ? mul(s, spread(s, "fresh"), s->g) : s->g;
        step = moved(s, &m, "m", add(s, mul(s, number(s, o->momentum), m.was), fresh));
        if (o->nesterov) step = add(s, s->g, mul(s, number(s, o->momentum), step));
    }
    subtract(s, mul(s, spread(s, "rate"), step));
}

/* 1 - beta^steps: -expm1(steps * log(beta)), since 1 - 0.999f is off by 5e-5. */
static cexpr *correction(const update *s, double beta) {
    cunit *u = s->u;
    if (beta == 0) return c_float(u, 1);
    cexpr *steps = c_cast(u, "float", number_of_step(s->t));
    return c_unary(u, "-", c_call(u, "expm1f", 1, c_mul(u, steps, c_float(u, (float)log(beta)))));
}

static void before_adam(const update *s, cblock *b) {
    cunit *u = s->u;
    cexpr *variance = c_call(u, "sqrtf", 1, correction(s, s->o->beta2));
    c_declare(b, "const float ", "size", c_binary(u, "/", c_name(u, "rate"), correction(s, s->o->beta1)));
    c_declare(b, "const float ", "scale", c_binary(u, "/", c_float(u, 1), variance));
}

static void update_adam(update *s) {
    const ir_optimizer *o = s->o;
    cexpr *m = lean(s, "m", s->g, o->beta1), *v = square(s, o->beta2);
    if (o->amsgrad) {
        moment most = next_moment(s);
        v = moved(s, &most, "most", vectors_call2(s->e, "max", v, most.was));
    }
    cexpr *over = add(s, mul(s, root(s, v), spread(s, "scale")), number(s, o->eps));
    subtract(s, mul(s, spread(s, "size"), divided(s, m, over)));
}

static void update_rmsprop(update *s) {
    const ir_optimizer *o = s->o;
    cexpr *mean = square(s, o->alpha);
    if (o->centered) {
        cexpr *middle = lean(s, "middle", s->g, o->alpha);
        mean = sub(s, mean, mul(s, middle, middle));
    }
    cexpr *step = divided(s, s->g, add(s, root(s, mean), number(s, o->eps)));
    if (o->momentum > 0) {
        moment m = next_moment(s);
        step = moved(s, &m, "m", add(s, mul(s, number(s, o->momentum), m.was), step));
    }
    subtract(s, mul(s, spread(s, "rate"), step));
}

static bool is_adam(const ir_optimizer *o) { return o->rule == IR_ADAM || o->rule == IR_ADAMW; }

/* The struct's, clipped before; or what is given, clipped here. */
static cexpr *gradient_at(const update *s, const training_place *at) {
    if (!s->t->training->at_once) return training_load(s->t, "gradients", at);
    cexpr *index = c_sub(s->u, at->index, c_name(s->u, "from")), *given = c_name(s->u, "gradient");
    return training_clipped(s->t, vectors_load(s->e, given, index, dim_const(s->e->plan->dims, 1), at->lanes));
}

/* One vector of parameters. */
static void update_place(void *context, cblock *b, const training_place *at) {
    update s = *(const update *)context;
    const ir_optimizer *o = s.o;
    s.b = b;
    s.at = *at;
    cexpr *g = gradient_at(&s, at), *p = training_load(s.t, "parameters", at);
    if (o->weight_decay > 0) s.p = p = named(&s, "p", p);
    if (o->maximize) g = vectors_call1(s.e, "neg", g);
    if (o->weight_decay > 0 && o->rule != IR_ADAMW) g = add(&s, g, mul(&s, number(&s, o->weight_decay), p));
    s.g = named(&s, "g", g);
    s.p = o->weight_decay > 0 && o->rule == IR_ADAMW ? mul(&s, spread(&s, "shrunk"), p) : p;
    if (o->rule == IR_SGD) update_sgd(&s);
    else if (is_adam(o)) update_adam(&s);
    else update_rmsprop(&s);
    if (!s.t->training->at_once) training_store(s.t, b, "gradients", at, vectors_call0(s.e, "zero"));
}

static const char *const rule_names[] = {"SGD", "Adam", "AdamW", "RMSprop"};

static const char *update_function(const training *t, const ir_optimizer *o) {
    cunit *u = t->u;
    const char *name = emit_function_name(t->e, "update"),
               *says = "%s, for parameters [from, to), whose gradients become 0.";
    if (t->training->at_once) says = "%s, for parameters [from, to), whose gradients are given.";
    cfunction *f = c_function(u, emit_static(t->e), name, arena_printf(t->e->arena, says, rule_names[o->rule]));
    c_parameter(f, arena_printf(t->e->arena, "%s *", t->api->type), "self");
    if (t->training->at_once) c_parameter(f, "const float *", "gradient");
    c_parameter(f, "size_t", "from");
    c_parameter(f, "size_t", "to");
    c_parameter(f, "float", "rate");
    update s = {.t = t, .o = o, .e = t->e, .u = u};
    if (o->rule == IR_SGD) before_sgd(&s, c_body(f));
    if (is_adam(o)) before_adam(&s, c_body(f));
    if (o->rule == IR_ADAMW && o->weight_decay > 0)
        c_declare(c_body(f), "const float ", "shrunk",
                  c_sub(u, c_float(u, 1), c_mul(u, c_name(u, "rate"), c_float(u, (float)o->weight_decay))));
    training_each(t, c_body(f), c_name(u, "from"), c_name(u, "to"), update_place, &s);
    c_function_end(f);
    return name;
}

/* --- param groups ------------------------------------------------------------------------------------------------- */

/* Calls an optimizer's function for each run of parameters that are its own. Statistics between two of them have no
 * gradient, but decay would move them: they end a run. */
static void update_group(const training *t, cblock *b, size_t group, const char *function, cexpr *rate) {
    cunit *u = t->u;
    size_t count;
    const ir_param **all = ir_living_params(t->e->arena, t->model, &count);
    int64_t from = -1, to = 0;
    for (size_t i = 0; i <= count; i++) {
        bool own = i < count && all[i]->trained && all[i]->group == group;
        const param_place *place = own ? training_place_of(t, all[i]) : NULL;
        if (own && from < 0) from = place->offset;
        if (own) to = place->offset + place->floats;
        if (own || from < 0) continue;
        c_do(b, c_call(u, function, 4, c_name(u, "self"), c_int(u, from), c_int(u, to), rate));
        from = -1;
    }
}

/* The lr that is given is the first optimizer's; the others' keep their ratio to it. */
static cexpr *rate_of(const emit_context *e, const ir_training *t, size_t group) {
    cunit *u = e->unit;
    double first = t->optimizers[0].lr, own = t->optimizers[group].lr;
    cexpr *lr = c_name(u, e->lr ? e->lr : "lr");
    return group == 0 || first == own || first == 0 ? lr : c_mul(u, lr, c_float(u, (float)(own / first)));
}

/* --- steps within a call ------------------------------------------------------------------------------------------ */

/* One whose params are sparse tables alone takes none. */
static bool takes_steps(const plan *p, size_t group) {
    for (size_t i = 0; i < p->run.kernel_count; i++) {
        const plan_kernel *k = p->run.kernels[i];
        if (k->kind == PLAN_NODE && k->node->op == IR_STEP && p->model->params[k->node->attrs.index].group == group)
            return true;
    }
    return false;
}

/* Where the name of an optimizer's function for the current body is kept. */
static cexpr **update_of(emit_context *train, size_t group) {
    return emit_once(train, "update %zu%s", group, train->target->suffix);
}

static void updates_within_call(const training *t, emit_context *train) {
    train->lr = t->api->train->lr;
    for (size_t i = 0; i < t->training->optimizer_count; i++)
        if (takes_steps(train->plan, i))
            *update_of(train, i) = c_name(t->u, update_function(t, &t->training->optimizers[i]));
}

static const ir_param *param_of(const emit_context *train, size_t param) { return &train->plan->model->params[param]; }

cexpr *training_signed_rate(emit_context *train, size_t param) {
    const ir_training *all = train->plan->model->base->training;
    size_t group = param_of(train, param)->group;
    cexpr *rate = rate_of(train, all, group);
    return all->optimizers[group].maximize ? c_unary(train->unit, "-", rate) : rate;
}

void training_take_step(emit_context *train, cblock *b, const ir_node *step, cexpr *gradient) {
    cunit *u = train->unit;
    const ir_param *p = param_of(train, step->attrs.index);
    const param_place *place = &train->plan->packs->params->of[step->attrs.index];
    cexpr *rate = rate_of(train, train->plan->model->base->training, p->group);
    int64_t floats = place->packed ? place->floats : ir_param_elements(p);
    c_do(b, c_call(u, c_text(*update_of(train, p->group)), 5, c_name(u, "self"), gradient, c_int(u, place->offset),
                   c_int(u, place->offset + floats), rate));
}

/* --- the step ----------------------------------------------------------------------------------------------------- */

/* All of it, for the current body, in a function that the unit has begun. */
typedef struct {
    const char **updates;
    const training_clip *clips;
} step_functions;

static step_functions step_functions_of(const training *t) {
    step_functions s = {.updates = ARENA_ARRAY(t->e->arena, const char *, t->training->optimizer_count)};
    for (size_t i = 0; i < t->training->optimizer_count; i++)
        s.updates[i] = update_function(t, &t->training->optimizers[i]);
    s.clips = training_clip_functions(t);
    return s;
}

static void emit_step(const training *t, cblock *b, const step_functions *s) {
    cunit *u = t->u;
    training_clip_calls(t, b, s->clips);
    c_assign(b, training_element(t, "steps", c_int(u, 0)), "+=", c_int(u, 1));
    for (size_t i = 0; i < t->training->optimizer_count; i++)
        update_group(t, b, i, s->updates[i], rate_of(t->e, t->training, i));
    training_pack_call(t->e, b, t->api);
    c_return(b, c_name(u, "NNC_OK"));
}

/* Where the name of a body's function is kept. */
static cexpr **step_body_name(emit_context *e, size_t body) { return emit_once(e, "step %zu", body); }

static bool has_bodies(const emit_context *e) { return bodies_are_noted(e->plan, e->target_count); }

static void sign_step(const training *t, csignature *s) {
    c_pass(s, arena_printf(t->e->arena, "%s *", t->api->type), "self", c_name(t->u, "self"));
    c_pass(s, "float", "lr", c_name(t->u, "lr"));
}

/* MODEL_take_step_v8 and so on. */
static void step_body(const training *t) {
    emit_context *e = t->e;
    step_functions functions = step_functions_of(t);
    const char *name = emit_function_name(e, "take_step");
    *step_body_name(e, e->body) = c_name(t->u, name);
    cfunction *f =
        c_function(t->u, "static nnc_status", name, "a step of all optimizers, by the gradients that are there");
    sign_step(t, &(csignature){.unit = t->u, .function = f});
    emit_step(t, c_body(f), &functions);
    c_function_end(f);
}

static void dispatch_step(const training *t, cblock *b) {
    emit_context *e = t->e;
    csignature call = {.unit = t->u};
    sign_step(t, &call);
    const char **functions = ARENA_ARRAY(e->arena, const char *, e->target_count);
    for (size_t i = 0; i < e->target_count; i++) functions[i] = c_text(*step_body_name(e, i));
    bodies_dispatch(e, b, functions, &call, true);
}

void training_step_function(const training *t, bool is_static) {
    cunit *u = t->u;
    bool bodies = has_bodies(t->e);
    step_functions functions = {0};
    if (!bodies) functions = step_functions_of(t);
    cfunction *f = c_function(u, is_static ? "static nnc_status" : "nnc_status", training_name(t, "step"), NULL);
    sign_step(t, &(csignature){.unit = u, .function = f});
    cblock *b = c_body(f);
    c_return(c_if(b, c_binary(u, "==", c_name(u, "self"), c_name(u, "NULL"))), c_name(u, "NNC_ERR_NULL"));
    if (bodies) dispatch_step(t, b);
    else emit_step(t, b, &functions);
    c_function_end(f);
}

void training_steps(emit_context *e, emit_context *train, const emit_api *api) {
    training t = training_of(e, api);
    if (e->body == 0) training_pack_function(e, api);
    if (t.training->at_once) updates_within_call(&t, train);
    else if (training_has_step(t.model) && has_bodies(e)) step_body(&t);
}
