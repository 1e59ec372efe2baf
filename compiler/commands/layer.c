/* layer: see layer.h. */
#include "commands/layer.h"

#include <string.h>

const ir_node *layer_param(const ir_value *v) {
    while (v && ir_op_class_of(v->producer->op) == IR_VIEW) v = v->producer->inputs[0];
    return v && v->producer->op == IR_PARAM ? v->producer : NULL;
}

const char *layer_name(arena *a, const ir_model *m, const ir_node *n) {
    for (unsigned i = 0; n->source && i < n->input_count; i++) {
        const ir_node *p = layer_param(n->inputs[i]);
        const char *by = p ? m->params[p->attrs.index].wanted_by : NULL;
        const char *end = by ? strstr(by, " = ") : NULL;
        if (end && strncmp(by, "layer ", 6) == 0)
            return arena_strndup(a, by + 6, (size_t)(end - by - 6));
    }
    return NULL;
}
