/* vectors: see vectors.h. */
#include "kernels/vectors.h"

#include <string.h>

#include "ir/function.h"

/* Is the extent a multiple of the lanes whatever the run-time dims are? */
static bool divides(const dim *extent, unsigned lanes) {
    for (size_t t = 0; t < dim_term_count(extent); t++)
        if (dim_term_coefficient(extent, t) % (int64_t)lanes) return false;
    return true;
}

vectors_axis vectors_new(emit_context *e, cblock *b, const dim *extent, const char *index) {
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes, count;
    vectors_axis v = {e, extent, index, emit_dim(e, extent), !divides(extent, e->target->lanes)};
    if (dim_is_const(extent, &count)) {
        v.whole = c_int(u, count / lanes * lanes);
    } else if (v.rest) {
        cexpr *vectors_in_it = c_binary(u, "/", v.whole, c_int(u, lanes));
        c_declare(b, "const size_t", "whole", c_mul(u, vectors_in_it, c_int(u, lanes)));
        v.whole = c_name(u, "whole");
    }
    return v;
}

void vectors_loop(const vectors_axis *v, cblock *b, vectors_body *body, void *context) {
    emit_context *e = v->e;
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes, whole, count;
    bool known = c_is_int(v->whole, &whole) && dim_is_const(v->extent, &count);
    if (!known || whole > lanes) {
        cblock *inner = c_for(b, v->index, c_int(u, 0), v->whole, lanes);
        body(context, inner, c_name(u, v->index), NULL);
    } else if (whole == lanes) {
        body(context, v->rest ? c_scope(b) : b, c_int(u, 0), NULL);
    }
    if (!v->rest) return;
    if (known) {
        body(context, whole ? c_scope(b) : b, v->whole, c_int(u, count - whole));
        return;
    }
    cexpr *extent = emit_dim(e, v->extent);
    cblock *then = c_if(b, c_binary(u, "<", v->whole, extent));
    c_declare(then, "const size_t", "rest", c_sub(u, extent, v->whole));
    body(context, then, v->whole, c_name(u, "rest"));
}

/* --- one lane --- */

static bool is_one_of(const char *function, const char *const *names) {
    while (*names && strcmp(*names, function) != 0) names++;
    return *names != NULL;
}

/* What C has an operator for; NULL for the other functions. */
static cexpr *one_lane1(emit_context *e, const char *function, cexpr *a) {
    static const char *const identities[] = {"splat", "sum", "largest", "smallest", NULL};
    if (e->target->lanes > 1) return NULL;
    if (strcmp(function, "load") == 0) return c_element(e->unit, a);
    if (strcmp(function, "neg") == 0) return c_unary(e->unit, "-", a);
    return is_one_of(function, identities) ? a : NULL;
}

static cexpr *one_lane2(emit_context *e, const char *function, cexpr *a, cexpr *b) {
    static const char *const functions[] = {"add", "sub", "mul", "div"}, *const operators[] = {"+", "-", "*", "/"};
    if (e->target->lanes > 1) return NULL;
    if (strcmp(function, "lane") == 0) return a;
    for (size_t i = 0; i < 4; i++)
        if (strcmp(functions[i], function) == 0) return c_binary(e->unit, operators[i], a, b);
    return NULL;
}

/* --- calls --- */

cexpr *vectors_call0(emit_context *e, const char *function) {
    if (e->target->lanes == 1 && strcmp(function, "zero") == 0) return c_float(e->unit, 0);
    return c_call(e->unit, emit_vector(e, function), 0);
}

cexpr *vectors_call1(emit_context *e, const char *function, cexpr *a) {
    cexpr *plain = one_lane1(e, function, a);
    if (plain) return plain;
    return c_call(e->unit, emit_vector(e, function), 1, a);
}

cexpr *vectors_call2(emit_context *e, const char *function, cexpr *a, cexpr *b) {
    cexpr *plain = one_lane2(e, function, a, b);
    if (plain) return plain;
    return c_call(e->unit, emit_vector(e, function), 2, a, b);
}

cexpr *vectors_call3(emit_context *e, const char *function, cexpr *a, cexpr *b, cexpr *c) {
    if (e->target->lanes == 1 && strcmp(function, "gather") == 0) return c_element(e->unit, a);
    return c_call(e->unit, emit_vector(e, function), 3, a, b, c);
}

void vectors_store_at(emit_context *e, cblock *b, cexpr *address, cexpr *value) {
    if (e->target->lanes == 1) c_assign(b, c_element(e->unit, address), "=", value);
    else c_do(b, vectors_call2(e, "store", address, value));
}

cexpr *vectors_constant(emit_context *e, cblock *b, const char *name, cexpr *value) {
    c_declare(b, arena_printf(e->arena, "const %s", e->target->type), name, value);
    return c_name(e->unit, name);
}

cexpr *vectors_number(emit_context *e, double number) {
    return vectors_call1(e, "splat", c_float(e->unit, (float)number));
}

static cexpr *count_of(const emit_context *e, cexpr *lanes) { return lanes ? lanes : c_int(e->unit, e->target->lanes); }

/* What moves floats, or masks. */
typedef struct {
    const char *splat, *load, *load_n, *load_2, *gather, *store, *store_n, *scatter; /* load_2 may be NULL */
} mover;

static const mover floats = {"splat", "load", "load_n", "load_2", "gather", "store", "store_n", "scatter"};
static const mover masks = {"mask_splat", "mask_load",    "mask_load_n", NULL, "mask_gather",
                            "mask_store", "mask_store_n", "mask_scatter"};

static cexpr *load(emit_context *e, const mover *m, cexpr *array, cexpr *offset, const dim *stride, cexpr *lanes) {
    cunit *u = e->unit;
    if (dim_is(stride, 0)) return vectors_call1(e, m->splat, c_index(u, array, offset));
    cexpr *address = c_add(u, array, offset);
    if (e->target->lanes == 1) return vectors_call1(e, m->load, address);
    if (m->load_2 && dim_is(stride, 2) && !lanes) return vectors_call1(e, m->load_2, address);
    if (!dim_is(stride, 1)) return vectors_call3(e, m->gather, address, emit_dim(e, stride), count_of(e, lanes));
    return lanes ? vectors_call2(e, m->load_n, address, lanes) : vectors_call1(e, m->load, address);
}

static void store(emit_context *e, cblock *b, const mover *m, cexpr *array, cexpr *offset, const dim *stride,
                  cexpr *value, cexpr *lanes) {
    cunit *u = e->unit;
    cexpr *address = c_add(u, array, offset);
    if (dim_is(stride, 0)) ice("a store to one place only");
    if (e->target->lanes == 1 && m == &floats) vectors_store_at(e, b, address, value);
    else if (e->target->lanes == 1) c_do(b, vectors_call2(e, m->store, address, value));
    else if (!dim_is(stride, 1))
        c_do(b, c_call(u, emit_vector(e, m->scatter), 4, address, emit_dim(e, stride), value, count_of(e, lanes)));
    else if (lanes) c_do(b, vectors_call3(e, m->store_n, address, value, lanes));
    else c_do(b, vectors_call2(e, m->store, address, value));
}

cexpr *vectors_load(emit_context *e, cexpr *array, cexpr *offset, const dim *stride, cexpr *lanes) {
    return load(e, &floats, array, offset, stride, lanes);
}

cexpr *vectors_load_mask(emit_context *e, cexpr *array, cexpr *offset, const dim *stride, cexpr *lanes) {
    return load(e, &masks, array, offset, stride, lanes);
}

void vectors_store(emit_context *e, cblock *b, cexpr *array, cexpr *offset, const dim *stride, cexpr *value,
                   cexpr *lanes) {
    store(e, b, &floats, array, offset, stride, value, lanes);
}

void vectors_store_mask(emit_context *e, cblock *b, cexpr *array, cexpr *offset, const dim *stride, cexpr *mask,
                        cexpr *lanes) {
    store(e, b, &masks, array, offset, stride, mask, lanes);
}

cexpr *vectors_join(emit_context *e, cexpr *value, cexpr *lanes, cexpr *others) {
    return lanes ? vectors_call3(e, "join", value, lanes, others) : value;
}

cexpr *vectors_function(emit_context *e, ir_op op, const char *function, cexpr *x, const double *parameters) {
    cexpr *arguments[1 + IR_FUNCTION_PARAMETERS] = {x};
    unsigned count = ir_function_parameter_count(ir_function_of(op));
    for (unsigned i = 0; i < count; i++) arguments[1 + i] = c_float(e->unit, (float)parameters[i]);
    return c_call_list(e->unit, emit_vector(e, function), 1 + count, arguments);
}
