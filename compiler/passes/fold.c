/* fold: operators on constants and views that change nothing.
 *
 * One walk in order; `now` says for each value what stands for it from here on, so that a chain of folds costs one look
 * a node. A node on constants becomes a CONST in its place, computed as the generated code would: float32 in float
 * steps, int32 with wrapping.
 */
#include "passes/passes.h"

#include <math.h>

#include "ir/function.h"

typedef struct {
    ir_model *model;
    ir_value **now; /* by id; NULL: the value itself */
} folder;

static ir_value *current(const folder *f, ir_value *v) { return v && f->now[v->id] ? f->now[v->id] : v; }

/* From here on w stands for v. The user's name moves along, for comments and C names. */
static void replace(folder *f, ir_value *v, ir_value *w) {
    f->now[v->id] = w;
    if (!w->name) w->name = v->name;
}

static void become_const(ir_node *n, double number) {
    n->op = IR_CONST;
    n->input_count = 0;
    n->attrs = (ir_attrs){.number = number};
}

/* --- constants ---------------------------------------------------------------------------------------------------- */

static int32_t wrap(int64_t x) {
    uint32_t low = (uint32_t)((uint64_t)x & 0xFFFFFFFFu);
    return low > INT32_MAX ? (int32_t)((int64_t)low - ((int64_t)1 << 32)) : (int32_t)low;
}

static int32_t power_int32(int32_t base, int32_t exponent) {
    int32_t product = 1;
    for (; exponent > 0; exponent >>= 1) {
        if (exponent & 1) product = wrap((int64_t)product * base);
        base = wrap((int64_t)base * base);
    }
    return product;
}

/* Rounded to float once, as a correctly rounded float function would. */
static double round_to_float(double x) { return (double)(float)x; }

/* With the parameters that the generated code has, which are floats. */
static bool fold_float_unary(const ir_node *n, double x, double *y) {
    const ir_function *f = ir_function_of(n->op);
    double scalar[IR_FUNCTION_PARAMETERS];
    for (unsigned i = 0; i < IR_FUNCTION_PARAMETERS; i++) scalar[i] = round_to_float(n->attrs.scalar[i]);
    if (f) *y = f->value(x, scalar);
    return f != NULL;
}

static bool fold_int_unary(const ir_node *n, double x, double *y) {
    int64_t v = (int64_t)x;
    switch ((unsigned)n->op) {
    case IR_NEG: *y = wrap(-v); return true;
    case IR_ABS: *y = wrap(v < 0 ? -v : v); return true;
    case IR_RELU: *y = x > 0 ? x : 0; return true;
    case IR_CAST: *y = n->results[0]->type.dtype == IR_F32 ? round_to_float(x) : x; return true;
    case IR_NOT: *y = x == 0; return true;
    default: return false; /* a bound of a clamp may be no int32 */
    }
}

static bool fold_comparison(ir_op op, double x, double y, double *z) {
    switch ((unsigned)op) {
    case IR_EQUAL: *z = x == y; return true;
    case IR_NOT_EQUAL: *z = x != y; return true;
    case IR_LESS: *z = x < y; return true;
    case IR_LESS_EQUAL: *z = x <= y; return true;
    default: return false;
    }
}

static bool fold_float_binary(ir_op op, double x, double y, double *z) {
    switch ((unsigned)op) {
    case IR_ADD: *z = x + y; return true;
    case IR_SUB: *z = x - y; return true;
    case IR_MUL: *z = x * y; return true;
    case IR_DIV: *z = x / y; return true;
    case IR_POW: *z = pow(x, y); return true;
    case IR_MAXIMUM: *z = ir_larger(x, y); return true;
    case IR_MINIMUM: *z = ir_smaller(x, y); return true;
    default: return fold_comparison(op, x, y, z);
    }
}

static bool fold_int_binary(ir_op op, double x, double y, double *z) {
    int64_t a = (int64_t)x, b = (int64_t)y;
    switch ((unsigned)op) {
    case IR_ADD: *z = wrap(a + b); return true;
    case IR_SUB: *z = wrap(a - b); return true;
    case IR_MUL: *z = wrap(a * b); return true;
    case IR_POW: *z = power_int32((int32_t)a, (int32_t)b); return b >= 0;
    case IR_MAXIMUM: *z = a > b ? x : y; return true;
    case IR_MINIMUM: *z = a < b ? x : y; return true;
    case IR_FLOORDIV: *z = b ? wrap((int64_t)floor(x / y)) : 0; return b != 0;
    case IR_REMAINDER: *z = b ? x - floor(x / y) * y : 0; return b != 0;
    case IR_AND: *z = a && b; return true;
    case IR_OR: *z = a || b; return true;
    default: return fold_comparison(op, x, y, z);
    }
}

/* A node of one or two operands that are constants becomes one. */
static bool fold_constants(ir_node *n) {
    ir_op_class kind = ir_op_class_of(n->op);
    double x, y = 0, number;
    if (kind != IR_UNARY && kind != IR_BINARY) return false;
    if (!ir_is_const(n->inputs[0], &x) || (kind == IR_BINARY && !ir_is_const(n->inputs[1], &y))) return false;
    bool is_int = n->inputs[0]->type.dtype != IR_F32;
    if (!is_int) {
        x = round_to_float(x);
        y = round_to_float(y);
    }
    bool known = kind == IR_UNARY
                     ? (is_int ? fold_int_unary(n, x, &number) : fold_float_unary(n, x, &number))
                     : (is_int ? fold_int_binary(n->op, x, y, &number) : fold_float_binary(n->op, x, y, &number));
    if (known) become_const(n, is_int ? number : round_to_float(number));
    return known;
}

/* A view of one number in every element is that, too. */
static bool fold_view_of_constant(ir_node *n) {
    double number;
    if (ir_op_class_of(n->op) != IR_VIEW || !ir_is_const(n->inputs[0], &number)) return false;
    become_const(n, number);
    return true;
}

/* x ** 0 is 1 whatever x is, even NaN: the generated code would have an x that it does not look at. */
static bool fold_zeroth_power(ir_node *n) {
    double exponent;
    if (n->op != IR_POW || !ir_is_const(n->inputs[1], &exponent) || exponent != 0) return false;
    become_const(n, 1);
    return true;
}

/* --- views -------------------------------------------------------------------------------------------------------- */

static bool is_identity(const unsigned *perm, unsigned rank) {
    for (unsigned i = 0; i < rank; i++)
        if (perm[i] != i) return false;
    return true;
}

/* A view of a view of the same kind is one view of the first. */
static void skip_inner_view(ir_node *n) {
    const ir_node *inner = n->inputs[0]->producer;
    if (inner->op != n->op) return;
    if (n->op == IR_PERMUTE)
        for (unsigned i = 0; i < n->results[0]->type.rank; i++) n->attrs.perm[i] = inner->attrs.perm[n->attrs.perm[i]];
    if (n->op == IR_PERMUTE || n->op == IR_RESHAPE) n->inputs[0] = inner->inputs[0];
}

/* The operand that the node gives back unchanged, or NULL. */
static ir_value *unchanged(const ir_node *n) {
    ir_value *x = n->input_count ? n->inputs[0] : NULL;
    const ir_value *y = n->result_count ? n->results[0] : NULL; /* a sink has none */
    switch ((unsigned)n->op) {
    case IR_RESHAPE: return ir_type_same(&x->type, &y->type) ? x : NULL;
    case IR_PERMUTE: return is_identity(n->attrs.perm, y->type.rank) ? x : NULL;
    case IR_SLICE: return ir_type_same(&x->type, &y->type) ? x : NULL; /* all of it: there is no other start */
    case IR_CAT: return n->input_count == 1 ? x : NULL;
    default: return NULL;
    }
}

static void fold_graph(folder *f, ir_graph *g);

static void fold_block(folder *f, const ir_node *n) {
    ir_block *b = n->block;
    fold_graph(f, &b->body);
    for (unsigned i = 0; i < ir_carried_of(n); i++) b->next[i] = current(f, b->next[i]);
    for (unsigned i = 0; i < ir_collected_of(n); i++) b->collected[i] = current(f, b->collected[i]);
    b->until = current(f, b->until);
}

static void fold_graph(folder *f, ir_graph *g) {
    for (ir_node *n = g->first; n; n = n->next) {
        for (unsigned i = 0; i < n->input_count; i++) n->inputs[i] = current(f, n->inputs[i]);
        if (n->op == IR_REPEAT) fold_block(f, n);
        if (fold_constants(n) || fold_zeroth_power(n) || fold_view_of_constant(n)) continue;
        if (ir_op_class_of(n->op) == IR_VIEW) skip_inner_view(n);
        ir_value *same = unchanged(n);
        if (same) replace(f, n->results[0], same);
    }
}

void pass_fold(ir_model *m) {
    folder f = {.model = m, .now = ARENA_ARRAY(m->arena, ir_value *, m->value_count)};
    fold_graph(&f, &m->reset);
    fold_graph(&f, &m->run);
    for (size_t i = 0; i < m->output_count; i++) m->outputs[i].value = current(&f, m->outputs[i].value);
    for (size_t i = 0; i < m->check_count; i++) m->checks[i].value = current(&f, m->checks[i].value);
    for (size_t i = 0; i < m->state_count; i++) {
        m->states[i].next = current(&f, m->states[i].next);
        m->states[i].init = current(&f, m->states[i].init);
    }
}
