/* dual_reduction: derivatives of sums, extrema, softmax and norms. */
#include <math.h>

#include "reference/dual.h"

/* Elements of x that belong together: those that differ along `axes` only. */
typedef struct {
    double *v, *t;   /* in row-major order */
    double **to;     /* NORMALIZE: the result's tangents at the same places */
    size_t count;
} group;

static group *groups_of(evaluation *e, const array *x, const array *tangents, array *to, unsigned axes, size_t *count) {
    size_t each = 1, at[IR_MAX_RANK] = {0};
    for (unsigned i = 0; i < x->rank; i++)
        if (axes >> i & 1) each *= x->sizes[i];
    *count = x->elements / each;
    group *groups = ARENA_ARRAY(e->arena, group, *count);
    for (size_t g = 0; g < *count; g++) {
        groups[g].v = ARENA_ARRAY(e->arena, double, each);
        groups[g].t = ARENA_ARRAY(e->arena, double, each);
        groups[g].to = ARENA_ARRAY(e->arena, double *, each);
    }
    size_t i = 0;
    do {
        size_t g = 0;
        for (unsigned k = 0; k < x->rank; k++)
            if (!(axes >> k & 1)) g = g * x->sizes[k] + at[k];
        size_t place = groups[g].count++;
        groups[g].v[place] = x->data[i];
        groups[g].t[place] = tangents->data[i];
        if (to->elements == x->elements) groups[g].to[place] = &to->data[i];
        i++;
    } while (array_next(x, at));
    return groups;
}

static double sum(const double *x, size_t count) {
    double total = 0;
    for (size_t i = 0; i < count; i++) total += x[i];
    return total;
}

/* The first extreme's, or the mean of all that are equal to it. */
static double extreme(const ir_node *n, const group *g) {
    double best = g->v[0], total = 0, equals = 0;
    for (size_t i = 1; i < g->count; i++)
        if (n->op == IR_MAX ? g->v[i] > best : g->v[i] < best) best = g->v[i];
    for (size_t i = 0; i < g->count; i++) {
        if (!(g->v[i] == best)) continue;
        if (!n->attrs.shared) return g->t[i];
        total += g->t[i];
        equals++;
    }
    return total / equals;
}

static double product(const group *g) {
    double total = 0;
    for (size_t i = 0; i < g->count; i++) {
        double others = g->t[i];
        for (size_t k = 0; k < g->count; k++) others *= k == i ? 1 : g->v[k];
        total += others;
    }
    return total;
}

static double variance(const group *g, double correction) {
    double mean = sum(g->v, g->count) / (double)g->count, total = 0;
    for (size_t i = 0; i < g->count; i++) total += 2 * (g->v[i] - mean) * g->t[i];
    return total / ((double)g->count - correction);
}

static double norm(const group *g) {
    double squares = 0, along = 0;
    for (size_t i = 0; i < g->count; i++) {
        squares += g->v[i] * g->v[i];
        along += g->v[i] * g->t[i];
    }
    return squares > 0 ? along / sqrt(squares) : 0;
}

static double reduced(const ir_node *n, const group *g) {
    switch ((unsigned)n->op) {
    case IR_SUM: return sum(g->t, g->count);
    case IR_MEAN: return sum(g->t, g->count) / (double)g->count;
    case IR_MAX:
    case IR_MIN: return extreme(n, g);
    case IR_PROD: return product(g);
    case IR_VAR: return variance(g, (double)n->attrs.count);
    case IR_NORM: return norm(g);
    }
    ice("%s has no tangent", ir_op_name(n->op));
}

static void cumulate(group *g) {
    double total = 0;
    for (size_t i = 0; i < g->count; i++) *g->to[i] = total += g->t[i];
}

/* softmax's elements are p: p (t - sum of p t); those of log_softmax are the logarithms: t - sum of p t. */
static void softmax(const ir_node *n, group *g) {
    double most = -(double)INFINITY, total = 0, mean = 0;
    for (size_t i = 0; i < g->count; i++) most = fmax(most, g->v[i]);
    for (size_t i = 0; i < g->count; i++) total += exp(g->v[i] - most);
    for (size_t i = 0; i < g->count; i++) mean += exp(g->v[i] - most) / total * g->t[i];
    for (size_t i = 0; i < g->count; i++)
        *g->to[i] = (n->op == IR_SOFTMAX ? exp(g->v[i] - most) / total : 1) * (g->t[i] - mean);
}

void dual_reduction(evaluation *e, const ir_node *n) {
    bool normalizes = ir_op_class_of(n->op) == IR_NORMALIZE;
    array *to = dual_result(e, n, 0);
    size_t count;
    unsigned axes = normalizes ? 1u << n->attrs.axis : n->attrs.axes;
    group *groups = groups_of(e, evaluate_input(e, n, 0), dual_input(e, n, 0), to, axes, &count);
    for (size_t g = 0; g < count; g++) {
        if (!normalizes) to->data[g] = reduced(n, &groups[g]);
        else if (n->op == IR_CUMSUM) cumulate(&groups[g]);
        else softmax(n, &groups[g]);
    }
}

/* --- LayerNorm, BatchNorm ----------------------------------------------------------------------------------------- */

static void layer_norm(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0), *weight = evaluate_input(e, n, 1);
    const array *dx = dual_input(e, n, 0), *dweight = dual_input(e, n, 1), *dbias = dual_input(e, n, 2);
    array *to = dual_result(e, n, 0);
    size_t size = 1;
    for (unsigned i = 0; i < (unsigned)n->attrs.count; i++) size *= x->sizes[x->rank - 1 - i];
    for (size_t row = 0; row < x->elements; row += size) {
        group g = {.v = x->data + row, .t = dx->data + row, .count = size};
        double mean = sum(g.v, size) / (double)size, dmean = sum(g.t, size) / (double)size, squares = 0;
        for (size_t i = 0; i < size; i++) squares += (g.v[i] - mean) * (g.v[i] - mean);
        double deviation = sqrt(squares / (double)size + n->attrs.eps), dvariance = variance(&g, 0);
        double ddeviation = dvariance / (2 * deviation);
        for (size_t i = 0; i < size; i++) {
            double hat = (g.v[i] - mean) / deviation;
            double dhat = (g.t[i] - dmean) / deviation - hat * ddeviation / deviation;
            double dy = weight ? dhat * weight->data[i] + hat * dweight->data[i] : dhat;
            to->data[row + i] = dbias ? dy + dbias->data[i] : dy;
        }
    }
}

/* Of running statistics, which are constants. */
static void batch_norm(evaluation *e, const ir_node *n) {
    const array *x = evaluate_input(e, n, 0), *mean = evaluate_input(e, n, 1), *var = evaluate_input(e, n, 2);
    const array *weight = evaluate_input(e, n, 3), *dx = dual_input(e, n, 0);
    const array *dweight = dual_input(e, n, 3), *dbias = dual_input(e, n, 4);
    array *to = dual_result(e, n, 0);
    size_t at[IR_MAX_RANK] = {0};
    do {
        size_t c = at[1];
        double deviation = sqrt(var->data[c] + n->attrs.eps);
        double hat = (*array_element(x, at, x->rank) - mean->data[c]) / deviation;
        double dy = *array_element(dx, at, x->rank) / deviation;
        if (weight) dy = dy * weight->data[c] + hat * dweight->data[c];
        *array_element(to, at, to->rank) = dbias ? dy + dbias->data[c] : dy;
    } while (array_next(to, at));
}

void dual_norm(evaluation *e, const ir_node *n) {
    if (n->op == IR_LAYER_NORM) layer_norm(e, n);
    else batch_norm(e, n);
}
