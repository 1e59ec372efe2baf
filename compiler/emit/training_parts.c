/* training_parts: see training_parts.h. */
#include "emit/training_parts.h"

#include "emit/training.h"

training training_of(emit_context *e, const emit_api *api) {
    const ir_model *m = e->plan->model;
    training t = {.e = e, .u = e->unit, .api = api, .model = m, .training = m->training, .floats = ir_living_floats(m)};
    return t;
}

const char *training_name(const training *t, const char *what) {
    return arena_printf(t->e->arena, "%s_%s", t->api->name, what);
}

cexpr *training_member(const training *t, const char *member) {
    return c_member(t->u, c_name(t->u, "self"), member, true);
}

cexpr *training_element(const training *t, const char *member, cexpr *index) {
    return c_index(t->u, training_member(t, member), index);
}

cfunction *training_function(const training *t, const char *type, const char *what, const char *self_type) {
    cfunction *f = c_function(t->u, type, training_name(t, what), NULL);
    c_parameter(f, arena_printf(t->e->arena, "%s%s *", self_type, t->api->name), "self");
    return f;
}

cexpr *training_bytes(const training *t) {
    return c_mul(t->u, c_name(t->u, "%s_PARAM_FLOATS", t->api->upper), c_name(t->u, "sizeof(float)"));
}

void training_clear(const training *t, cblock *b, const char *member) {
    cexpr *size = c_call(t->u, "sizeof", 1, training_member(t, member));
    c_do(b, c_call(t->u, "memset", 3, training_member(t, member), c_int(t->u, 0), size));
}

bool training_has_step(const ir_model *m) { return m->training->optimizer_count > 0; }

bool training_has_dropout(const plan *p) {
    const plan_procedure *run = &p->train->run;
    for (size_t i = 0; i < run->kernel_count; i++)
        if (run->kernels[i]->kind == PLAN_NODE && run->kernels[i]->node->op == IR_DROPOUT) return true;
    return false;
}
