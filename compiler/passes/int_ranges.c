/* int_ranges: bounds are dims, so that argmax over T gives 0..T - 1.
 *
 * Walks in order until nothing changes: what is carried from round to round, or from run to run in a state, begins as
 * what it is at first and grows by what a round or a run makes of it. What still grows after a few walks has no bound
 * on that side. A value without a range yet is one that no round has made. */
#include "passes/int_ranges.h"

#include <math.h>

typedef struct {
    const ir_model *model;
    dim_table *dims;
    int_range *ranges; /* by id */
    unsigned walks;    /* done */
    bool changed;      /* by the present walk */
} analysis;

enum { EXACT_WALKS = 8, SIDED_WALKS = 16, MOST_WALKS = 64 };

static bool is_made(int_range r) { return r.low != NULL; }

static int_range any(dim_table *t) { return (int_range){dim_const(t, INT32_MIN), dim_const(t, INT32_MAX)}; }

static bool is_any(int_range r) { return dim_is(r.low, INT32_MIN) && dim_is(r.high, INT32_MAX); }

const char *int_range_string(arena *a, int_range r) {
    if (is_any(r)) return "any int32";
    if (dim_same(r.low, r.high)) return dim_short(a, r.low);
    return arena_printf(a, "%s..%s", dim_short(a, r.low), dim_short(a, r.high));
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

static int_range places_along(dim_table *t, const ir_node *n, unsigned axis) {
    return (int_range){dim_const(t, 0), dim_sub(t, n->inputs[0]->type.dims[axis], dim_const(t, 1))};
}

static int_range argmax(dim_table *t, const ir_node *n) {
    unsigned axis = 0;
    while (!(n->attrs.axes >> axis & 1)) axis++;
    return places_along(t, n, axis);
}

static int_range padded(dim_table *t, const ir_node *n, int_range x) {
    bool constant = n->attrs.pad_mode == IR_PAD_CONSTANT && (n->attrs.before || n->attrs.after);
    return constant ? both(t, x, one_number(t, n->attrs.number)) : x;
}

/* What comes around: x as far as it is made, or y. */
static int_range either(dim_table *t, int_range x, int_range y) {
    return !is_made(x) ? y : !is_made(y) ? x : both(t, x, y);
}

static int_range known(const analysis *s, const ir_value *v) { return s->ranges[v->id]; }

/* Of something that comes around, when `now` is what it was in the walk before: a side that still grows has no end. */
static int_range widened(const analysis *s, int_range now, int_range next) {
    if (s->walks >= MOST_WALKS) return any(s->dims);
    if (!is_made(now) || s->walks < EXACT_WALKS) return next;
    bool same = dim_same(now.low, next.low) && dim_same(now.high, next.high);
    if (s->walks >= SIDED_WALKS) return same ? next : any(s->dims);
    if (!dim_same(now.low, next.low)) next.low = dim_const(s->dims, INT32_MIN);
    if (!dim_same(now.high, next.high)) next.high = dim_const(s->dims, INT32_MAX);
    return next;
}

static int_range carried(const analysis *s, const ir_node *n) {
    const ir_node *repeat = n->block->repeat;
    size_t i = n->attrs.index;
    int_range first = known(s, repeat->inputs[ir_rows_of(repeat) + i]);
    return widened(s, known(s, n->results[0]), either(s->dims, first, known(s, n->block->next[i])));
}

/* For all values of the dims, which may be others in the next run. */
static int_range of_any_run(dim_table *t, int_range r) {
    return is_made(r) ? (int_range){dim_const(t, dim_min(r.low)), dim_const(t, dim_max(r.high))} : r;
}

static int_range state(const analysis *s, const ir_node *n) {
    const ir_state *of = &s->model->states[n->attrs.index];
    int_range first = of->init ? known(s, of->init) : (int_range){dim_const(s->dims, 0), dim_const(s->dims, 0)};
    int_range next = of->next ? of_any_run(s->dims, known(s, of->next)) : first;
    return widened(s, known(s, n->results[0]), either(s->dims, first, next));
}

static int_range result_of_repeat(const analysis *s, const ir_node *n, unsigned result) {
    const ir_block *b = n->block;
    unsigned carries = ir_carried_of(n);
    int_range zero = {dim_const(s->dims, 0), dim_const(s->dims, 0)};
    if (result >= carries) {
        int_range each = known(s, b->collected[result - carries]);
        return b->until ? either(s->dims, zero, each) : each;
    }
    int_range last = known(s, b->next[result]);
    bool may_not_run = dim_min(n->attrs.rounds) < 1;
    return may_not_run ? either(s->dims, known(s, n->inputs[ir_rows_of(n) + result]), last) : last;
}

/* start, start + step … */
static int_range counted(dim_table *t, const ir_node *n) {
    const dim *steps = dim_sub(t, n->results[0]->type.dims[0], dim_const(t, 1));
    const dim *last = dim_add(t, n->attrs.start, dim_mul(t, steps, dim_const(t, n->attrs.step)));
    return n->attrs.step > 0 ? (int_range){n->attrs.start, last} : (int_range){last, n->attrs.start};
}

static int_range written(dim_table *t, const ir_node *n) {
    const ir_values *v = &n->attrs.values;
    int_range r = one_number(t, v->numbers[0]);
    for (size_t i = 1; i < v->count; i++) r = both(t, r, one_number(t, v->numbers[i]));
    return r;
}

/* By a constant the bounds are divided; by what is at least 1 the quotient is not farther from 0. */
static int_range floor_quotient(dim_table *t, int_range x, int_range y) {
    int64_t by;
    if (dim_same(y.low, y.high) && dim_is_const(y.low, &by) && by > 0)
        return (int_range){dim_floordiv(t, x.low, by), dim_floordiv(t, x.high, by)};
    if (dim_same(y.low, y.high) && dim_is_const(y.low, &by) && by < 0)
        return floor_quotient(t, negative(t, x), negative(t, y));
    const dim *zero = dim_const(t, 0);
    if (dim_min(y.low) < 1) return any(t);
    return (int_range){smaller(t, x.low, zero, false), greater(t, x.high, zero, true)};
}

/* From 0 to the divisor, itself not included; x itself where it is smaller. */
static int_range remainder_of(dim_table *t, int_range x, int_range y) {
    const dim *zero = dim_const(t, 0), *one = dim_const(t, 1);
    if (dim_max(y.high) < 0) {
        int_range turned = remainder_of(t, negative(t, x), negative(t, y));
        return negative(t, turned);
    }
    if (dim_min(y.low) < 1) return any(t);
    const dim *most = dim_sub(t, y.high, one);
    if (dim_min(x.low) < 0) return (int_range){zero, most};
    return (int_range){zero, smaller(t, x.high, most, true)};
}

static int_range range_of(const analysis *s, const ir_node *n) {
    dim_table *t = s->dims;
    double exponent;
    for (unsigned i = 0; i < n->input_count; i++)
        if (n->inputs[i] && n->inputs[i]->type.dtype == IR_I32 && !is_made(known(s, n->inputs[i])))
            return (int_range){NULL, NULL};
    int_range x = n->input_count ? s->ranges[n->inputs[0]->id] : any(t);
    int_range y = n->input_count > 1 && n->inputs[1] ? s->ranges[n->inputs[1]->id] : any(t);
    switch ((unsigned)n->op) {
    case IR_CONST: return one_number(t, n->attrs.number);
    case IR_SIZE: return (int_range){n->attrs.start, n->attrs.start};
    case IR_STATE: return state(s, n);
    case IR_ROW: return known(s, n->block->repeat->inputs[n->attrs.index]);
    case IR_CARRIED: return carried(s, n);
    case IR_ARGMAX:
    case IR_ARGMIN: return argmax(t, n);
    case IR_ARANGE: return counted(t, n);
    case IR_TENSOR: return written(t, n);
    case IR_WHERE: return both(t, y, s->ranges[n->inputs[2]->id]);
    case IR_CAST: return (int_range){dim_const(t, 0), dim_const(t, 1)}; /* of a bool */
    case IR_FLOORDIV: return floor_quotient(t, x, y);
    case IR_REMAINDER: return remainder_of(t, x, y);
    case IR_CLAMP:
    case IR_HARDTANH: return clamped(t, x, n->attrs.scalar);
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
    case IR_EXPAND:
    case IR_FLIP:
    case IR_ROLL:
    case IR_TAKE:
    case IR_GATHER:
    case IR_TOPK:
    case IR_COPY: return x;
    case IR_CAT:
        for (unsigned i = 1; i < n->input_count; i++) x = both(t, x, s->ranges[n->inputs[i]->id]);
        return x;
    default: return any(t);
    }
}

static void walk(analysis *s, const ir_graph *g) {
    for (const ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_REPEAT) walk(s, &n->block->body);
        for (unsigned i = 0; i < n->result_count; i++) {
            if (n->results[i]->type.dtype != IR_I32) continue;
            int_range *r = &s->ranges[n->results[i]->id];
            int_range found = n->op == IR_REPEAT            ? result_of_repeat(s, n, i)
                              : n->op == IR_TOPK && i == 1 ? places_along(s->dims, n, n->attrs.axis)
                                                           : range_of(s, n);
            if (is_made(found)) found = unless_wrapped(s->dims, found);
            s->changed = s->changed || found.low != r->low || found.high != r->high;
            *r = found;
        }
    }
}

const int_range *int_ranges_of(const ir_model *m) {
    analysis s = {.model = m, .dims = m->dims, .ranges = ARENA_ARRAY(m->arena, int_range, m->value_count)};
    do {
        s.changed = false;
        walk(&s, &m->reset);
        walk(&s, &m->run);
        s.walks++;
    } while (s.changed);
    return s.ranges;
}
