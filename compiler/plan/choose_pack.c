/* choose_pack: packs of operands. */
#include "plan/choose.h"

const ir_param *choose_param(const chooser *c, const plan_operand *o) {
    return o->kind == PLAN_PARAM ? &c->model->params[o->param] : NULL;
}

pack *choose_pack(const chooser *c, const plan_kernel *k, const plan_operand *weight, const plan_operand *bias,
                  int64_t units, int64_t terms, int64_t panel) {
    pack *p = ARENA_NEW(c->arena, pack);
    *p = (pack){.units = units, .terms = terms, .panel = panel, .matrices = 1, .gates = 1};
    p->scale[0] = 1.0f;
    p->weight = choose_param(c, weight);
    p->format = format_choose(k->node, p->weight);
    p->bias = bias ? choose_param(c, bias) : NULL;
    p->bias_from = p->bias ? 0 : 1;
    p->padding = c->body->padding;
    p->tail = c->body->tail;
    return p;
}
