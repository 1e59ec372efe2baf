/* int_ranges: one walk in order; bounds are dims, so that argmax over T gives 0..T - 1. */
#include "passes/int_ranges.h"

#include <math.h>

typedef struct {
    dim_table *dims;
    int_range *ranges; /* by id */
} analysis;

static int_range any(dim_table *t) { return (int_range){dim_const(t, INT32_MIN), dim_const(t, INT32_MAX)}; }

static bool is_any(int_range r) { return dim_is(r.low, INT32_MIN) && dim_is(r.high, INT32_MAX); }

const char *int_range_string(arena *a, int_range r) {
    if (is_any(r)) return "any int32";
    if (dim_same(r.low, r.high)) return dim_string(a, r.low);
    return arena_printf(a, "%s..%s", dim_string(a, r.low), dim_string(a, r.high));
}

/* The range if no value in it wraps. */
static int_range unless_wrapped(dim_table *t, int_range r) {
    return dim_is_huge(r.low) || dim_is_huge(r.high) || dim_min(r.low) < INT32_MIN || dim_max(r.high) > INT32_MAX
               ? any(t)
               : r;
}

/* A bound of max(a, b); of two dims that do not compare, a constant on the safe side. */
static const dim *greater(dim_table *t, const dim *a, const dim *b, bool upper) {
    if (dim_less_equal(t, a, b)) return b;
    if (dim_less_equal(t, b, a)) return a;
    int64_t x = upper ? dim_max(a) : dim_min(a), y = upper ? dim_max(b) : dim_min(b);
    return dim_const(t, x > y ? x : y);
}

static const dim *smaller(dim_table *t, const dim *a, const dim *b, bool upper) {
    if (dim_less_equal(t, a, b)) return a;
    if (dim_less_equal(t, b, a)) return b;
    int64_t x = upper ? dim_max(a) : dim_min(a), y = upper ? dim_max(b) : dim_min(b);
    return dim_const(t, x < y ? x : y);
}

static int_range both(dim_table *t, int_range x, int_range y) {
    return (int_range){smaller(t, x.low, y.low, false), greater(t, x.high, y.high, true)};
}

static int_range largest(dim_table *t, int_range x, int_range y) {
    return (int_range){greater(t, x.low, y.low, false), greater(t, x.high, y.high, true)};
}

static int_range least(dim_table *t, int_range x, int_range y) {
    return (int_range){smaller(t, x.low, y.low, false), smaller(t, x.high, y.high, true)};
}

static int_range negative(dim_table *t, int_range x) {
    const dim *zero = dim_const(t, 0);
    return (int_range){dim_sub(t, zero, x.high), dim_sub(t, zero, x.low)};
}

static int_range product(dim_table *t, int_range x, int_range y) {
    const dim *corners[] = {dim_mul(t, x.low, y.low), dim_mul(t, x.low, y.high), dim_mul(t, x.high, y.low),
                            dim_mul(t, x.high, y.high)};
    int_range r = {corners[0], corners[0]};
    for (int i = 1; i < 4; i++) r = both(t, r, (int_range){corners[i], corners[i]});
    return r;
}

static int_range one_number(dim_table *t, double number) {
    if (!(number >= INT32_MIN && number <= INT32_MAX)) return any(t);
    return (int_range){dim_const(t, (int64_t)floor(number)), dim_const(t, (int64_t)ceil(number))};
}

/* As torch: min(max(x, low), high), so high wins. Infinite bounds bound nothing. */
static int_range clamped(dim_table *t, int_range x, const double *bounds) {
    if (bounds[0] >= INT32_MIN) x = largest(t, x, one_number(t, bounds[0]));
    if (bounds[1] <= INT32_MAX) x = least(t, x, one_number(t, bounds[1]));
    return x;
}

static int_range power(dim_table *t, int_range x, double exponent) {
    int_range r = one_number(t, 1);
    if (dim_min(x.low) < 0 || exponent > 31) return any(t);
    for (int i = 0; i < (int)exponent; i++) r = product(t, r, x);
    return r;
}

static int_range sum(dim_table *t, const ir_node *n, int_range x) {
    const dim *count = dim_const(t, 1);
    for (unsigned i = 0; i < n->inputs[0]->type.rank; i++)
        if (n->attrs.axes >> i & 1) count = dim_mul(t, count, n->inputs[0]->type.dims[i]);
    return (int_range){dim_mul(t, count, x.low), dim_mul(t, count, x.high)};
}

static int_range argmax(dim_table *t, const ir_node *n) {
    unsigned axis = 0;
    while (!(n->attrs.axes >> axis & 1)) axis++;
    return (int_range){dim_const(t, 0), dim_sub(t, n->inputs[0]->type.dims[axis], dim_const(t, 1))};
}

static int_range padded(dim_table *t, const ir_node *n, int_range x) {
    bool constant = n->attrs.pad_mode == IR_PAD_CONSTANT && (n->attrs.before || n->attrs.after);
    return constant ? both(t, x, one_number(t, n->attrs.number)) : x;
}

static int_range range_of(const analysis *s, const ir_node *n) {
    dim_table *t = s->dims;
    double exponent;
    int_range x = n->input_count ? s->ranges[n->inputs[0]->id] : any(t);
    int_range y = n->input_count > 1 && n->inputs[1] ? s->ranges[n->inputs[1]->id] : any(t);
    switch ((unsigned)n->op) {
    case IR_CONST: return one_number(t, n->attrs.number);
    case IR_SIZE: return (int_range){n->attrs.start, n->attrs.start};
    case IR_ARGMAX: return argmax(t, n);
    case IR_CLAMP: return clamped(t, x, n->attrs.scalar);
    case IR_NEG: return negative(t, x);
    case IR_ABS: return largest(t, largest(t, x, negative(t, x)), one_number(t, 0));
    case IR_RELU: return largest(t, x, one_number(t, 0));
    case IR_ADD: return (int_range){dim_add(t, x.low, y.low), dim_add(t, x.high, y.high)};
    case IR_SUB: return (int_range){dim_sub(t, x.low, y.high), dim_sub(t, x.high, y.low)};
    case IR_MUL: return product(t, x, y);
    case IR_POW: return ir_is_const(n->inputs[1], &exponent) ? power(t, x, exponent) : any(t);
    case IR_MAXIMUM: return largest(t, x, y);
    case IR_MINIMUM: return least(t, x, y);
    case IR_SUM: return sum(t, n, x);
    case IR_PAD: return padded(t, n, x);
    case IR_MAX:
    case IR_MIN:
    case IR_RESHAPE:
    case IR_PERMUTE:
    case IR_SLICE:
    case IR_COPY: return x;
    case IR_CAT:
        for (unsigned i = 1; i < n->input_count; i++) x = both(t, x, s->ranges[n->inputs[i]->id]);
        return x;
    default: return any(t);
    }
}

const int_range *int_ranges_of(const ir_model *m) {
    analysis s = {.dims = m->dims, .ranges = ARENA_ARRAY(m->arena, int_range, m->value_count)};
    const ir_graph *graphs[] = {&m->reset, &m->run};
    for (int g = 0; g < 2; g++)
        for (const ir_node *n = graphs[g]->first; n; n = n->next)
            if (n->results[0]->type.dtype == IR_I32)
                s.ranges[n->results[0]->id] = unless_wrapped(m->dims, range_of(&s, n));
    return s.ranges;
}
