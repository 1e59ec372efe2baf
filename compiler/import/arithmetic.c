/* arithmetic: values that handlers of several families make. */
#include "import/ops.h"

value *broadcast_to(call *c, value *x, unsigned rank, const dim *const *dims) {
    graph *g = c->graph;
    value *type = value_new(g, x->element, rank, dims);
    if (value_shape_same(x, type)) return x;
    value *known = value_known(x) ? fold_expand(g, x, rank, dims) : NULL; /* not to a size of run time */
    if (known || g->spent) return known;
    text tail = text_new(g->arena);
    bool only_ones = true;
    for (unsigned i = 0; i < rank; i++) {
        unsigned lead = rank - x->rank;
        text_add(&tail, ", ");
        dim_print(dims[i], &tail);
        only_ones &= i < lead ? dim_is(dims[i], 1) : dim_same(dims[i], x->dims[i - lead]);
    }
    if (only_ones) return make_reshape(g, c->path, x, rank, dims);
    return make_call(g, c->path, "expand", &x, 1, text_string(&tail), type);
}

/* Whether v can stand as a plain number beside a tensor of the result's shape. */
static bool is_plain_number(const value *v, const value *other, const value *shape) {
    double number;
    return value_scalar(v, &number) && value_shape_same(other, shape);
}

value *binary(call *c, const char *symbol, fold_operator op, value *a, value *b) {
    if (!a || !b) return NULL;
    graph *g = c->graph;
    value shape = {0};
    if (a->failed || b->failed) return a->failed ? a : b;
    if (a->element != b->element) {
        refuse(c, "its operands have different types: \"%s\", \"%s\"", a->name, b->name);
        return NULL;
    }
    if (!broadcast_shape(g, a, b, &shape)) {
        refuse(c, "\"%s\" is %s and \"%s\" is %s: they do not broadcast", a->name, value_shape_string(g->arena, a),
               b->name, value_shape_string(g->arena, b));
        return NULL;
    }
    value *known = fold_binary(g, op, a, b);
    if (known || g->spent) return known;
    shape.element =
        op == FOLD_EQUAL || op == FOLD_LESS || op == FOLD_LESS_OR_EQUAL || op == FOLD_XOR ? ELEMENT_BOOL : a->element;
    bool a_number = is_plain_number(a, b, &shape), b_number = is_plain_number(b, a, &shape);
    double number;
    /* what changes nothing */
    if (b_number && value_scalar(b, &number)) {
        bool zero = number <= 0 && number >= 0, one = number <= 1 && number >= 1;
        if ((zero && (op == FOLD_ADD || op == FOLD_SUB)) ||
            (one && (op == FOLD_MUL || op == FOLD_DIV || op == FOLD_POW)))
            return a;
    }
    if (a_number && value_scalar(a, &number) && op == FOLD_MUL && number <= 1 && number >= 1) return b;
    if (a_number) a = value_filled(g, a->element, 0, NULL, value_float_at(a, 0), value_dim_at(a, 0));
    if (b_number) b = value_filled(g, b->element, 0, NULL, value_float_at(b, 0), value_dim_at(b, 0));
    if (op == FOLD_DIV && a->element == ELEMENT_INT) symbol = "//";
    return make_infix(g, c->path, symbol, a, b, &shape);
}

value *arange(call *c, const dim *end) {
    graph *g = c->graph;
    return make_call(g, c->path, "arange", NULL, 0, dim_string(g->arena, end), value_new(g, ELEMENT_INT, 1, &end));
}
