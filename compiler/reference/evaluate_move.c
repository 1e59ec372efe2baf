/* evaluate_move: what changes no element: views, cat, pad, copies, what is turned round; and what counts. */
#include "reference/evaluate.h"

static void copy(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    memcpy(to->data, x->data, to->elements * sizeof *to->data);
}

/* Dim i of the result is dim perm[i] of the operand. */
static void permute(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0}, from[IR_MAX_RANK] = {0};
    do {
        for (unsigned i = 0; i < to->rank; i++) from[n->attrs.perm[i]] = at[i];
        *array_element(to, at, to->rank) = *array_element(x, from, x->rank);
    } while (array_next(to, at));
}

static void slice(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0}, from[IR_MAX_RANK], axis = n->attrs.axis;
    size_t start = (size_t)evaluate_dim(e, n->attrs.start), step = (size_t)n->attrs.step;
    do {
        memcpy(from, at, sizeof at);
        from[axis] = start + at[axis] * step;
        if (from[axis] >= x->sizes[axis]) ice("a slice leaves its operand");
        *array_element(to, at, to->rank) = *array_element(x, from, x->rank);
    } while (array_next(to, at));
}

static void cat(evaluation *e, const ir_node *n) {
    array *to = evaluate_result(e, n, 0);
    size_t axis = n->attrs.axis, offset = 0;
    for (unsigned i = 0; i < n->input_count; i++) {
        const array *x = evaluate_input(e, n, i);
        size_t at[IR_MAX_RANK] = {0}, place[IR_MAX_RANK];
        do {
            memcpy(place, at, sizeof at);
            place[axis] += offset;
            *array_element(to, place, to->rank) = *array_element(x, at, x->rank);
        } while (array_next(x, at));
        offset += x->sizes[axis];
    }
}

/* Which of `size` elements stands at place i, which is before the first when negative; -1: none. */
static int64_t padded_from(ir_pad_mode mode, int64_t i, int64_t size) {
    if (i >= 0 && i < size) return i;
    switch (mode) {
    case IR_PAD_CONSTANT: return -1;
    case IR_PAD_REFLECT: return i < 0 ? -i : 2 * (size - 1) - i;
    case IR_PAD_REPLICATE: return i < 0 ? 0 : size - 1;
    case IR_PAD_CIRCULAR: return i < 0 ? i + size : i - size;
    }
    ice("a pad mode out of range");
}

static void pad(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0}, from[IR_MAX_RANK], axis = n->attrs.axis;
    do {
        int64_t i = padded_from(n->attrs.pad_mode, (int64_t)at[axis] - n->attrs.before, (int64_t)x->sizes[axis]);
        memcpy(from, at, sizeof at);
        from[axis] = (size_t)i;
        double number = to->dtype == IR_F32 ? rounded(e, n->attrs.number) : n->attrs.number;
        *array_element(to, at, to->rank) = i < 0 ? number : *array_element(x, from, x->rank);
    } while (array_next(to, at));
}

static void expand(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0};
    do *array_element(to, at, to->rank) = *array_element(x, at, to->rank);
    while (array_next(to, at));
}

static void arange(evaluation *e, const ir_node *n) {
    array *to = evaluate_result(e, n, 0);
    int64_t start = evaluate_dim(e, n->attrs.start);
    for (size_t i = 0; i < to->elements; i++) to->data[i] = (double)(start + (int64_t)i * n->attrs.step);
}

static void place(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0}, there[IR_MAX_RANK], axis = n->attrs.axis;
    do {
        memcpy(there, at, sizeof at);
        there[axis] = (size_t)evaluate_dim(e, n->attrs.start) + at[axis] * (size_t)n->attrs.step;
        *array_element(to, there, to->rank) = *array_element(x, at, x->rank);
    } while (array_next(x, at));
}

static void flip(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0}, from[IR_MAX_RANK] = {0};
    do {
        for (unsigned i = 0; i < to->rank; i++) from[i] = n->attrs.axes >> i & 1 ? to->sizes[i] - 1 - at[i] : at[i];
        *array_element(to, at, to->rank) = *array_element(x, from, x->rank);
    } while (array_next(to, at));
}

static void roll(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0}, place[IR_MAX_RANK];
    int64_t size = (int64_t)x->sizes[n->attrs.axis];
    do {
        memcpy(place, at, sizeof at);
        int64_t moved = ((int64_t)at[n->attrs.axis] + n->attrs.shift) % size;
        place[n->attrs.axis] = (size_t)(moved < 0 ? moved + size : moved);
        *array_element(to, place, to->rank) = *array_element(x, at, x->rank);
    } while (array_next(x, at));
}

void evaluate_move(evaluation *e, const ir_node *n) {
    switch ((unsigned)n->op) {
    case IR_RESHAPE:
    case IR_COPY: copy(e, n); return;
    case IR_PERMUTE: permute(e, n); return;
    case IR_SLICE: slice(e, n); return;
    case IR_CAT: cat(e, n); return;
    case IR_PAD: pad(e, n); return;
    case IR_EXPAND: expand(e, n); return;
    case IR_ARANGE: arange(e, n); return;
    case IR_PLACE: place(e, n); return;
    case IR_FLIP: flip(e, n); return;
    case IR_ROLL: roll(e, n); return;
    case IR_TAKE:
    case IR_GATHER:
    case IR_SCATTER_ADD:
    case IR_TOPK: evaluate_index(e, n); return;
    }
    ice("%s moves nothing", ir_op_name(n->op));
}
