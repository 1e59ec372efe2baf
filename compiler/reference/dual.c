/* dual: operators that are linear in their operands, one at a time or all together, and the choice of the others'
 * files. */
#include "reference/dual.h"

/* The copy's operands and result have ids behind those of the model. */
/* What the node gives when the operands whose bits are set are replaced by their tangents, and
 * those of `without` are not there: the tangent itself, of operators that are linear in these. */
static array replaced(evaluation *e, const ir_node *n, uint64_t tangents, uint64_t without) {
    ir_node copy = *n;
    ir_value *operands = ARENA_ARRAY(e->arena, ir_value, n->input_count), result = *n->results[0],
             *results[] = {&result};
    copy.inputs = ARENA_ARRAY(e->arena, ir_value *, n->input_count);
    for (unsigned i = 0; i < n->input_count; i++) {
        copy.inputs[i] = without >> (i & 63) & 1 ? NULL : n->inputs[i];
        if (!copy.inputs[i] || !(tangents >> (i & 63) & 1)) continue;
        operands[i] = *n->inputs[i];
        operands[i].id = e->model->value_count + 1 + i;
        e->values[operands[i].id] = e->tangents[n->inputs[i]->id];
        copy.inputs[i] = &operands[i];
    }
    result.id = e->model->value_count;
    copy.results = results;
    copy.result_count = 1;
    if (copy.op == IR_PAD) copy.attrs.number = 0;
    if (copy.op == IR_EMBEDDING) copy.attrs.has_max_norm = false; /* rows are scaled before, and for good */
    evaluate_operator(e, &copy);
    return e->values[result.id];
}

static void add_to(array *to, const array *more) {
    for (size_t i = 0; i < to->elements; i++) to->data[i] += more->data[i];
}

static void by_parts(evaluation *e, const ir_node *n, uint64_t first, uint64_t second, uint64_t without) {
    array *to = dual_result(e, n, 0);
    array a = replaced(e, n, first, without), b = replaced(e, n, second, 0);
    add_to(to, &a);
    add_to(to, &b);
}

static void linear_in(evaluation *e, const ir_node *n, uint64_t operands) {
    array *to = dual_result(e, n, 0);
    array a = replaced(e, n, operands, 0);
    add_to(to, &a);
}

/* The values at the places that were found. */
static void topk(evaluation *e, const ir_node *n) {
    const array *x = dual_input(e, n, 0), *places = &e->values[n->results[1]->id];
    array *to = dual_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0}, from[IR_MAX_RANK], axis = n->attrs.axis;
    do {
        memcpy(from, at, sizeof at);
        from[axis] = (size_t)*array_element(places, at, places->rank);
        *array_element(to, at, to->rank) = *array_element(x, from, x->rank);
    } while (array_next(to, at));
    dual_result(e, n, 1);
}

static void tangent_of_source(evaluation *e, const ir_node *n) {
    if (n->op == IR_ROW || n->op == IR_CARRIED) return;
    array *to = dual_result(e, n, 0);
    const double *direction = NULL;
    if (n->op == IR_PARAM) direction = e->param_directions[n->attrs.index];
    if (n->op == IR_INPUT) direction = e->input_directions[n->attrs.index];
    for (size_t i = 0; direction && i < to->elements; i++) to->data[i] = direction[i];
}

static void layer(evaluation *e, const ir_node *n) {
    switch ((unsigned)n->op) {
    case IR_LINEAR:
    case IR_CONV1D: by_parts(e, n, 1, 6, 4); return;
    case IR_MATMUL: by_parts(e, n, 1, 2, 0); return;
    case IR_EMBEDDING: linear_in(e, n, 2); return;
    case IR_DROPOUT: linear_in(e, n, 1); return;
    case IR_RECURRENT: dual_recurrent(e, n); return;
    case IR_LAYER_NORM:
    case IR_BATCH_NORM: dual_norm(e, n); return;
    case IR_ONE_HOT:
    case IR_DETACH:
    case IR_GRAD: dual_result(e, n, 0); return;
    default: ice("%s has no tangent", ir_op_name(n->op));
    }
}

static void move(evaluation *e, const ir_node *n) {
    switch ((unsigned)n->op) {
    case IR_TOPK: topk(e, n); return;
    case IR_TAKE:
    case IR_GATHER: linear_in(e, n, 1); return;
    case IR_SCATTER_ADD: linear_in(e, n, 5); return;
    case IR_ARANGE: dual_result(e, n, 0); return;
    case IR_RESHAPE:
    case IR_PERMUTE:
    case IR_SLICE:
    case IR_EXPAND:
    case IR_CAT:
    case IR_PAD:
    case IR_FLIP:
    case IR_ROLL:
    case IR_PLACE:
    case IR_COPY: linear_in(e, n, UINT64_MAX); return;
    default: ice("%s has no tangent", ir_op_name(n->op));
    }
}

void dual_node(evaluation *e, const ir_node *n) {
    ir_op_class kind = ir_op_class_of(n->op);
    if (kind == IR_SOURCE) tangent_of_source(e, n);
    else if (kind == IR_SINK || kind == IR_LOOP) return; /* a loop's are set with its values */
    else if (n->results[0]->type.dtype != IR_F32) dual_result(e, n, 0);
    else if (kind == IR_LAYER) layer(e, n);
    else if (kind == IR_VIEW || kind == IR_MOVE) move(e, n);
    else if (kind == IR_REDUCE || kind == IR_NORMALIZE) dual_reduction(e, n);
    else dual_elementwise(e, n);
}
