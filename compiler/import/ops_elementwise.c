/* ops_elementwise: functions of one argument, arithmetic, comparisons, choices. */
#include <math.h>
#include <stdio.h>

#include "import/ops.h"

/* --- one argument ------------------------------------------------------------------------------------------------- */

static double reciprocal(double x) { return 1 / x; }

static double (*const known_functions[])(double) = {
    [UNARY_EXP] = exp, [UNARY_LOG] = log, [UNARY_SQRT] = sqrt, [UNARY_ABS] = fabs, [UNARY_FLOOR] = floor,
    [UNARY_CEIL] = ceil, [UNARY_TANH] = tanh, [UNARY_RECIPROCAL] = reciprocal, [UNARY_ROUND] = nearbyint,
};

static value *called(call *c, const char *function, const char *tail, value *x) {
    return make_call(c->graph, c->path, function, &x, 1, tail, value_like(c->graph, x));
}

bool op_unary(call *c) {
    value *x = c->in[0];
    if (value_known(x) && c->row->code != UNARY_PLAIN) {
        value *v = fold_unary(c->graph, known_functions[c->row->code], x);
        if (v) return give(c, v);
    }
    if (x->element == ELEMENT_INT && c->row->code != UNARY_ABS) return refuse(c, "of integers is not supported");
    return give(c, called(c, c->row->argument, "", x));
}

bool op_negate(call *c) {
    value *x = c->in[0], *zero = x->element == ELEMENT_FLOAT ? value_of_float(c->graph, -0.0)
                                                             : value_of_integer(c->graph, dim_const(c->graph->dims, 0));
    value *known = value_known(x) ? fold_binary(c->graph, FOLD_SUB, zero, x) : NULL;
    return give(c, known ? known : make_prefix(c->graph, c->path, "-", x));
}

static bool is_near(double a, double b) { return fabs(a - b) <= 1e-6 * fabs(b); }

bool op_activation(call *c) {
    arena *a = c->graph->arena;
    value *x = c->in[0];
    const char *f = c->row->argument;
    double alpha, beta;
    switch (c->row->code) {
    case ACTIVATION_LEAKY_RELU:
        alpha = attribute_float(c, "alpha", 0.01);
        return give(c, called(c, f, is_near(alpha, 0.01) ? "" : arena_printf(a, ", %s", number_text(a, alpha)), x));
    case ACTIVATION_ELU:
    case ACTIVATION_CELU:
        alpha = attribute_float(c, "alpha", 1);
        return give(c, called(c, f, is_near(alpha, 1) ? "" : arena_printf(a, ", alpha=%s", number_text(a, alpha)), x));
    case ACTIVATION_SELU: {
        alpha = attribute_float(c, "alpha", 1.67326319217681884765625);
        beta = attribute_float(c, "gamma", 1.05070102214813232421875);
        if (is_near(alpha, 1.6732632423543772) && is_near(beta, 1.0507009873554805))
            return give(c, called(c, f, "", x));
        value *elu = called(c, "elu", arena_printf(a, ", alpha=%s", number_text(a, alpha)), x);
        return give(c, binary(c, "*", FOLD_MUL, value_of_float(c->graph, beta), elu));
    }
    case ACTIVATION_HARD_SIGMOID: {
        alpha = attribute_float(c, "alpha", 0.2);
        beta = attribute_float(c, "beta", 0.5);
        if (is_near(alpha, 1.0 / 6) && is_near(beta, 0.5)) return give(c, called(c, f, "", x));
        value *line = binary(c, "*", FOLD_MUL, value_of_float(c->graph, alpha), x);
        line = binary(c, "+", FOLD_ADD, line, value_of_float(c->graph, beta));
        return line && give(c, called(c, "clamp", ", 0, 1", line));
    }
    case ACTIVATION_THRESHOLD:
        alpha = attribute_float(c, "alpha", 1);
        return give(c, called(c, f, arena_printf(a, ", %s, 0.0", number_text(a, alpha)), x));
    case ACTIVATION_GELU: {
        const char *how = attribute_string(c, "approximate", "none");
        return give(c, called(c, f, strcmp(how, "tanh") == 0 ? ", approximate=\"tanh\"" : "", x));
    }
    default:
        alpha = attribute_float(c, "lambd", 0.5);
        beta = attribute_float(c, "bias", 0);
        if (!is_near(beta, 0) && !is_near(beta, alpha))
            return refuse(c, "a bias other than 0 and lambd is not supported");
        return give(c, called(c, is_near(beta, 0) ? "hardshrink" : "softshrink",
                              arena_printf(a, ", %s", number_text(a, alpha)), x));
    }
}

bool op_clip(call *c) {
    arena *a = c->graph->arena;
    value *x = c->in[0];
    bool by_attributes = c->opset < 11;
    double bounds[2] = {-INFINITY, INFINITY};
    for (unsigned i = 0; i < 2; i++) {
        const value *v = operand(c, i + 1);
        if (by_attributes) bounds[i] = attribute_float(c, i ? "max" : "min", bounds[i]);
        else if (v && !value_scalar(v, &bounds[i])) return refuse(c, "its bounds must be constant");
    }
    if (bounds[1] >= (double)3.402823466e+38F) bounds[1] = INFINITY; /* the default of old exporters */
    if (bounds[0] <= -(double)3.402823466e+38F) bounds[0] = -INFINITY;
    if (bounds[0] > bounds[1]) bounds[0] = bounds[1]; /* ONNX and torch: the upper bound wins */
    bool low = isfinite(bounds[0]), high = isfinite(bounds[1]);
    if (!low && !high) return give(c, x);
    bool whole = x->element == ELEMENT_INT;
    const char *first = whole ? arena_printf(a, "%.0f", bounds[0]) : number_text(a, bounds[0]);
    const char *second = whole ? arena_printf(a, "%.0f", bounds[1]) : number_text(a, bounds[1]);
    const char *tail = low && high ? arena_printf(a, ", %s, %s", first, second)
                       : low       ? arena_printf(a, ", min=%s", first)
                                   : arena_printf(a, ", max=%s", second);
    if (value_known(x) && !whole) {
        value *v = low ? fold_binary(c->graph, FOLD_MAX, x, value_of_float(c->graph, bounds[0])) : x;
        if (v && high) v = fold_binary(c->graph, FOLD_MIN, v, value_of_float(c->graph, bounds[1]));
        if (v) return give(c, v);
    }
    return give(c, called(c, c->row->argument, tail, x));
}

/* --- two ---------------------------------------------------------------------------------------------------------- */

/* Before opset 7 the dims of b stood for those of a from `axis` on. */
static value *aligned(call *c, const value *a, value *b) {
    if (c->opset >= 7 || !attribute(c, "axis") || b->rank >= a->rank) return b;
    unsigned axis = 0, ones = 0;
    if (!axis_of(c, attribute_int(c, "axis", 0), a->rank, &axis)) return NULL;
    for (unsigned i = b->rank; axis + i < a->rank; i++) ones |= 1u << i;
    return make_unsqueeze(c->graph, c->path, b, ones);
}

bool op_binary(call *c) {
    value *a = c->in[0], *b = aligned(c, c->in[0], c->in[1]);
    int code = c->row->code;
    if (!b) return false;
    if (code == FOLD_MOD && attribute_int(c, "fmod", 0)) return refuse(c, "fmod=1 is not supported");
    if (code == FOLD_POW && a->element == ELEMENT_FLOAT && b->element == ELEMENT_INT) {
        b = fold_cast(c->graph, b, ELEMENT_FLOAT);
        if (!b) return refuse(c, "an integer exponent must be constant");
    }
    if (code == FOLD_ADD || code == FOLD_MUL || code == FOLD_DIV) {
        value *known = code == FOLD_DIV ? layer_norm_from_division(c, a, b) : NULL;
        if (!known && code == FOLD_ADD) known = linear_with_bias(c, a, b);
        if (!known && code == FOLD_ADD) known = linear_with_bias(c, b, a);
        if (!known && code == FOLD_MUL) known = function_from_product(c, a, b);
        const char *suffix = code == FOLD_ADD ? "bias" : "weight";
        if (!known && code != FOLD_DIV) known = layer_norm_with(c, a, b, suffix);
        if (!known && code != FOLD_DIV) known = layer_norm_with(c, b, a, suffix);
        if (!known && code != FOLD_DIV) known = group_norm_with(c, a, b, code == FOLD_MUL);
        if (!known && code != FOLD_DIV) known = group_norm_with(c, b, a, code == FOLD_MUL);
        if (known) return give(c, known);
    }
    value *v = binary(c, c->row->argument, (fold_operator)code, a, b);
    if (v) c->out[0] = v;
    return v != NULL;
}

bool op_reversed(call *c) {
    const bool equal = c->row->code == FOLD_LESS_OR_EQUAL;
    value *known = fold_binary(c->graph, (fold_operator)c->row->code, c->in[1], c->in[0]);
    value *v = known ? known : binary(c, equal ? ">=" : ">", (fold_operator)c->row->code, c->in[0], c->in[1]);
    if (v) c->out[0] = v;
    return v != NULL;
}

bool op_variadic(call *c) {
    value *v = c->in[0];
    bool function = c->row->code != FOLD_ADD;
    for (unsigned i = 1; i < c->in_count && v; i++) {
        value shape = {0};
        value *x = c->in[i];
        if (!x) return refuse(c, "operand %u is not there", i + 1);
        if (!function) {
            v = binary(c, "+", FOLD_ADD, v, x);
            continue;
        }
        value *known = fold_binary(c->graph, (fold_operator)c->row->code, v, x);
        if (!known && (v->element != x->element || !broadcast_shape(c->graph, v, x, &shape)))
            return refuse(c, "its operands' types or shapes do not fit");
        shape.element = v->element;
        v = known ? known : make_call(c->graph, c->path, c->row->argument, (value *[]){v, x}, 2, "", &shape);
    }
    if (v && strcmp(c->row->type, "Mean") == 0) v = binary(c, "/", FOLD_DIV, v, value_of_float(c->graph, c->in_count));
    if (v) c->out[0] = v;
    return v != NULL;
}

bool op_prelu(call *c) {
    graph *g = c->graph;
    value *x = c->in[0], *slope = c->in[1];
    double number;
    if (value_scalar(slope, &number))
        return give(c, called(c, "leaky_relu", arena_printf(g->arena, ", %s", number_text(g->arena, number)), x));
    value shape = {0};
    if (!broadcast_shape(g, x, slope, &shape) || !value_shape_same(x, &shape))
        return refuse(c, "its slope does not fit");
    value *below = called(c, "clamp", ", max=0.0", x), *above = called(c, "relu", "", x);
    value *scaled = binary(c, "*", FOLD_MUL, slope, below);
    return scaled && give(c, binary(c, "+", FOLD_ADD, above, scaled));
}

bool op_not(call *c) {
    value *known = fold_not(c->graph, c->in[0]);
    return give(c, known ? known : make_prefix(c->graph, c->path, "~", c->in[0]));
}

bool op_is(call *c) {
    graph *g = c->graph;
    value *x = c->in[0], *type = value_new(g, ELEMENT_BOOL, x->rank, x->dims);
    if (x->element != ELEMENT_FLOAT) return refuse(c, "of integers is not supported");
    if (strcmp(c->row->argument, "isnan") == 0) return give(c, make_call(g, c->path, "isnan", &x, 1, "", type));
    bool above = attribute_int(c, "detect_positive", 1) != 0, below = attribute_int(c, "detect_negative", 1) != 0;
    if (!above && !below) return give(c, value_filled(g, ELEMENT_BOOL, x->rank, x->dims, 0, dim_const(g->dims, 0)));
    if (above && below) x = called(c, "abs", "", x);
    return give(c, make_infix(g, c->path, "==", x, value_of_float(g, above ? INFINITY : -INFINITY), type));
}

bool op_where(call *c) {
    graph *g = c->graph;
    value *known = fold_where(g, c->in[0], c->in[1], c->in[2]), half = {0}, shape = {0};
    if (known) return give(c, known);
    if (!broadcast_shape(g, c->in[0], c->in[1], &half) || !broadcast_shape(g, &half, c->in[2], &shape))
        return refuse(c, "the shapes of its operands do not fit");
    shape.element = c->in[1]->element;
    /* one condition for all is a choice at compile time */
    double which;
    if (value_scalar(c->in[0], &which)) {
        value *chosen = broadcast_to(c, which > 0 || which < 0 ? c->in[1] : c->in[2], shape.rank, shape.dims);
        return give(c, chosen);
    }
    return give(c, make_call(g, c->path, "where", (value *[]){c->in[0], c->in[1], c->in[2]}, 3, "", &shape));
}

bool op_cast(call *c) {
    graph *g = c->graph;
    value *x = c->in[0];
    element to = x->element;
    if (strcmp(c->row->type, "CastLike") == 0) to = c->in[1]->element;
    else {
        int type = (int)attribute_int(c, "to", 0);
        onnx_elements kind = onnx_elements_of(type);
        if (kind == ONNX_UNREADABLE) return refuse(c, "to %s is not supported", onnx_type_name(type));
        to = kind == ONNX_FLOAT ? ELEMENT_FLOAT : kind == ONNX_INT ? ELEMENT_INT : ELEMENT_BOOL;
    }
    if (to == x->element) return give(c, x);
    value *known = value_known(x) ? fold_cast(g, x, to) : NULL;
    if (known) return give(c, known);
    value *type = value_new(g, to, x->rank, x->dims);
    if (to == ELEMENT_BOOL) {
        value *zero = x->element == ELEMENT_FLOAT ? value_of_float(g, 0) : value_of_integer(g, dim_const(g->dims, 0));
        return give(c, make_infix(g, c->path, "!=", x, zero, type));
    }
    if (to == ELEMENT_FLOAT && is_cut_to_integer(x)) return give(c, called(c, "trunc", "", x->producer->operands[0]));
    if (to == ELEMENT_FLOAT) return give(c, make_infix(g, c->path, "*", x, value_of_float(g, 1), type));
    if (x->element == ELEMENT_BOOL)
        return give(c, make_infix(g, c->path, "*", x, value_of_integer(g, dim_const(g->dims, 1)), type));
    return give(c, make_call(g, c->path, "trunc", &x, 1, "", type)); /* for a cast back alone */
}

bool op_identity(call *c) {
    if (wanted(c, 1)) return refuse(c, "the mask of a Dropout is not supported");
    return give(c, c->in[0]);
}
