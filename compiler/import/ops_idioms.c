/* ops_idioms: what exporters write out where ONNX had no operator: products that are a function of torch.nn.functional,
 * and GroupNorm. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "import/ops.h"

static const node *called(const value *v, const char *function) {
    const node *n = v->producer;
    bool fits = n && (n->kind == NODE_CALL || n->kind == NODE_INFIX) && n->result_count == 1;
    return fits && strcmp(n->function, function) == 0 ? n : NULL;
}

static bool is_number(const value *v, double number) {
    double found;
    return v->element == ELEMENT_FLOAT && value_scalar(v, &found) && fabs(found - number) <= 1e-6 * number;
}

/* What v adds to, multiplies or divides the number by; NULL when it is no such thing. */
static value *beside_number(const value *v, const char *symbol, double number) {
    const node *n = called(v, symbol);
    if (!n) return NULL;
    if (is_number(n->operands[1], number)) return n->operands[0];
    return strcmp(symbol, "/") != 0 && is_number(n->operands[0], number) ? n->operands[1] : NULL;
}

/* Whether v is erf(x / sqrt(2)) + 1. */
static bool is_erf_of(const value *v, const value *x) {
    const value *sum = beside_number(v, "+", 1);
    const node *erf = sum ? called(sum, "erf") : NULL;
    if (!erf) return false;
    return beside_number(erf->operands[0], "/", sqrt(2)) == x || beside_number(erf->operands[0], "*", sqrt(0.5)) == x;
}

/* x of x * (erf(x / sqrt(2)) + 1) * 0.5, multiplied in any order; NULL when it is no such product. */
static value *argument_of_gelu(value *a, value *b) {
    value *half = beside_number(a, "*", 0.5), *other = beside_number(b, "*", 0.5);
    const node *product = called(a, "*");
    if (half && is_erf_of(b, half)) return half;
    if (other && is_erf_of(other, a)) return a;
    if (!product || !is_number(b, 0.5)) return NULL;
    value *x = product->operands[0], *y = product->operands[1];
    return is_erf_of(y, x) ? x : is_erf_of(x, y) ? y : NULL;
}

/* x where a is its first half along an axis and b its second; NULL otherwise. */
static value *halves_of(const value *a, const value *b, unsigned *axis) {
    const node *first = a->producer, *second = b->producer;
    if (!first || !second || first->kind != NODE_SLICE || second->kind != NODE_SLICE ||
        first->operands[0] != second->operands[0])
        return NULL;
    value *x = first->operands[0];
    unsigned cuts = 0;
    for (unsigned i = 0; i < x->rank; i++) {
        const slice_axis *p = &first->axes[i], *q = &second->axes[i];
        if (p->index || q->index || p->step != 1 || q->step != 1 || p->start || q->stop) return NULL;
        if (!p->stop && !q->start) continue;
        if (!p->stop || !q->start || !dim_same(p->stop, q->start)) return NULL;
        *axis = i;
        cuts++;
    }
    return cuts == 1 && value_shape_same(a, b) ? x : NULL;
}

static value *of_factors(call *c, value *a, value *b) {
    graph *g = c->graph;
    const node *sigmoid = called(b, "sigmoid"), *tanh = called(b, "tanh"),
               *softplus = tanh ? called(tanh->operands[0], "softplus") : NULL;
    unsigned axis = 0;
    value *gelu = argument_of_gelu(a, b), *whole = sigmoid ? halves_of(a, sigmoid->operands[0], &axis) : NULL;
    if (sigmoid && sigmoid->operands[0] == a) return make_call(g, c->path, "silu", &a, 1, "", a);
    if (softplus && softplus->operands[0] == a && !softplus->tail[0])
        return make_call(g, c->path, "mish", &a, 1, "", a);
    if (gelu) return make_call(g, c->path, "gelu", &gelu, 1, "", gelu);
    if (!whole) return NULL;
    const char *tail = axis + 1 < whole->rank ? arena_printf(g->arena, ", dim=%u", axis) : "";
    return make_call(g, c->path, "glu", &whole, 1, tail, a);
}

value *function_from_product(call *c, value *a, value *b) {
    value *v = of_factors(c, a, b);
    return v ? v : of_factors(c, b, a);
}

/* --- GroupNorm, which PyTorch writes as an InstanceNorm of [N, groups, …] and a scale and a shift of each channel - */

static bool all_are(const layer_param *p, float number) {
    for (int64_t i = 0; i < p->dims[0]; i++)
        if (p->data[i] < number || p->data[i] > number) return false;
    return true;
}

/* The numbers of a vector [C, 1, …] that stands beside x [N, C, …]; NULL when it is none. */
static const float *of_channels(graph *g, const value *x, const value *vector) {
    unsigned lead = x->rank - vector->rank;
    if (!value_known(vector) || vector->element != ELEMENT_FLOAT || vector->rank > x->rank || lead > 1) return NULL;
    for (unsigned i = 0; i < vector->rank; i++)
        if (i + lead == 1 ? !dim_same(vector->dims[i], x->dims[1]) : !dim_is(vector->dims[i], 1)) return NULL;
    return value_float_array(g, vector);
}

static value *group_norm(call *c, value *x, int64_t groups, const char *eps, const float *weight, const float *bias,
                         const char *wanted) {
    graph *g = c->graph;
    int64_t channels = 0;
    dim_is_const(x->dims[1], &channels);
    layer l = {.kind = "GroupNorm", .wanted = wanted, .param_count = 2};
    l.arguments = arena_printf(g->arena, "%" PRId64 ", %" PRId64 "%s", groups, channels, eps);
    l.params[0] = (layer_param){"weight", weight, 1, {channels}};
    l.params[1] = (layer_param){"bias", bias, 1, {channels}};
    return make_layer(g, c->path, &l, &x, 1, (const value *[]){value_like(g, x)}, 1)->results[0];
}

/* The normalized one times a weight. */
static value *scaled_groups(call *c, value *normalized, const value *vector) {
    graph *g = c->graph;
    const node *back = normalized->producer, *norm, *apart;
    int64_t channels;
    if (!back || back->kind != NODE_RESHAPE || normalized->rank < 2) return NULL;
    if (!(norm = back->operands[0]->producer) || norm->kind != NODE_LAYER ||
        strcmp(norm->layer->kind, "InstanceNorm1d") != 0)
        return NULL;
    if (!(apart = norm->operands[0]->producer) || apart->kind != NODE_RESHAPE ||
        !value_shape_same(apart->operands[0], normalized))
        return NULL;
    const layer *l = norm->layer;
    const float *weight = of_channels(g, normalized, vector);
    if (!weight || !all_are(&l->params[0], 1) || !all_are(&l->params[1], 0) ||
        !dim_is_const(normalized->dims[1], &channels))
        return NULL;
    int64_t groups = l->params[0].dims[0];
    if (groups < 1 || channels % groups || !dim_same(norm->operands[0]->dims[0], normalized->dims[0])) return NULL;
    float *bias = graph_room(g, (size_t)channels, sizeof *bias);
    for (int64_t i = 0; bias && i < channels; i++) bias[i] = 0;
    const char *eps = strstr(l->arguments, ", eps="), *end = strstr(l->arguments, ", affine");
    eps = eps ? arena_strndup(g->arena, eps, (size_t)(end - eps)) : "";
    return bias ? group_norm(c, apart->operands[0], groups, eps, weight, bias, l->wanted) : NULL;
}

/* And the bias, which is 0 up to here. */
static value *shifted_groups(call *c, const value *normalized, const value *vector) {
    const node *n = normalized->producer;
    if (!n || n->kind != NODE_LAYER || strcmp(n->layer->kind, "GroupNorm") != 0 || !all_are(&n->layer->params[1], 0))
        return NULL;
    const float *bias = of_channels(c->graph, normalized, vector);
    const char *eps = strstr(n->layer->arguments, ", eps=");
    int64_t groups = strtoll(n->layer->arguments, NULL, 10);
    return bias
               ? group_norm(c, n->operands[0], groups, eps ? eps : "", n->layer->params[0].data, bias, n->layer->wanted)
               : NULL;
}

value *group_norm_with(call *c, value *normalized, const value *vector, bool is_weight) {
    return is_weight ? scaled_groups(c, normalized, vector) : shifted_groups(c, normalized, vector);
}
