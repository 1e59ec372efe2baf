/* training_parts: see training_parts.h. */
#include "emit/training_parts.h"

#include "emit/training.h"
#include "kernels/vectors.h"

static bool are_in_order(const training *t) {
    for (size_t i = 0; i < t->model->param_count; i++) {
        const ir_param *param = &t->model->params[i];
        const param_place *place = training_place_of(t, param);
        if (ir_param_lives(param) && (place->packed || place->offset != param->offset)) return false;
    }
    return true;
}

training training_of(emit_context *e, const emit_api *api) {
    const ir_model *m = e->plan->model;
    const param_places *places = e->plan->packs->params;
    training t = {.e = e,
                  .u = e->unit,
                  .api = api,
                  .model = m,
                  .training = m->training,
                  .places = places,
                  .floats = places->floats};
    t.in_order = are_in_order(&t);
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
    c_parameter(f, arena_printf(t->e->arena, "%s%s *", self_type, t->api->type), "self");
    return f;
}

const param_place *training_place_of(const training *t, const ir_param *p) {
    return &t->places->of[p - t->model->params];
}

void training_clear(const training *t, cblock *b, const char *member) {
    cexpr *size = c_call(t->u, "sizeof", 1, training_member(t, member));
    c_do(b, c_call(t->u, "memset", 3, training_member(t, member), c_int(t->u, 0), size));
}

cexpr *training_load(const training *t, const char *member, const training_place *at) {
    const dim *one = dim_const(t->e->plan->dims, 1);
    return vectors_load(t->e, training_member(t, member), at->index, one, at->lanes);
}

void training_store(const training *t, cblock *b, const char *member, const training_place *at, cexpr *value) {
    vectors_store(t->e, b, training_member(t, member), at->index, dim_const(t->e->plan->dims, 1), value, at->lanes);
}

void training_each(const training *t, cblock *b, cexpr *from, cexpr *to, training_body *body, void *context) {
    cunit *u = t->u;
    int64_t lanes = t->e->target->lanes, first, end;
    bool known = c_is_int(from, &first) && c_is_int(to, &end);
    training_place at = {c_name(u, "i"), NULL};
    cexpr *whole = to, *rest = NULL;
    if (known) {
        whole = c_int(u, first + (end - first) / lanes * lanes);
        if ((end - first) % lanes) rest = c_int(u, (end - first) % lanes);
    } else if (lanes > 1) {
        cexpr *vectors = c_binary(u, "/", c_sub(u, to, from), c_int(u, lanes));
        c_declare(b, "const size_t", "whole", c_add(u, from, c_mul(u, vectors, c_int(u, lanes))));
        whole = c_name(u, "whole");
        rest = c_sub(u, to, whole);
    }
    body(context, c_for(b, "i", from, whole, lanes), &at);
    if (!rest) return;
    at = (training_place){whole, known ? rest : c_name(u, "rest")};
    b = known ? c_scope(b) : c_if(b, c_binary(u, "<", whole, to));
    if (!known) c_declare(b, "const size_t", "rest", rest);
    body(context, b, &at);
}

bool training_has_step(const ir_model *m) { return m->training->optimizer_count > 0; }

bool training_has_dropout(const plan *p) {
    const plan_procedure *run = &p->train->run;
    for (size_t i = 0; i < run->kernel_count; i++)
        if (run->kernels[i]->kind == PLAN_NODE && run->kernels[i]->node->op == IR_DROPOUT) return true;
    return false;
}
