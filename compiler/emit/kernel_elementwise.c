/* kernel_elementwise: UNARY, BINARY, CAST and BATCH_NORM, and whole expressions of them: what is inlined is computed in
 * the loop's body, in a named local where the .nn file names it or the expression gets long.
 *
 * A BATCH_NORM is y = x * scale[c] + shift[c], as in torch, with scale and shift computed in double at compile time. */
#include <math.h>
#include <string.h>

#include "emit/emit.h"
#include "emit/nest.h"

enum { LONG_EXPRESSION = 4 /* operators in one expression of the generated code */, MAX_LOCALS = 64 };

typedef struct {
    emit_context *e;
    nest *nest;
    cblock *body;          /* where locals are declared: the innermost loop's */
    unsigned next_operand; /* of the nest, in the order in which add_operands gave them */
    const char *names[NEST_OPERANDS + MAX_LOCALS];
    size_t name_count;
} chain;

typedef struct {
    cexpr *code;
    unsigned operators; /* in the expression as it will be printed */
} value;

/* --- operands --- */

static void take_name(chain *c, const char *name) {
    if (c->name_count < sizeof c->names / sizeof *c->names) c->names[c->name_count++] = name;
}

static bool is_taken(const chain *c, const char *name) {
    static const char *const called[] = {"fabsf", "expf", "logf", "sqrtf", "powf"};
    for (size_t i = 0; i < sizeof called / sizeof *called; i++)
        if (strcmp(called[i], name) == 0) return true;
    for (size_t i = 0; i < c->name_count; i++)
        if (strcmp(c->names[i], name) == 0) return true;
    for (unsigned i = 0; i < c->nest->rank; i++)
        if (strcmp(c->nest->names[i], name) == 0) return true;
    return emit_is_reserved(name);
}

/* Operands of the nest, depth first: memory, and a channel index for each BATCH_NORM, behind its x. */
static void add_operands(chain *c, const plan_kernel *k) {
    const dim *channel[IR_MAX_RANK] = {NULL};
    for (unsigned i = 0; i < k->input_count; i++) {
        const plan_operand *o = &k->inputs[i];
        if (o->kind == PLAN_INLINE) add_operands(c, o->inlined);
        if (o->kind != PLAN_MEMORY) continue;
        nest_add(c->nest, &o->view);
        take_name(c, o->name);
    }
    if (k->node->op != IR_BATCH_NORM) return;
    channel[1] = dim_const(c->e->plan->dims, 1);
    nest_add_strides(c->nest, channel);
}

/* --- batch norm --- */

typedef struct {
    const float *mean, *variance, *weight, *bias; /* the last two may be NULL */
    double eps;
    size_t channels;
    bool wants_shift;
} folded_norm;

static void fill_norm(void *context, float *values) {
    const folded_norm *n = context;
    for (size_t i = 0; i < n->channels; i++) {
        double scale = (n->weight ? (double)n->weight[i] : 1) / sqrt((double)n->variance[i] + n->eps);
        double shift = (n->bias ? (double)n->bias[i] : 0) - (double)n->mean[i] * scale;
        values[i] = (float)(n->wants_shift ? shift : scale);
    }
}

static const float *optional_param(const emit_context *e, const plan_operand *o) {
    return o->kind == PLAN_PARAM ? emit_param_data(e, o->param) : NULL;
}

static long long param_number(const plan_operand *o) { return o->kind == PLAN_PARAM ? (long long)o->param : -1; }

static cexpr *norm_table(emit_context *e, const plan_kernel *k, bool shift) {
    cexpr **made =
        emit_once(e, "norm %d %lld %lld %lld %lld %a", shift, param_number(&k->inputs[1]), param_number(&k->inputs[2]),
                  param_number(&k->inputs[3]), param_number(&k->inputs[4]), k->node->attrs.eps);
    if (*made) return *made;
    folded_norm *n = ARENA_NEW(e->arena, folded_norm);
    *n = (folded_norm){optional_param(e, &k->inputs[1]),
                       optional_param(e, &k->inputs[2]),
                       optional_param(e, &k->inputs[3]),
                       optional_param(e, &k->inputs[4]),
                       k->node->attrs.eps,
                       (size_t)dim_max(k->inputs[1].view.type.dims[0]),
                       shift};
    float *values = ARENA_ARRAY(e->arena, float, n->channels);
    fill_norm(n, values);
    ctable_style style = e->tables;
    for (size_t i = 0; i < n->channels; i++)
        if (!isfinite(values[i])) style = CTABLE_BITS;
    const char *label = k->node->label ? k->node->label : "batch_norm";
    const char *name = emit_name(e, shift ? "%s_shift" : "%s_scale", label);
    return *made = c_table(e->unit, name, n->channels, style, fill_norm, n,
                           shift ? "bias - running_mean * scale" : "weight / sqrt(running_var + eps)");
}

/* --- values --- */

/* An operand that is used more than once, or a long expression, becomes a local. */
static cexpr *local(chain *c, const ir_node *n, value v) {
    const ir_value *result = n->results[0];
    const char *wanted = result->name ? result->name : ir_op_name(n->op);
    bool like_a_dim = !(wanted[0] >= 'a' && wanted[0] <= 'z') || strncmp(wanted, "dim_", 4) == 0;
    if (like_a_dim) wanted = arena_printf(c->e->arena, "v_%s", wanted);
    const char *name = wanted;
    for (unsigned i = 2; is_taken(c, name); i++) name = arena_printf(c->e->arena, "%s_%u", wanted, i);
    take_name(c, name);
    c_declare(c->body, result->type.dtype == IR_F32 ? "const float" : "const int32_t", name, v.code);
    return c_name(c->e->unit, "%s", name);
}

static value value_of(chain *c, const plan_kernel *k);

static cexpr *number(emit_context *e, ir_dtype dtype, double n) {
    return dtype == IR_F32 ? c_float(e->unit, (float)n) : c_int(e->unit, (int64_t)n);
}

static value operand_value(chain *c, const plan_operand *o) {
    emit_context *e = c->e;
    switch (o->kind) {
    case PLAN_NUMBER: return (value){number(e, o->view.type.dtype, o->number), 0};
    case PLAN_MEMORY: return (value){nest_element(c->nest, c->next_operand++, o->name), 0};
    case PLAN_INLINE: {
        value v = value_of(c, o->inlined);
        bool named = o->inlined->node->results[0]->name != NULL;
        if (named || v.operators >= LONG_EXPRESSION) v = (value){local(c, o->inlined->node, v), 0};
        return v;
    }
    default: ice("an elementwise operand that is a param");
    }
}

static cexpr *call1(emit_context *e, const char *function, cexpr *x) { return c_call(e->unit, function, 1, x); }

static cexpr *call2(emit_context *e, const char *function, cexpr *a, cexpr *b) {
    return c_call(e->unit, function, 2, a, b);
}

/* An infinite bound is none. */
static cexpr *clamp(emit_context *e, const ir_node *n, cexpr *x) {
    ir_dtype type = n->results[0]->type.dtype;
    double low = n->attrs.scalar[0], high = n->attrs.scalar[1];
    bool floats = type == IR_F32, has_low = !(isinf(low) && low < 0), has_high = !(isinf(high) && high > 0);
    if (has_low && has_high)
        return c_call(e->unit, floats ? "nnc_clampf" : "nnc_clamp_i32", 3, x, number(e, type, low),
                      number(e, type, high));
    if (has_low) return call2(e, floats ? "nnc_maxf" : "nnc_max_i32", x, number(e, type, low));
    if (has_high) return call2(e, floats ? "nnc_minf" : "nnc_min_i32", x, number(e, type, high));
    return x;
}

static cexpr *unary(emit_context *e, const ir_node *n, cexpr *x) {
    cunit *u = e->unit;
    bool floats = n->results[0]->type.dtype == IR_F32;
    cexpr *first = c_float(u, (float)n->attrs.scalar[0]);
    switch (n->op) {
    case IR_NEG: return floats ? c_unary(u, "-", x) : call1(e, "nnc_neg_i32", x);
    case IR_ABS: return call1(e, floats ? "fabsf" : "nnc_abs_i32", x);
    case IR_RELU: return call1(e, floats ? "nnc_relu" : "nnc_relu_i32", x);
    case IR_CLAMP: return clamp(e, n, x);
    case IR_LEAKY_RELU: return call2(e, "nnc_leaky_relu", x, first);
    case IR_ELU: return call2(e, "nnc_elu", x, first);
    case IR_GELU: return call1(e, "nnc_gelu", x);
    case IR_GELU_TANH: return call1(e, "nnc_gelu_tanh", x);
    case IR_SIGMOID: return call1(e, "nnc_sigmoid", x);
    case IR_TANH: return call1(e, "nnc_tanh", x);
    case IR_SOFTPLUS: return c_call(u, "nnc_softplus", 3, x, first, c_float(u, (float)n->attrs.scalar[1]));
    case IR_EXP: return call1(e, "expf", x);
    case IR_LOG: return call1(e, "logf", x);
    case IR_SQRT: return call1(e, "sqrtf", x);
    case IR_CAST: return c_cast(u, "float", x);
    default: ice("no unary operator %s", ir_op_name(n->op));
    }
}

/* The exponents that torch does not leave to powf. x may be used several times. */
static cexpr *known_power(emit_context *e, cexpr *x, double exponent) {
    cunit *u = e->unit;
    cexpr *one = c_float(u, 1);
    if (exponent == 0) return one;
    if (exponent == 1) return x;
    if (exponent == 2) return c_mul(u, x, x);
    if (exponent == 3) return c_mul(u, c_mul(u, x, x), x);
    if (exponent == 0.5) return call1(e, "sqrtf", x);
    if (exponent == -0.5) return c_binary(u, "/", one, call1(e, "sqrtf", x));
    if (exponent == -1) return c_binary(u, "/", one, x);
    if (exponent == -2) return c_binary(u, "/", one, c_mul(u, x, x));
    return NULL;
}

static value power(chain *c, const plan_kernel *k, value a, value b) {
    emit_context *e = c->e;
    bool floats = k->node->results[0]->type.dtype == IR_F32;
    unsigned operators = a.operators + b.operators + 1;
    if (!floats) return (value){call2(e, "nnc_pow_i32", a.code, b.code), operators};
    if (k->inputs[1].kind == PLAN_NUMBER) {
        const plan_operand *x = &k->inputs[0];
        double exponent = k->inputs[1].number;
        bool repeats = exponent == 2 || exponent == 3 || exponent == -2;
        if (repeats && a.operators) a = (value){local(c, x->inlined->node, a), 0};
        cexpr *known = known_power(e, a.code, exponent);
        if (known) return (value){known, a.operators + 2};
    }
    return (value){call2(e, "powf", a.code, b.code), operators};
}

static value binary(chain *c, const plan_kernel *k) {
    static const struct {
        const char *floats, *ints;
    } table[] = {[IR_ADD - IR_ADD] = {"+", "nnc_add_i32"},
                 [IR_SUB - IR_ADD] = {"-", "nnc_sub_i32"},
                 [IR_MUL - IR_ADD] = {"*", "nnc_mul_i32"},
                 [IR_DIV - IR_ADD] = {"/", NULL},
                 [IR_MAXIMUM - IR_ADD] = {"nnc_maxf", "nnc_max_i32"},
                 [IR_MINIMUM - IR_ADD] = {"nnc_minf", "nnc_min_i32"}};
    cunit *u = c->e->unit;
    ir_op op = k->node->op;
    value a = operand_value(c, &k->inputs[0]), b = operand_value(c, &k->inputs[1]);
    if (op == IR_POW) return power(c, k, a, b);
    bool floats = k->node->results[0]->type.dtype == IR_F32;
    const char *how = floats ? table[op - IR_ADD].floats : table[op - IR_ADD].ints;
    bool is_operator = how[1] == 0;
    return (value){is_operator ? c_binary(u, how, a.code, b.code) : c_call(u, how, 2, a.code, b.code),
                   a.operators + b.operators + 1};
}

static value value_of(chain *c, const plan_kernel *k) {
    cunit *u = c->e->unit;
    if (ir_op_class_of(k->node->op) == IR_BINARY) return binary(c, k);
    value x = operand_value(c, &k->inputs[0]);
    if (k->node->op != IR_BATCH_NORM) return (value){unary(c->e, k->node, x.code), x.operators + 1};
    cexpr *channel = nest_offset(c->nest, c->next_operand++, c->nest->rank);
    cexpr *scale = c_index(u, norm_table(c->e, k, false), channel);
    cexpr *shift = c_index(u, norm_table(c->e, k, true), channel);
    return (value){c_add(u, c_mul(u, x.code, scale), shift), x.operators + 2};
}

void emit_elementwise(emit_context *e, const plan_kernel *k, cfunction *f) {
    chain c = {.e = e};
    const plan_operand *y = &k->results[0];
    c.nest = nest_new(e, &y->view.type, NEST_ALL_AXES);
    add_operands(&c, k);
    unsigned to = nest_add(c.nest, &y->view);
    take_name(&c, y->name);
    nest_close(c.nest, 0);
    c.body = nest_loops(c.nest, c_body(f), c.nest->rank);
    value v = value_of(&c, k);
    c_assign(c.body, nest_element(c.nest, to, y->name), "=", v.code);
}
