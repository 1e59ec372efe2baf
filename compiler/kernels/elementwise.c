/* elementwise: UNARY, BINARY, TERNARY and BATCH_NORM, and whole expressions of them: what is inlined is computed
 * in the loop's body, in a named local where the .nn file names it or the expression gets long.
 *
 * What is float32 throughout is computed in vectors along the innermost axis, however its operands lie there. Where
 * int32 is read, one element is computed after the other: in plain C, or, where that has not the vectors' functions, in
 * a vector of equal lanes. So the same operators give the same bits wherever an element stands. A bool is a mask where
 * vectors are, else an int32_t of 0 or 1, as it is in memory.
 *
 * A BATCH_NORM is y = x * scale[c] + shift[c], as in torch, with scale and shift computed in double at compile time. */
#include <math.h>
#include <string.h>

#include "ctree/reserved.h"
#include "kernels/expression.h"
#include "kernels/vectors.h"
#include "ir/function.h"

enum { LONG_EXPRESSION = 4 /* operators in one expression of the generated code */, MAX_LOCALS = 64 };

typedef struct {
    emit_context *e;
    choice_elements mode;
    nest *nest;
    cblock *body;          /* where locals are declared: the innermost loop's */
    cexpr *at, *lanes;     /* CHOICE_VECTORS: the index along the innermost axis, and vectors.h's lanes */
    unsigned next_operand; /* of the nest, in the order in which add_operands gave them */
    const char *names[NEST_OPERANDS + MAX_LOCALS];
    size_t name_count;
    nest *inner;           /* of an expression, whose operands are in two nests: beginning with these numbers, */
    unsigned first_outer, first_inner;
    const char *sum;         /* PLAN_SUM's variable */
    expression_place *place; /* and at the places that its reader says */
    const void *place_context;
    const plan_kernel *fused; /* whose parts are computed one after the other; or NULL */
    cexpr **made;          /* by part, as far as they are */
} chain;

struct expression {
    chain chain;
    const plan_kernel *kernel;
};

typedef struct {
    cexpr *code;
    unsigned operators; /* in the expression as it will be printed */
} value;

/* --- operands --- */

static void take_name(chain *c, const char *name) {
    if (c->name_count < sizeof c->names / sizeof *c->names) c->names[c->name_count++] = name;
}

static bool is_taken(const chain *c, const char *name) {
    static const char *const called[] = {"fabsf"};
    for (size_t i = 0; i < sizeof called / sizeof *called; i++)
        if (strcmp(called[i], name) == 0) return true;
    for (size_t i = 0; i < c->name_count; i++)
        if (strcmp(c->names[i], name) == 0) return true;
    for (unsigned i = 0; i < c->nest->rank; i++)
        if (strcmp(c->nest->names[i], name) == 0) return true;
    for (unsigned i = 0; c->inner && i < c->inner->rank; i++)
        if (strcmp(c->inner->names[i], name) == 0) return true;
    return false;
}

/* Operands of the nest, depth first: memory, and a channel index for each BATCH_NORM, behind its x. */
static void add_operands(chain *c, const plan_kernel *k) {
    const dim *channel[IR_MAX_RANK] = {NULL};
    for (unsigned i = 0; i < k->input_count; i++) {
        const plan_operand *o = &k->inputs[i];
        if (o->kind == PLAN_INLINE) add_operands(c, o->inlined);
        if (o->kind != PLAN_MEMORY) continue;
        nest_add(c->nest, &o->view);
        if (c->inner) nest_add(c->inner, &o->view);
        take_name(c, o->name);
    }
    if (k->fused || k->node->op != IR_BATCH_NORM) return;
    channel[1] = dim_const(c->e->plan->dims, 1);
    nest_add_strides(c->nest, channel);
    if (c->inner) nest_add_strides(c->inner, channel);
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

static cexpr *norm_table(emit_context *e, const plan_kernel *k, bool shift) {
    pack_norm norm = plan_norm_of(e->plan->model, k);
    if (pack_norm_lives(&norm)) {
        int64_t offset = pack_list_find_norm(e->plan->packs, &norm) + (shift ? norm.channels : 0);
        return c_at(e->unit, "packs", c_int(e->unit, offset));
    }
    const char *what = shift ? "shift" : "scale";
    cexpr **made = emit_once_in_file(e, "norm %s %zu %zu %zu %zu %a", what, emit_tensor_of(e, &k->inputs[1]),
                                     emit_tensor_of(e, &k->inputs[2]), emit_tensor_of(e, &k->inputs[3]),
                                     emit_tensor_of(e, &k->inputs[4]), k->node->attrs.eps);
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
    bool finite = true;
    for (size_t i = 0; i < n->channels; i++) finite = finite && isfinite(values[i]);
    const char *label = k->node->label ? k->node->label : "batch_norm";
    return *made = emit_table(e, arena_printf(e->arena, "%s_%s", label, what), n->channels, finite, fill_norm, n,
                      shift ? "bias - running_mean * scale" : "weight / sqrt(running_var + eps)");
}

/* --- values --- */

static bool in_vectors(const chain *c, ir_dtype dtype) {
    return dtype == IR_F32 ? c->mode != CHOICE_ELEMENTS : dtype == IR_BOOL && c->mode == CHOICE_VECTORS;
}

/* An operand that is used more than once, or a long expression, becomes a local. */
static cexpr *local(chain *c, const ir_node *n, value v) {
    const ir_value *result = n->results[0];
    const char *wanted = result->name ? result->name : ir_op_name(n->op);
    bool like_a_dim = !(wanted[0] >= 'a' && wanted[0] <= 'z') || strncmp(wanted, "dim_", 4) == 0;
    if (like_a_dim) wanted = arena_printf(c->e->arena, wanted[0] == '_' ? "v%s" : "v_%s", wanted);
    /* once: some names are reserved with whatever stands behind them */
    if (c_is_reserved(wanted)) wanted = arena_printf(c->e->arena, "%s_", wanted);
    const char *name = wanted;
    for (unsigned i = 2; is_taken(c, name); i++) name = arena_printf(c->e->arena, "%s_%u", wanted, i);
    take_name(c, name);
    const char *type = result->type.dtype == IR_F32 ? "const float" : "const int32_t";
    if (in_vectors(c, result->type.dtype)) type = arena_printf(c->e->arena, "const %s", c->e->target->type);
    c_declare(c->body, type, name, v.code);
    return c_name(c->e->unit, name);
}

static value value_of(chain *c, const plan_kernel *k);

static cexpr *number(const chain *c, ir_dtype dtype, double n) {
    if (dtype == IR_BOOL && in_vectors(c, dtype)) return vectors_call1(c->e, "mask_splat", c_int(c->e->unit, n != 0));
    if (in_vectors(c, dtype)) return vectors_number(c->e, n);
    return dtype == IR_F32 ? c_float(c->e->unit, (float)n) : c_int(c->e->unit, (int64_t)n);
}

/* A vector along the innermost axis; a nest of no axes is one element. */
static cexpr *load(chain *c, cexpr *array, ir_dtype dtype) {
    nest *n = c->nest;
    unsigned operand = c->next_operand++, last = n->rank - 1;
    const dim *stride = dim_const(c->e->plan->dims, 1);
    cexpr *offset = c_int(c->e->unit, 0);
    if (c->place) {
        offset = c->place(c->place_context, c->first_outer + operand, c->first_inner + operand, &stride);
    } else if (n->rank) {
        stride = n->strides[operand][last];
        cexpr *along = c_mul(c->e->unit, c->at, emit_dim(c->e, stride));
        offset = c_add(c->e->unit, nest_offset(n, operand, last), along);
    }
    return dtype == IR_BOOL ? vectors_load_mask(c->e, array, offset, stride, c->lanes)
                            : vectors_load(c->e, array, offset, stride, c->lanes);
}

static cexpr *element(chain *c, const plan_operand *o) {
    cexpr *array = c_name(c->e->unit, o->name);
    if (c->mode == CHOICE_VECTORS) return load(c, array, o->view.type.dtype);
    cexpr *one = nest_element(c->nest, c->next_operand++, o->name);
    return in_vectors(c, o->view.type.dtype) ? vectors_call1(c->e, "splat", one) : one;
}

static cexpr *part_value(const chain *c, const plan_kernel *part) {
    unsigned i = 0;
    while (c->fused->inputs[i].inlined != part) i++;
    return c->made[i];
}

static value operand_value(chain *c, const plan_operand *o) {
    switch (o->kind) {
    case PLAN_NUMBER:
        if (o->size) return (value){emit_number(c->e, o), 0};
        return (value){number(c, o->view.type.dtype, o->number), 0};
    case PLAN_MEMORY: return (value){element(c, o), 0};
    case PLAN_SUM: return (value){c_name(c->e->unit, c->sum), 0};
    case PLAN_INLINE: {
        value v = value_of(c, o->inlined);
        bool named = o->inlined->node->results[0]->name != NULL;
        if (named || v.operators >= LONG_EXPRESSION) v = (value){local(c, o->inlined->node, v), 0};
        return v;
    }
    case PLAN_PART: return (value){part_value(c, o->inlined), 0};
    default: ice("an elementwise operand that is a param");
    }
}

/* A function of the runtime: the vectors', or the one for int32 or a single float: nnc_v8_maximum, nnc_max_i32,
 * nnc_maxf. */
static cexpr *call2(const chain *c, ir_dtype type, const char *name, cexpr *a, cexpr *b) {
    if (in_vectors(c, type)) return vectors_call2(c->e, name, a, b);
    return c_call(c->e->unit, arena_printf(c->e->arena, type == IR_F32 ? "nnc_%.3sf" : "nnc_%.3s_i32", name), 2, a, b);
}

/* A bound is no NaN, so that V_max and V_min will do: data stands on their right. An infinite bound is none. */
static cexpr *clamp(const chain *c, const ir_node *n, cexpr *x) {
    ir_dtype type = n->results[0]->type.dtype;
    double low = n->attrs.scalar[0], high = n->attrs.scalar[1];
    bool vector = in_vectors(c, type), has_low = !(isinf(low) && low < 0), has_high = !(isinf(high) && high > 0);
    cexpr *least = has_low ? number(c, type, low) : NULL, *most = has_high ? number(c, type, high) : NULL;
    if (has_low && has_high) {
        const char *function = vector ? emit_vector(c->e, "clamp") : type == IR_F32 ? "nnc_clampf" : "nnc_clamp_i32";
        return c_call(c->e->unit, function, 3, x, least, most);
    }
    if (has_low) return vector ? vectors_call2(c->e, "max", least, x) : call2(c, type, "maximum", x, least);
    if (has_high) return vector ? vectors_call2(c->e, "min", most, x) : call2(c, type, "minimum", x, most);
    return x;
}

/* A bool, in vectors a mask, as a number. */
static cexpr *cast(const chain *c, const plan_kernel *k, cexpr *x) {
    ir_dtype from = k->inputs[0].view.type.dtype, to = k->node->results[0]->type.dtype;
    if (to == IR_I32) return x; /* a mask is stored so */
    if (from == IR_BOOL && in_vectors(c, from)) return vectors_call1(c->e, "mask_ones", x);
    cexpr *number = c_cast(c->e->unit, "float", x);
    return in_vectors(c, to) ? vectors_call1(c->e, "splat", number) : number;
}

static cexpr *integers_function(const chain *c, const ir_node *n, cexpr *x) {
    cexpr *arguments[1 + IR_FUNCTION_PARAMETERS] = {x};
    unsigned count = ir_function_parameter_count(ir_function_of(n->op));
    for (unsigned i = 0; i < count; i++) arguments[1 + i] = number(c, IR_I32, n->attrs.scalar[i]);
    return c_call_list(c->e->unit, arena_printf(c->e->arena, "nnc_%s_i32", ir_op_name(n->op)), 1 + count, arguments);
}

/* What int32 and plain C have: nnc_NAME_i32, and of float32 what needs no vectors. */
static cexpr *unary_in_c(const chain *c, const ir_node *n, cexpr *x) {
    cunit *u = c->e->unit;
    bool floats = n->results[0]->type.dtype == IR_F32;
    if (n->op == IR_NOT) return c_unary(u, "!", x);
    if (n->op == IR_CLAMP || n->op == IR_HARDTANH) return clamp(c, n, x);
    if (!floats) return integers_function(c, n, x);
    if (n->op == IR_NEG) return c_unary(u, "-", x);
    if (n->op == IR_ABS) return c_call(u, "fabsf", 1, x);
    ice("no unary operator %s in plain C", ir_op_name(n->op));
}

static cexpr *unary_in_vectors(const chain *c, const ir_node *n, cexpr *x) {
    emit_context *e = c->e;
    if (n->op == IR_NOT) return vectors_call1(e, "mask_not", x);
    if (n->op == IR_CLAMP || n->op == IR_HARDTANH) return clamp(c, n, x);
    return vectors_function(e, n->op, ir_function_of(n->op)->vector, x, n->attrs.scalar);
}

/* The exponents that torch does not leave to powf. x may be used several times. */
static cexpr *known_power(const chain *c, cexpr *x, double exponent) {
    emit_context *e = c->e;
    cexpr *one = vectors_number(e, 1);
    if (exponent == 0) return one;
    if (exponent == 1) return x;
    if (exponent == 2) return vectors_call2(e, "mul", x, x);
    if (exponent == 3) return vectors_call2(e, "mul", vectors_call2(e, "mul", x, x), x);
    if (exponent == 0.5) return vectors_call1(e, "sqrt", x);
    if (exponent == -0.5) return vectors_call2(e, "div", one, vectors_call1(e, "sqrt", x));
    if (exponent == -1) return vectors_call2(e, "div", one, x);
    if (exponent == -2) return vectors_call2(e, "div", one, vectors_call2(e, "mul", x, x));
    return NULL;
}

static value power(chain *c, const plan_kernel *k, value a, value b) {
    unsigned operators = a.operators + b.operators + 1;
    if (k->node->results[0]->type.dtype == IR_I32)
        return (value){c_call(c->e->unit, "nnc_pow_i32", 2, a.code, b.code), operators};
    if (k->inputs[1].kind == PLAN_NUMBER) {
        const plan_operand *x = &k->inputs[0];
        double exponent = k->inputs[1].number;
        bool repeats = exponent == 2 || exponent == 3 || exponent == -2;
        if (repeats && a.operators) a = (value){local(c, x->inlined->node, a), 0};
        cexpr *known = known_power(c, a.code, exponent);
        if (known) return (value){known, a.operators + 2};
    }
    return (value){vectors_call2(c->e, "pow", a.code, b.code), operators};
}

/* The four that compare, and what two bools are made one by. */
static cexpr *logic(const chain *c, const plan_kernel *k, cexpr *a, cexpr *b) {
    emit_context *e = c->e;
    cunit *u = e->unit;
    ir_dtype type = k->inputs[0].view.type.dtype;
    ir_op op = k->node->op;
    if (op == IR_AND || op == IR_OR) {
        if (in_vectors(c, type)) return vectors_call2(e, op == IR_AND ? "mask_and" : "mask_or", a, b);
        return c_binary(u, op == IR_AND ? "&&" : "||", a, b);
    }
    const char *symbol = op == IR_EQUAL ? "==" : op == IR_NOT_EQUAL ? "!=" : op == IR_LESS ? "<" : "<=";
    if (in_vectors(c, type) && c->mode == CHOICE_VECTORS)
        return vectors_call2(e, arena_printf(e->arena, "%s%s", type == IR_BOOL ? "mask_" : "", ir_op_name(op)), a, b);
    if (in_vectors(c, type)) {
        a = vectors_call2(e, "lane", a, c_int(u, 0));
        b = vectors_call2(e, "lane", b, c_int(u, 0));
    }
    bool equates = type == IR_F32 && (op == IR_EQUAL || op == IR_NOT_EQUAL);
    cexpr *holds = equates ? c_call(u, "nnc_equalf", 2, a, b) : c_binary(u, symbol, a, b);
    if (equates && op == IR_NOT_EQUAL) holds = c_unary(u, "!", holds);
    return c->mode == CHOICE_VECTORS ? vectors_call1(e, "mask_splat", holds) : holds; /* of sizes */
}

static value where(chain *c, const plan_kernel *k) {
    value test = operand_value(c, &k->inputs[0]);
    value a = operand_value(c, &k->inputs[1]), b = operand_value(c, &k->inputs[2]);
    unsigned operators = test.operators + a.operators + b.operators + 1;
    if (c->mode == CHOICE_VECTORS)
        return (value){vectors_call3(c->e, "if_negative", test.code, a.code, b.code), operators};
    return (value){c_conditional(c->e->unit, test.code, a.code, b.code), operators};
}

static value binary(chain *c, const plan_kernel *k) {
    static const char *const symbols[] = {"+", "-", "*", "/"}; /* IR_ADD, IR_SUB, IR_MUL, IR_DIV */
    ir_op op = k->node->op;
    value a = operand_value(c, &k->inputs[0]), b = operand_value(c, &k->inputs[1]);
    if (op == IR_POW) return power(c, k, a, b);
    unsigned operators = a.operators + b.operators + 1;
    if (k->node->results[0]->type.dtype == IR_BOOL) return (value){logic(c, k, a.code, b.code), operators};
    if (op == IR_FLOORDIV || op == IR_REMAINDER)
        return (value){
            c_call(c->e->unit, op == IR_FLOORDIV ? "nnc_floordiv_i32" : "nnc_remainder_i32", 2, a.code, b.code),
            operators};
    ir_dtype type = k->node->results[0]->type.dtype;
    if (type == IR_F32 && c->mode == CHOICE_ELEMENTS && op <= IR_DIV)
        return (value){c_binary(c->e->unit, symbols[op - IR_ADD], a.code, b.code), operators};
    return (value){call2(c, type, ir_op_name(op), a.code, b.code), operators};
}

static value batch_norm(chain *c, const plan_kernel *k, value x) {
    cunit *u = c->e->unit;
    cexpr *scale = norm_table(c->e, k, false), *shift = norm_table(c->e, k, true);
    unsigned operand = c->next_operand;
    if (c->mode == CHOICE_VECTORS) {
        scale = load(c, scale, IR_F32);
        c->next_operand = operand;
        shift = load(c, shift, IR_F32);
    } else {
        cexpr *channel = nest_offset(c->nest, c->next_operand++, c->nest->rank);
        scale = vectors_call1(c->e, "splat", c_index(u, scale, channel));
        shift = vectors_call1(c->e, "splat", c_index(u, shift, channel));
    }
    return (value){vectors_call3(c->e, "madd", x.code, scale, shift), x.operators + 2};
}

static value value_of(chain *c, const plan_kernel *k) {
    if (ir_op_class_of(k->node->op) == IR_SINK) return operand_value(c, &k->inputs[0]);
    if (k->node->op == IR_WHERE) return where(c, k);
    if (ir_op_class_of(k->node->op) == IR_BINARY) return binary(c, k);
    value x = operand_value(c, &k->inputs[0]);
    if (k->node->op == IR_CAST) return (value){cast(c, k, x.code), x.operators + 1};
    if (k->node->op == IR_BATCH_NORM) return batch_norm(c, k, x);
    bool vector = in_vectors(c, k->node->results[0]->type.dtype);
    return (value){vector ? unary_in_vectors(c, k->node, x.code) : unary_in_c(c, k->node, x.code), x.operators + 1};
}

/* --- the kernel --- */

typedef struct {
    chain *chain;
    const plan_kernel *kernel;
    unsigned to; /* operand number of the (first) result */
} job;

/* Where the vector of a result lies, whose operand number is `to`. */
static cexpr *offset_of(const chain *c, unsigned to, const dim **stride) {
    const nest *n = c->nest;
    *stride = dim_const(c->e->plan->dims, 1);
    if (n->rank == 0) return c_int(c->e->unit, 0);
    *stride = n->strides[to][n->rank - 1];
    cexpr *along = c_mul(c->e->unit, c->at, emit_dim(c->e, *stride));
    return c_add(c->e->unit, nest_offset(c->nest, to, n->rank - 1), along);
}

static void emit_vector_of(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    job *j = context;
    chain *c = j->chain;
    const plan_operand *y = &j->kernel->results[0];
    size_t names = c->name_count;
    c->body = b;
    c->at = at;
    c->lanes = lanes;
    c->next_operand = 0;
    const dim *stride;
    cexpr *v = value_of(c, j->kernel).code, *array = c_name(c->e->unit, y->name);
    cexpr *offset = offset_of(c, j->to, &stride);
    if (j->kernel->node->op == IR_ACCUMULATE)
        v = vectors_call2(c->e, "add", vectors_load(c->e, array, offset, stride, lanes), v);
    if (emit_choice(c->e, j->kernel)->elementwise.mask) vectors_store_mask(c->e, b, array, offset, stride, v, lanes);
    else vectors_store(c->e, b, array, offset, stride, v, lanes);
    c->name_count = names; /* each vector's locals are its own */
}

static void emit_elements(job *j, cblock *b) {
    chain *c = j->chain;
    c->body = nest_loops(c->nest, b, c->nest->rank);
    cexpr *v = value_of(c, j->kernel).code;
    if (in_vectors(c, plan_made_dtype(j->kernel))) v = vectors_call2(c->e, "lane", v, c_int(c->e->unit, 0));
    const char *way = j->kernel->node->op == IR_ACCUMULATE ? "+=" : "=";
    c_assign(c->body, nest_element(c->nest, j->to, j->kernel->results[0].name), way, v);
}

/* All is read before anything is written: results may lie where operands do. */
static void emit_parts_of(void *context, cblock *b, cexpr *at, cexpr *lanes) {
    job *j = context;
    chain *c = j->chain;
    const plan_kernel *k = j->kernel;
    size_t names = c->name_count;
    unsigned to = j->to;
    c->body = b;
    c->at = at;
    c->lanes = lanes;
    c->next_operand = 0;
    for (unsigned i = 0; i < k->input_count; i++)
        c->made[i] = local(c, k->inputs[i].inlined->node, value_of(c, k->inputs[i].inlined));
    for (unsigned i = 0; i < k->input_count; i++) {
        if (k->results[i].kind != PLAN_MEMORY) continue;
        const dim *stride;
        cexpr *offset = offset_of(c, to++, &stride);
        vectors_store(c->e, b, c_name(c->e->unit, k->results[i].name), offset, stride, c->made[i], lanes);
    }
    c->name_count = names;
}

/* The loops of the nest, the innermost one in vectors; `index` is its name where the nest has no
 * axis. */
static void emit_vectors(job *j, cblock *b, const char *index, vectors_body *body) {
    chain *c = j->chain;
    nest *n = c->nest;
    unsigned last = n->rank ? n->rank - 1 : 0;
    const dim *extent = n->rank ? n->dims[last] : dim_const(c->e->plan->dims, 1);
    take_name(c, "whole");
    take_name(c, "rest");
    vectors_axis v = vectors_new(c->e, b, extent, n->rank ? n->names[last] : index);
    vectors_loop(&v, nest_loops(n, b, last), body, j);
}

static void emit_fused(emit_context *e, const plan_kernel *k, cfunction *f) {
    chain c = {.e = e, .mode = CHOICE_VECTORS, .fused = k};
    c.made = ARENA_ARRAY(e->arena, cexpr *, k->input_count);
    c.nest = nest_new(e, &k->inputs[0].view.type, NEST_ALL_AXES);
    add_operands(&c, k);
    job j = {&c, k, c.nest->operand_count};
    for (unsigned i = 0; i < k->result_count; i++) {
        if (k->results[i].kind != PLAN_MEMORY) continue;
        nest_add(c.nest, &k->results[i].view);
        take_name(&c, k->results[i].name);
    }
    nest_close(c.nest, 1); /* i is a gate */
    emit_vectors(&j, c_body(f), "j", emit_parts_of);
}

void emit_elementwise(emit_context *e, const plan_kernel *k, cfunction *f) {
    if (k->fused) {
        emit_fused(e, k, f);
        return;
    }
    chain c = {.e = e, .mode = emit_choice(e, k)->elementwise.mode};
    const plan_operand *y = &k->results[0];
    c.nest = nest_new(e, &y->view.type, NEST_ALL_AXES);
    add_operands(&c, k);
    job j = {&c, k, nest_add(c.nest, &y->view)};
    take_name(&c, y->name);
    nest_close(c.nest, 0);
    if (c.mode != CHOICE_VECTORS) {
        emit_elements(&j, c_body(f));
        return;
    }
    emit_vectors(&j, c_body(f), "i", emit_vector_of);
}

expression *expression_new(emit_context *e, const plan_kernel *inlined, nest *outer, nest *inner,
                           const char *const *names) {
    expression *x = ARENA_NEW(e->arena, expression);
    x->kernel = inlined;
    x->chain = (chain){.e = e, .mode = CHOICE_VECTORS, .nest = outer, .inner = inner,
                       .first_outer = outer->operand_count, .first_inner = inner->operand_count};
    for (; *names; names++) take_name(&x->chain, *names);
    add_operands(&x->chain, inlined);
    return x;
}

cexpr *expression_vector(expression *x, cblock *b, expression_place *place, const void *context, cexpr *lanes) {
    chain *c = &x->chain;
    size_t names = c->name_count;
    c->body = b;
    c->lanes = lanes;
    c->next_operand = 0;
    c->place = place;
    c->place_context = context;
    cexpr *v = value_of(c, x->kernel).code;
    c->name_count = names;
    return v;
}

expression *expression_of_sums(emit_context *e, const plan_kernel *follow) {
    nest *none = nest_new(e, &follow->node->results[0]->type, 0);
    return expression_new(e, follow, none, none, (const char *const[]){NULL});
}

cexpr *expression_of_sum(expression *x, cblock *b, const char *sum, expression_place *place, const void *context) {
    x->chain.sum = sum;
    return expression_vector(x, b, place, context, NULL);
}

/* What the procedure compares in memory is compared here as it is computed. */
void emit_check(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const plan_operand *x = &k->inputs[0];
    chain c = {.e = e, .mode = CHOICE_ELEMENTS};
    c.nest = nest_new(e, &x->view.type, NEST_ALL_AXES);
    add_operands(&c, x->inlined);
    nest_close(c.nest, 0);
    take_name(&c, "value");
    c.body = nest_loops(c.nest, c_body(f), c.nest->rank);
    c_declare(c.body, "const int32_t", "value", operand_value(&c, x).code);
    c_return(c_if(c.body, emit_outside(e, k->check, c_name(u, "value"))), c_int(u, 1));
    c_return(c_body(f), c_int(u, 0));
}
