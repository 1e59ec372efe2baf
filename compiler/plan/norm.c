/* norm: a BATCH_NORM's params. */
#include "plan/plan.h"

static const ir_param *param_of(const ir_model *m, const plan_operand *o) {
    return o->kind == PLAN_PARAM ? &m->params[o->param] : NULL;
}

pack_norm plan_norm_of(const ir_model *m, const plan_kernel *k) {
    const plan_operand *o = k->inputs;
    return (pack_norm){param_of(m, &o[1]), param_of(m, &o[2]), param_of(m, &o[3]), param_of(m, &o[4]),
                       k->node->attrs.eps, dim_max(o[1].view.type.dims[0])};
}
