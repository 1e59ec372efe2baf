/* ops_idioms: products that are a function of torch.nn.functional, which exporters write out where ONNX had no operator. */
#include <math.h>

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
    if (!first || !second || first->kind != NODE_SLICE || second->kind != NODE_SLICE || first->operands[0] != second->operands[0]) return NULL;
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
    const node *sigmoid = called(b, "sigmoid"), *tanh = called(b, "tanh"), *softplus = tanh ? called(tanh->operands[0], "softplus") : NULL;
    unsigned axis = 0;
    value *gelu = argument_of_gelu(a, b), *whole = sigmoid ? halves_of(a, sigmoid->operands[0], &axis) : NULL;
    if (sigmoid && sigmoid->operands[0] == a) return make_call(g, c->path, "silu", &a, 1, "", a);
    if (softplus && softplus->operands[0] == a && !softplus->tail[0]) return make_call(g, c->path, "mish", &a, 1, "", a);
    if (gelu) return make_call(g, c->path, "gelu", &gelu, 1, "", gelu);
    if (!whole) return NULL;
    const char *tail = axis + 1 < whole->rank ? arena_printf(g->arena, ", dim=%u", axis) : "";
    return make_call(g, c->path, "glu", &whole, 1, tail, a);
}

value *function_from_product(call *c, value *a, value *b) {
    value *v = of_factors(c, a, b);
    return v ? v : of_factors(c, b, a);
}
