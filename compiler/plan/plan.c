/* plan: the planner's steps in order, for the reset graph and the run graph. */
#include "plan/plan.h"

#include "plan/planner.h"

enum { MAX_STRUCT_BYTES = 1 << 30 };

static void state_buffers(arena *a, plan *result, const ir_model *m) {
    result->state_buffers = ARENA_ARRAY(a, plan_buffer *, m->state_count);
    for (size_t i = 0; i < m->state_count; i++) {
        plan_buffer *b = result->state_buffers[i] = ARENA_NEW(a, plan_buffer);
        *b =
            (plan_buffer){.place = PLAN_STATE, .index = i, .dtype = m->states[i].type.dtype, .name = m->states[i].name};
        b->elements = ir_type_elements(m->dims, &m->states[i].type);
    }
}

static void procedure(planner *p, plan_procedure *to, bool is_reset) {
    planner_build(p, is_reset ? &p->model->reset : &p->model->run, is_reset);
    planner_place(p, is_reset);
    planner_legalize(p);
    plan_item *items = schedule(p);
    planner_kernels(p, to, items);
    planner_memory(p, to->items);
    planner_parts(p, to);
}

int64_t plan_scratch(const plan *p, bool floats) {
    const plan *all[PLAN_MODES];
    int64_t most = 0;
    for (size_t i = 0, count = plan_modes(p, all); i < count; i++) {
        int64_t own = floats ? all[i]->scratch_floats : all[i]->scratch_ints;
        if (own > most) most = own;
    }
    return most;
}

/* Scratch, states, and what training keeps. */
static void check_size(const plan *p, diag_list *diags) {
    const ir_model *m = p->model;
    int64_t elements = p->packs->floats + plan_scratch(p, true) + plan_scratch(p, false);
    for (size_t i = 0; i < m->state_count; i++) elements += dim_max(p->state_buffers[i]->elements);
    const ir_training *t = m->training;
    if (t) elements += (1u + (t->at_once ? 0u : 1u) + ir_moments(t)) * p->packs->params->floats;
    if (elements <= MAX_STRUCT_BYTES / 4) return;
    diag *d = diag_error(diags, m->where,
                         "model %s would need %.1f GiB of memory in its struct; at most 1 GiB is allowed", m->name,
                         (double)elements * 4 / (1024.0 * 1024 * 1024));
    diag_hint(d, "the bounds of the run-time dims decide: lower the upper bounds");
}

int64_t plan_tape_floats(const plan *p) {
    unsigned loss = 0;
    int64_t floats = 0;
    for (size_t i = 0; i < p->run.kernel_count; i++) {
        const plan_kernel *k = p->run.kernels[i];
        for (unsigned r = 0; r < k->result_count; r++) {
            const plan_buffer *b = k->results[r].kind == PLAN_MEMORY ? k->results[r].view.buffer : NULL;
            if (b && b->place == PLAN_OUTPUT && b->index == 0) loss = (unsigned)i;
        }
    }
    for (size_t i = 0; i < p->buffer_count; i++) {
        const plan_buffer *b = p->buffers[i];
        bool kept = b->dtype == IR_F32 && b->begin <= loss && b->end > loss;
        if (kept) floats += dim_max(b->elements);
    }
    return floats;
}

plan *plan_model(arena *a, ir_model *m, const plan_options *o, diag_list *diags) {
    plan *result = ARENA_NEW(a, plan);
    result->body_count = o->body_count;
    memcpy(result->bodies, o->bodies, sizeof result->bodies);
    result->model = m;
    result->dims = m->dims;
    result->packs = o->packs;
    if (!o->packs) {
        result->packs = ARENA_NEW(a, pack_list);
        result->packs->model = m;
        result->packs->params = params_place(a, m, o->bodies[0]);
    }
    result->input_buffers = ARENA_ARRAY(a, plan_buffer *, m->input_count);
    result->output_buffers = ARENA_ARRAY(a, plan_buffer *, m->output_count);
    state_buffers(a, result, m);
    result->checks = ARENA_ARRAY(a, plan_check, m->check_count);
    planner p = {.arena = a, .model = m, .plan = result, .dims = m->dims, .unroll = o->unroll};
    p.functions = name_set_new(a);
    p.linears = choose_linears(a, m);
    procedure(&p, &result->reset, true);
    procedure(&p, &result->run, false);

    const ir_training *t = m->training;
    if (t) {
        plan_options same = *o;
        same.packs = result->packs;
        result->eval = plan_model(a, t->eval, &same, diags);
        result->train = plan_model(a, t->train, &same, diags);
    }
    if (!m->base) check_size(result, diags);
    return result;
}
