/* choose: a kernel's choices, as its operator's row says; and what is asked of them. */
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

unsigned choice_packs(const plan_choice *c, const pack **to) {
    const choice_recurrent *r = &c->recurrent;
    const pack *all[CHOICE_MOST_PACKS] = {NULL};
    if (c->kind == CHOICE_LINEAR && !c->linear.dots) all[0] = c->linear.pack;
    if (c->kind == CHOICE_CONV) all[0] = c->conv.pack;
    if (c->kind == CHOICE_RECURRENT) {
        all[0] = r->input;
        all[1] = r->hidden_pack;
        all[2] = r->candidate;
        all[3] = r->output;
    }
    unsigned count = 0;
    for (int i = 0; i < CHOICE_MOST_PACKS; i++)
        if (all[i]) to[count++] = all[i];
    return count;
}

bool choice_takes_turn(const plan_choice *c) {
    return c->kind == CHOICE_RECURRENT && c->recurrent.fused && c->recurrent.zigzag;
}

void choose(const chooser *c, const plan_kernel *k, plan_choice *to) {
    *to = (plan_choice){.body = c->body};
    if (k->kind != PLAN_NODE) {
        to->kind = k->kind != PLAN_CHECK && is_plain(c, k) ? CHOICE_PLAIN : CHOICE_OTHER;
        return;
    }
    plan_operator_of(k->node->op)->choose(c, k, to);
}
