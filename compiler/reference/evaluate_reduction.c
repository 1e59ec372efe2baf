/* evaluate_reduction: sums, extrema and softmax over dims. */
#include <math.h>

#include "reference/evaluate.h"

/* The elements of x that one element of the result is made of, in row-major order. */
typedef struct {
    double *items;
    size_t count;
} group;

/* All groups at once: a result element's group is the elements of x whose index is its own in the dims kept. */
static group *groups_of(evaluation *e, const array *x, unsigned axes, size_t *count) {
    size_t each = 1, at[IR_MAX_RANK] = {0};
    for (unsigned i = 0; i < x->rank; i++)
        if (axes >> i & 1) each *= x->sizes[i];
    *count = x->elements / each;
    group *groups = ARENA_ARRAY(e->arena, group, *count);
    for (size_t g = 0; g < *count; g++) groups[g].items = ARENA_ARRAY(e->arena, double, each);
    do {
        size_t g = 0;
        for (unsigned i = 0; i < x->rank; i++)
            if (!(axes >> i & 1)) g = g * x->sizes[i] + at[i];
        groups[g].items[groups[g].count++] = *array_element(x, at, x->rank);
    } while (array_next(x, at));
    return groups;
}

/* The first largest; the first NaN if there is one. */
static size_t largest(const group *g) {
    size_t best = 0;
    for (size_t i = 1; i < g->count; i++)
        if (!isnan(g->items[best]) && (isnan(g->items[i]) || g->items[i] > g->items[best])) best = i;
    return best;
}

static void note_margin(evaluation *e, const group *g, size_t best) {
    for (size_t i = 0; i < g->count; i++) {
        double margin = fabs(g->items[best] - g->items[i]) / (1 + fabs(g->items[best]));
        if (margin > 0 && margin < e->argmax_margin) e->argmax_margin = margin;
    }
}

static double sum(const evaluation *e, const group *g, ir_dtype dtype) {
    double total = 0;
    for (size_t i = 0; i < g->count; i++) {
        total += g->items[i];
        total = dtype == IR_I32 ? (double)(int32_t)(uint32_t)(int64_t)total : rounded(e, total);
    }
    return total;
}

static double product(const evaluation *e, const group *g, ir_dtype dtype) {
    double total = 1;
    for (size_t i = 0; i < g->count; i++)
        total = dtype == IR_I32 ? (double)(int32_t)((uint32_t)(int32_t)total * (uint32_t)(int32_t)g->items[i])
                                : rounded(e, total * g->items[i]);
    return total;
}

/* The sum of the squared differences from the mean, over the count less the correction. */
static double variance(const evaluation *e, const group *g, int64_t correction) {
    double mean = sum(e, g, IR_F32) / (double)g->count, squares = 0;
    for (size_t i = 0; i < g->count; i++) squares += (g->items[i] - mean) * (g->items[i] - mean);
    double freedom = (double)g->count - (double)correction;
    return rounded(e, squares / (freedom > 0 ? freedom : 0));
}

static double root_of_squares(const evaluation *e, const group *g) {
    double squares = 0;
    for (size_t i = 0; i < g->count; i++) squares += g->items[i] * g->items[i];
    return rounded(e, sqrt(squares));
}

/* The first smallest; the first NaN if there is one. */
static size_t smallest_at(const group *g) {
    size_t best = 0;
    for (size_t i = 1; i < g->count; i++)
        if (!isnan(g->items[best]) && (isnan(g->items[i]) || g->items[i] < g->items[best])) best = i;
    return best;
}

static double reduced(evaluation *e, const ir_node *n, const group *g, ir_dtype dtype) {
    switch ((unsigned)n->op) {
    case IR_SUM: return sum(e, g, dtype);
    case IR_MEAN: return rounded(e, sum(e, g, dtype) / (double)g->count);
    case IR_MAX: return g->items[largest(g)];
    case IR_MIN: return g->items[smallest_at(g)];
    case IR_PROD: return product(e, g, dtype);
    case IR_VAR: return variance(e, g, n->attrs.count);
    case IR_NORM: return root_of_squares(e, g);
    case IR_ARGMIN: note_margin(e, g, smallest_at(g)); return (double)smallest_at(g);
    case IR_ARGMAX: note_margin(e, g, largest(g)); return (double)largest(g);
    }
    ice("%s does not reduce", ir_op_name(n->op));
}

/* softmax: exp(x) / sum of exp(x); log_softmax: its logarithm. The largest element is taken off first, which changes
 * neither, so that exp does not overflow. */
static void normalize(const evaluation *e, const ir_node *n, group *g) {
    double most = g->items[largest(g)];
    group powers = {ARENA_ARRAY(e->arena, double, g->count), g->count};
    for (size_t i = 0; i < g->count; i++) {
        g->items[i] = rounded(e, g->items[i] - most);
        powers.items[i] = rounded(e, exp(g->items[i]));
    }
    double total = sum(e, &powers, IR_F32);
    for (size_t i = 0; i < g->count; i++)
        g->items[i] = rounded(e, n->op == IR_SOFTMAX ? powers.items[i] / total : g->items[i] - rounded(e, log(total)));
}

/* Sums of the elements up to each one. */
static void accumulate(const evaluation *e, group *g, ir_dtype dtype) {
    for (size_t i = 1; i < g->count; i++) {
        double total = g->items[i - 1] + g->items[i];
        g->items[i] = dtype == IR_I32 ? (double)(int32_t)(uint32_t)(int64_t)total : rounded(e, total);
    }
}

void evaluate_reduction(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0);
    array *to = evaluate_result(e, n, 0);
    bool normalizes = ir_op_class_of(n->op) == IR_NORMALIZE;
    size_t count, at[IR_MAX_RANK] = {0};
    group *groups = groups_of(e, x, normalizes ? 1u << n->attrs.axis : n->attrs.axes, &count);
    if (!normalizes) {
        for (size_t g = 0; g < count; g++) to->data[g] = reduced(e, n, &groups[g], x->dtype);
        return;
    }
    for (size_t g = 0; g < count; g++) {
        if (n->op == IR_CUMSUM) accumulate(e, &groups[g], x->dtype);
        else normalize(e, n, &groups[g]);
    }
    do {
        size_t g = 0;
        for (unsigned i = 0; i < x->rank; i++)
            if (i != n->attrs.axis) g = g * x->sizes[i] + at[i];
        *array_element(to, at, to->rank) = groups[g].items[at[n->attrs.axis]];
    } while (array_next(to, at));
}
