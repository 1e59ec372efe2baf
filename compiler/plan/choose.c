/* choose: which file makes the choices of a kernel; those of moves. */
#include "plan/choose.h"

#include "plan/operators.h"

static bool is_plain(const chooser *c, const plan_kernel *k) {
    const plan_view *to = &k->results[0].view;
    if (k->kind == PLAN_ZERO) return plan_view_dense(c->dims, to);
    if (k->kind != PLAN_COPY || k->inputs[0].kind != PLAN_MEMORY) return false;
    const plan_view *from = &k->inputs[0].view;
    return from->type.dtype == to->type.dtype && ir_shape_same(&from->type, &to->type) &&
           plan_view_dense(c->dims, from) && plan_view_dense(c->dims, to);
}

void choose(const chooser *c, const plan_kernel *k, plan_choice *to) {
    *to = (plan_choice){.body = c->body};
    if (k->kind != PLAN_NODE) {
        to->kind = k->kind != PLAN_CHECK && is_plain(c, k) ? CHOICE_PLAIN : CHOICE_OTHER;
        return;
    }
    plan_operator_of(k->node->op)->choose(c, k, to);
}
