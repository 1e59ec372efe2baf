/* array: tensors with known sizes, the walk over their elements, and those that nodes take and give. */
#include "reference/dual.h"

int64_t evaluate_dim(const evaluation *e, const dim *d) { return ir_dim_at(e->model, d, e->dims); }

array evaluate_array(arena *a, ir_dtype dtype, unsigned rank, const size_t *sizes) {
    array x = {.dtype = dtype, .rank = rank, .elements = 1};
    for (unsigned i = 0; i < rank; i++) {
        x.sizes[i] = sizes[i];
        x.elements *= sizes[i];
    }
    x.data = ARENA_ARRAY(a, double, x.elements);
    return x;
}

bool array_next(const array *x, size_t *at) {
    for (unsigned i = x->rank; i--;) {
        if (++at[i] < x->sizes[i]) return true;
        at[i] = 0;
    }
    return false;
}

double *array_element(const array *x, const size_t *at, unsigned rank) {
    size_t offset = 0;
    for (unsigned i = 0; i < x->rank; i++) {
        size_t index = x->sizes[i] == 1 ? 0 : at[rank - x->rank + i];
        offset = offset * x->sizes[i] + index;
    }
    return &x->data[offset];
}

const array *evaluate_input(const evaluation *e, const ir_node *n, unsigned i) {
    if (!n->inputs[i]) return NULL;
    const array *x = &e->values[n->inputs[i]->id];
    if (!x->data) ice("operand %u of %s has no value yet", i, ir_op_name(n->op));
    return x;
}

array *evaluate_result(evaluation *e, const ir_node *n, unsigned i) {
    const ir_value *v = n->results[i];
    size_t sizes[IR_MAX_RANK];
    for (unsigned k = 0; k < v->type.rank; k++) sizes[k] = (size_t)evaluate_dim(e, v->type.dims[k]);
    e->values[v->id] = evaluate_array(e->arena, v->type.dtype, v->type.rank, sizes);
    return &e->values[v->id];
}

/* --- tangents --- */

const array *dual_input(const evaluation *e, const ir_node *n, unsigned i) {
    return n->inputs[i] ? &e->tangents[n->inputs[i]->id] : NULL;
}

array *dual_result(evaluation *e, const ir_node *n, unsigned i) {
    const ir_value *v = n->results[i];
    const array *value = &e->values[v->id];
    e->tangents[v->id] = evaluate_array(e->arena, value->dtype, value->rank, value->sizes);
    return &e->tangents[v->id];
}
