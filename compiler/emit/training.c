/* training: see training.h. Gradients, and parameters in and out; training_step.c has the optimizers, training_init.c
 * the first parameters, training_file.c what save writes. */
#include "emit/training.h"

#include "emit/arguments.h"
#include "emit/training_pack.h"
#include "emit/procedure.h"
#include "emit/training_parts.h"

/* Does a call of grad change parameters? */
static bool moves_parameters(const plan *p) {
    const plan_procedure *run = &p->train->run;
    for (size_t i = 0; i < run->kernel_count; i++) {
        const plan_kernel *k = run->kernels[i];
        if (k->kind == PLAN_NODE && ir_changes_param(k->node)) return true;
    }
    return false;
}

/* --- gradients --- */

/* status = FUNCTION(…); if (status != NNC_OK) return status; */
static void call_or_return(const training *t, cblock *b, const char *function, const csignature *s) {
    const char *name = t->api->train->status;
    cexpr *status = c_name(t->u, name);
    c_declare(b, "const nnc_status ", name, c_call_with(s, function));
    c_return(c_if(b, c_binary(t->u, "!=", status, c_name(t->u, "NNC_OK"))), status);
}

/* The next call's mask is another. */
static void count_call(const training *t, cblock *b) {
    cunit *u = t->u;
    cexpr *low = training_element(t, "random", c_int(u, 2)), *high = training_element(t, "random", c_int(u, 3));
    c_assign(b, low, "+=", c_int(u, 1));
    c_assign(c_if(b, c_binary(u, "==", low, c_int(u, 0))), high, "+=", c_int(u, 1));
}

/* Or, where steps are taken at once, NAME_train. */
static void grad_function(const training *t, emit_context *train, bool is_static) {
    const plan *p = t->e->plan;
    bool dropout = training_has_dropout(p), moves = moves_parameters(p), at_once = t->training->at_once;
    const char *storage = is_static ? "static nnc_status" : "nnc_status";
    const char *name = training_name(t, at_once ? "train" : "grad");
    if (!dropout && !moves) {
        procedure_function(train, t->api->train, storage, name);
        return;
    }
    const char *inner = emit_name(t->e, "gradients");
    procedure_function(train, t->api->train, "static nnc_status", inner);
    cfunction *f = c_function(t->u, storage, name, NULL);
    csignature call = {.unit = t->u};
    arguments_sign(&(csignature){.unit = t->u, .function = f}, train->plan->model, t->api->train, train->lr);
    arguments_sign(&call, train->plan->model, t->api->train, train->lr);
    cblock *b = c_body(f);
    call_or_return(t, b, inner, &call);
    if (at_once) c_assign(b, training_element(t, "steps", c_int(t->u, 0)), "+=", c_int(t->u, 1));
    if (dropout) count_call(t, b);
    if (moves) training_pack_call(t->e, b, t->api);
    c_return(b, c_name(t->u, "NNC_OK"));
    c_function_end(f);
}

static void train_function(const training *t, emit_context *train) {
    cfunction *f = c_function(t->u, "nnc_status", training_name(t, "train"), NULL);
    csignature call = {.unit = t->u};
    arguments_sign(&(csignature){.unit = t->u, .function = f}, train->plan->model, t->api->train, t->api->train->lr);
    arguments_sign(&call, train->plan->model, t->api->train, train->lr);
    cblock *b = c_body(f);
    call_or_return(t, b, training_name(t, "grad"), &call);
    c_return(b, c_call(t->u, training_name(t, "step"), 2, c_name(t->u, "self"), c_name(t->u, t->api->train->lr)));
    c_function_end(f);
}

/* --- arrays in and out --- */

static void copy_function(const training *t, const char *what, bool out, const char *member) {
    cunit *u = t->u;
    cfunction *f = training_function(t, "void", what, out ? "const " : "");
    c_parameter(f, out ? "float *" : "const float *", out ? "to" : "from");
    cexpr *i = c_name(u, "i"), *inside = training_at(t, member, i), *outside = c_item(u, out ? "to" : "from", i);
    c_assign(training_for_each(t, c_body(f)), out ? outside : inside, "=", out ? inside : outside);
    if (!out) training_pack_call(t->e, c_body(f), t->api);
    c_function_end(f);
}

static void copy_params_function(const training *t) {
    cunit *u = t->u;
    cfunction *f = training_function(t, "void", "copy_params", "");
    c_parameter(f, arena_printf(t->e->arena, "const %s *", t->api->type), "from");
    cblock *b = c_body(f);
    cexpr *to = training_member(t, "parameters"), *from = c_member(u, c_name(u, "from"), "parameters", true);
    c_do(b, c_call(u, "memmove", 3, to, from, c_call(u, "sizeof", 1, to)));
    training_pack_call(t->e, b, t->api);
    c_function_end(f);
}

static void zero_grad_function(const training *t) {
    cfunction *f = training_function(t, "void", "zero_grad", "");
    if (t->training->at_once) c_do(c_body(f), c_cast(t->u, "void", c_name(t->u, "self")));
    else training_clear(t, c_body(f), "gradients");
    c_function_end(f);
}

/* --- the whole --- */

void training_before_reset(emit_context *e, const emit_api *api) {
    training t = training_of(e, api);
    training_map_function(&t);
    training_init_function(&t);
}

static void reset_state_function(const training *t) {
    const ir_model *m = t->model;
    if (!m->state_count) return;
    cfunction *f = training_function(t, "void", "reset_state", "");
    for (size_t i = 0; i < m->state_count; i++) training_clear(t, c_body(f), t->api->states[i]);
    procedure_states(t->e, t->api, f);
    c_function_end(f);
}

static void seed_function(const training *t) {
    cunit *u = t->u;
    cfunction *f = training_function(t, "void", "seed", "");
    c_parameter(f, "uint64_t", "seed");
    cblock *b = c_body(f);
    cexpr *seed = c_name(u, "seed");
    c_assign(b, training_element(t, "random", c_int(u, 0)), "=", c_cast(u, "uint32_t", seed));
    c_assign(b, training_element(t, "random", c_int(u, 1)), "=",
             c_cast(u, "uint32_t", c_binary(u, "/", seed, c_name(u, "UINT64_C(4294967296)"))));
    c_assign(b, training_element(t, "random", c_int(u, 2)), "=", c_int(u, 0));
    c_assign(b, training_element(t, "random", c_int(u, 3)), "=", c_int(u, 0));
    c_function_end(f);
}

void training_functions(emit_context *e, emit_context *eval, emit_context *train, const emit_api *api) {
    training t = training_of(e, api);
    bool train_only = t.training->train_only;
    reset_state_function(&t);
    if (training_has_dropout(e->plan)) seed_function(&t);
    procedure_function(eval, api->eval, "nnc_status", training_name(&t, "eval"));
    bool at_once = t.training->at_once;
    grad_function(&t, train, train_only && !at_once);
    if (training_has_step(t.model) && !at_once) {
        training_step_function(&t, train_only);
        train_function(&t, train);
    }
    zero_grad_function(&t);
    copy_function(&t, "get_params", true, "parameters");
    copy_function(&t, "set_params", false, "parameters");
    if (!train_only) copy_function(&t, "get_grads", true, "gradients");
    copy_params_function(&t);
    training_file_functions(&t);
}
