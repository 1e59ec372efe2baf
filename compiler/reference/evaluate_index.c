/* evaluate_index: elements at places that other tensors name, and the places of the largest. */
#include <math.h>

#include "reference/evaluate.h"

/* The place along an axis of `size`, or a fault. */
static bool place_of(evaluation *e, double id, size_t size, size_t *place) {
    if (id >= 0 && id < (double)size) return *place = (size_t)id, true;
    if (e->status == REFERENCE_OK) e->status = REFERENCE_TOKEN;
    return false;
}

static void take(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0), *ids = evaluate_input(e, n, 1);
    array *to = evaluate_result(e, n, 0);
    unsigned axis = n->attrs.axis;
    size_t at[IR_MAX_RANK] = {0}, from[IR_MAX_RANK] = {0};
    do {
        for (unsigned i = 0; i < x->rank; i++) from[i] = at[i < axis ? i : i + ids->rank - (i > axis)];
        if (!place_of(e, *array_element(ids, at + axis, ids->rank), x->sizes[axis], &from[axis])) return;
        *array_element(to, at, to->rank) = *array_element(x, from, x->rank);
    } while (array_next(to, at));
}

/* to[i][j] = x[ids[i][j]][j], for axis 0. No dim broadcasts, so offsets are counted here. */
static size_t offset_of(const array *x, const size_t *at) {
    size_t offset = 0;
    for (unsigned i = 0; i < x->rank; i++) offset = offset * x->sizes[i] + at[i];
    return offset;
}

static void gather(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0), *ids = evaluate_input(e, n, 1);
    array *to = evaluate_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0}, from[IR_MAX_RANK], axis = n->attrs.axis;
    do {
        memcpy(from, at, sizeof at);
        if (!place_of(e, ids->data[offset_of(ids, at)], x->sizes[axis], &from[axis])) return;
        to->data[offset_of(to, at)] = x->data[offset_of(x, from)];
    } while (array_next(to, at));
}

static void scatter_add(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0), *ids = evaluate_input(e, n, 1), *src = evaluate_input(e, n, 2);
    array *to = evaluate_result(e, n, 0);
    memcpy(to->data, x->data, to->elements * sizeof *to->data);
    size_t at[IR_MAX_RANK] = {0}, place[IR_MAX_RANK], axis = n->attrs.axis;
    do {
        memcpy(place, at, sizeof at);
        if (!place_of(e, ids->data[offset_of(ids, at)], to->sizes[axis], &place[axis])) return;
        double *element = &to->data[offset_of(to, place)], sum = *element + src->data[offset_of(src, at)];
        *element = to->dtype == IR_I32 ? (double)(int32_t)(uint32_t)(int64_t)sum : rounded(e, sum);
    } while (array_next(ids, at));
}

/* Comes a before b, of which b stands first? A NaN is larger than all numbers. */
static bool comes_before(double a, double b, bool smallest) {
    if (isnan(a) || isnan(b)) return smallest ? isnan(b) && !isnan(a) : isnan(a) && !isnan(b);
    return smallest ? a < b : a > b;
}

/* How clearly the order was decided. */
static void note_margin(evaluation *e, double a, double b) {
    double margin = fabs(a - b) / (1 + fabs(b));
    if (margin > 0 && margin < e->argmax_margin) e->argmax_margin = margin;
}

static void topk(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *values = evaluate_result(e, n, 0), *places = evaluate_result(e, n, 1);
    size_t at[IR_MAX_RANK] = {0}, from[IR_MAX_RANK], axis = n->attrs.axis;
    do {
        /* rank number at[axis]: the first of what is not among those before it */
        size_t best = x->sizes[axis];
        for (size_t i = 0; i < x->sizes[axis]; i++) {
            bool taken = false;
            memcpy(from, at, sizeof at);
            for (from[axis] = 0; from[axis] < at[axis]; from[axis]++)
                taken = taken || places->data[offset_of(places, from)] == (double)i;
            if (taken) continue;
            from[axis] = i;
            double candidate = x->data[offset_of(x, from)];
            from[axis] = best;
            if (best < x->sizes[axis]) note_margin(e, candidate, x->data[offset_of(x, from)]);
            if (best < x->sizes[axis] && !comes_before(candidate, x->data[offset_of(x, from)], n->attrs.smallest))
                continue;
            best = i;
        }
        memcpy(from, at, sizeof at);
        from[axis] = best;
        values->data[offset_of(values, at)] = x->data[offset_of(x, from)];
        places->data[offset_of(places, at)] = (double)best;
    } while (array_next(values, at));
}

void evaluate_index(evaluation *e, const ir_node *n) {
    switch ((unsigned)n->op) {
    case IR_TAKE: take(e, n); return;
    case IR_GATHER: gather(e, n); return;
    case IR_SCATTER_ADD: scatter_add(e, n); return;
    case IR_TOPK: topk(e, n); return;
    }
    ice("%s has no indices", ir_op_name(n->op));
}
