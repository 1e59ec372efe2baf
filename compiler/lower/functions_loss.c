/* functions_loss: torch.nn.functional's losses, made of operators that exist: their gradients follow from those.
 *
 * Classes lie along dim 1 of x, or dim 0 of a vector. Formulas are torch's; see each. */
#include <math.h>

#include "lower/lowering.h"

#define PARAMETERS(array) array, sizeof array / sizeof *array

/* --- small things ------------------------------------------------------------------------------------------------- */

static ir_value *binary(lowering *l, ir_op op, ir_value *a, ir_value *b, span where) {
    ir_type type = {.dtype = a->type.dtype};
    if (!shape_broadcast(&a->type, &b->type, &type)) ice("a loss of shapes that do not broadcast");
    if (op >= IR_EQUAL && op <= IR_LESS_EQUAL) type.dtype = IR_BOOL;
    return build_value(l, op, (ir_value *const[]){a, b}, 2, &type, where);
}

static ir_value *with_number(lowering *l, ir_op op, ir_value *a, double b, span where) {
    return binary(l, op, a, build_const(l, a->type.dtype, b, where), where);
}

static ir_value *choose(lowering *l, ir_value *mask, ir_value *yes, ir_value *no, span where) {
    ir_type type = {.dtype = yes->type.dtype}, both = type;
    if (!shape_broadcast(&yes->type, &no->type, &both) || !shape_broadcast(&mask->type, &both, &type))
        ice("a choice of shapes that do not broadcast");
    return build_value(l, IR_WHERE, (ir_value *const[]){mask, yes, no}, 3, &type, where);
}

static ir_value *all(lowering *l, ir_op op, ir_value *x, span where) {
    if (!x->type.rank) return x;
    return build_reduce(l, op, x, (1u << x->type.rank) - 1, false, where);
}

/* none, mean or sum; false after reporting. */
static bool reduction_of(lowering *l, const arguments *a, size_t i, ir_op *op, bool *none) {
    const char *how = args_string(a, i, "mean");
    *none = strcmp(how, "none") == 0;
    *op = strcmp(how, "sum") == 0 ? IR_SUM : IR_MEAN;
    if (*none || *op == IR_SUM || strcmp(how, "mean") == 0) return true;
    diag *e = diag_error(l->diags, args_where(a, i),
                         "reduction of %s is \"mean\", \"sum\" or \"none\", found \"%.40s\"", a->what, how);
    if (strcmp(how, "batchmean") == 0) diag_hint(e, "sum(%s(…, reduction=\"none\")) / N", a->what);
    return false;
}

static value reduced(lowering *l, const arguments *a, size_t i, ir_value *each) {
    ir_op op;
    bool none;
    span where = a->call->where;
    if (!reduction_of(l, a, i, &op, &none)) return value_poison(where);
    return value_tensor(l, none ? each : all(l, op, each, where), where);
}

/* The operator whose elements these are, seen through views. */
static ir_op made_by(const ir_value *x) {
    while (ir_op_class_of(x->producer->op) == IR_VIEW) x = x->producer->inputs[0];
    return x->producer->op;
}

static bool argument_is_float(lowering *l, const arguments *a, size_t i) {
    const ir_type *type = &args_tensor(a, i)->type;
    if (type->dtype == IR_F32) return true;
    diag *e = diag_error(l->diags, args_where(a, i), "%s of %s must be float32, found %s", a->parameters[i].name,
                         a->what, type_show(l, type));
    note_argument(l, e, a, i, args_where(a, i));
    ir_op op = made_by(args_tensor(a, i));
    bool chosen = op == IR_ARGMAX || op == IR_ARGMIN;
    if (chosen) diag_hint(e, "%s has no gradient: a loss takes what it was chosen from", ir_op_name(op));
    else diag_hint(e, "x * 1.0 converts");
    return false;
}

/* Shapes do not tell scores from probabilities: what a loss computes by itself must not have been computed before, */
static void warn_twice(lowering *l, const arguments *a, ir_op op) {
    span where = args_where(a, 0);
    if (made_by(args_tensor(a, 0)) != op) return;
    diag *d = diag_warning(l->diags, WARNING_LOSS_INPUT, where, "%s computes %s by itself: here it is computed twice",
                           a->what, ir_op_name(op));
    note_argument(l, d, a, 0, where);
    diag_hint(d, "give it the scores that %s is computed of", ir_op_name(op));
}

/* and what it does not, must have been. */
static void warn_scores(lowering *l, const arguments *a, const char *takes, const char *hint) {
    span where = args_where(a, 0);
    ir_op op = made_by(args_tensor(a, 0));
    if (op != IR_LINEAR && op != IR_MATMUL && op != IR_CONV1D && op != IR_SOFTMAX) return;
    diag *d = diag_warning(l->diags, WARNING_LOSS_INPUT, where, "%s takes %s, and this is %s", a->what, takes,
                           op == IR_SOFTMAX ? "a softmax" : "the result of a layer");
    note_argument(l, d, a, 0, where);
    diag_hint(d, "%s", hint);
}

/* --- of two tensors of one shape ---------------------------------------------------------------------------------- */

/* torch broadcasts two shapes with a warning; nearly always it is a fault. */
static bool shapes_are_one(lowering *l, const arguments *a) {
    const ir_type *x = &args_tensor(a, 0)->type, *t = &args_tensor(a, 1)->type;
    if (!argument_is_float(l, a, 0) || !argument_is_float(l, a, 1)) return false;
    if (ir_shape_same(x, t)) return true;
    diag *e = diag_error(l->diags, args_where(a, 1), "%s and %s of %s must have one shape, found %s and %s",
                         a->parameters[0].name, a->parameters[1].name, a->what, type_show(l, x), type_show(l, t));
    note_argument(l, e, a, 0, args_where(a, 1));
    note_argument(l, e, a, 1, args_where(a, 1));
    ir_type both;
    if (x->rank == t->rank + 1 && dim_is(x->dims[x->rank - 1], 1))
        diag_hint(e, "squeeze(…, -1) takes the last dim away");
    else if (t->rank == x->rank + 1 && dim_is(t->dims[t->rank - 1], 1))
        diag_hint(e, "squeeze(…, -1) takes the last dim away");
    else if (shape_broadcast(x, t, &both))
        diag_hint(e, "expand the smaller one, if each of its elements is to count several times");
    return false;
}

static ir_value *difference(lowering *l, const arguments *a) {
    return binary(l, IR_SUB, args_tensor(a, 0), args_tensor(a, 1), a->call->where);
}

static value lower_mse(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    if (!shapes_are_one(l, a)) return value_poison(a->call->where);
    ir_value *d = difference(l, a);
    return reduced(l, a, 2, binary(l, IR_MUL, d, d, a->call->where));
}

static value lower_l1(lowering *l, const arguments *a, ir_op op) {
    if (!shapes_are_one(l, a)) return value_poison(a->call->where);
    return reduced(l, a, 2, build_unary(l, op, difference(l, a), a->call->where));
}

/* |d| < width: 0.5 d² / divisor, else slope |d| - 0.5 slope width */
static value bent(lowering *l, const arguments *a, double width, double divisor, double slope) {
    span where = a->call->where;
    ir_value *d = difference(l, a), *size = build_unary(l, IR_ABS, d, where);
    ir_value *inside = with_number(l, IR_MUL, binary(l, IR_MUL, d, d, where), 0.5 / divisor, where);
    ir_value *outside = with_number(l, IR_SUB, size, 0.5 * width, where);
    if (slope != 1) outside = with_number(l, IR_MUL, outside, slope, where);
    ir_value *near = with_number(l, IR_LESS, size, width, where);
    return reduced(l, a, 2, choose(l, near, inside, outside, where));
}

static value lower_smooth_l1(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    double beta = args_real(a, 3, 1);
    if (beta < 0) {
        diag_error(l->diags, args_where(a, 3), "beta of smooth_l1_loss must not be negative, found %g", beta);
        return value_poison(a->call->where);
    }
    if (!shapes_are_one(l, a)) return value_poison(a->call->where);
    if (beta == 0) return reduced(l, a, 2, build_unary(l, IR_ABS, difference(l, a), a->call->where));
    return bent(l, a, beta, beta, 1);
}

static value lower_huber(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    double delta = args_real(a, 3, 1);
    if (delta <= 0) {
        diag_error(l->diags, args_where(a, 3), "delta of huber_loss must be positive, found %g", delta);
        return value_poison(a->call->where);
    }
    return shapes_are_one(l, a) ? bent(l, a, delta, 1, delta) : value_poison(a->call->where);
}

/* --- weights ------------------------------------------------------------------------------------------------------ */

/* A tuple of numbers, or a param, which is not trained: *to is NULL for none. False after reporting. */
static bool weights_of(lowering *l, const arguments *a, size_t i, ir_value **to) {
    const value *v = &a->values[i];
    span where = args_where(a, i);
    *to = NULL;
    if (!args_has(a, i)) return true;
    if (v->kind == VALUE_TENSOR) {
        *to = v->tensor;
        bool param = v->tensor->producer->op == IR_PARAM;
        if (param) l->model->params[v->tensor->producer->attrs.index].fixed = true;
        if (param || v->tensor->producer->op == IR_TENSOR || v->tensor->producer->op == IR_CONST) return true;
    }
    bool numbers = v->kind == VALUE_TUPLE && v->count;
    for (size_t k = 0; numbers && k < v->count; k++)
        numbers = v->items[k].kind == VALUE_REAL ||
                  (v->items[k].kind == VALUE_INTEGER && dim_is_const(v->items[k].integer, NULL));
    if (!numbers) {
        diag *e = diag_error(l->diags, where, "%s of %s are numbers or a param, found %s", a->parameters[i].name,
                             a->what, value_show(l, v));
        note_value(l, e, args_written(a, i), v, where);
        diag_hint(e, "%s=(0.2, 1, 1), or a param of the weights file", a->parameters[i].name);
        return false;
    }
    double *of = ARENA_ARRAY(l->arena, double, v->count);
    for (size_t k = 0; k < v->count; k++) of[k] = value_number(&v->items[k]);
    ir_type type = {.dtype = IR_F32, .rank = 1, .dims = {build_dim(l, (int64_t)v->count)}};
    *to = build_value(l, IR_TENSOR, NULL, 0, &type, where);
    (*to)->producer->attrs.values = (ir_values){of, v->count};
    return true;
}

/* --- of probabilities --------------------------------------------------------------------------------------------- */

static bool weights_broadcast(lowering *l, const arguments *a, size_t i, const ir_value *weights) {
    ir_type both = {.dtype = IR_F32};
    const ir_type *x = &args_tensor(a, 0)->type;
    if (!weights || (shape_broadcast(&weights->type, x, &both) && ir_shape_same(&both, x))) return true;
    diag *e = diag_error(l->diags, args_where(a, i), "%s of %s, %s, must broadcast to %s", a->parameters[i].name,
                         a->what, type_show(l, &weights->type), type_show(l, x));
    note_argument(l, e, a, 0, args_where(a, i));
    return false;
}

/* A weight beside each loss: any tensor that broadcasts. */
static bool weight_of_each(lowering *l, const arguments *a, ir_value **to) {
    if (args_has(a, 2) && a->values[2].kind == VALUE_TENSOR) *to = args_tensor(a, 2);
    else if (!weights_of(l, a, 2, to)) return false;
    if (*to && (*to)->producer->op == IR_PARAM) l->model->params[(*to)->producer->attrs.index].fixed = true;
    return weights_broadcast(l, a, 2, *to);
}

/* -(t log x + (1 - t) log(1 - x)), the logarithms at least -100 */
static value lower_bce(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *weight;
    if (!shapes_are_one(l, a) || !weight_of_each(l, a, &weight)) return value_poison(where);
    if (made_by(args_tensor(a, 0)) != IR_SOFTMAX)
        warn_scores(l, a, "probabilities",
                    "sigmoid(…) makes them of scores, or binary_cross_entropy_with_logits takes these");
    ir_value *each = binary(l, op, args_tensor(a, 0), args_tensor(a, 1), where);
    if (weight) each = binary(l, IR_MUL, each, weight, where);
    return reduced(l, a, 3, each);
}

/* (1 - t) x - (1 + (pos_weight - 1) t) logsigmoid(x) */
static value lower_bce_with_logits(lowering *l, const arguments *a, ir_op op) {
    span where = a->call->where;
    ir_value *weight, *positive;
    if (!shapes_are_one(l, a) || !weight_of_each(l, a, &weight) || !weights_of(l, a, 4, &positive) ||
        !weights_broadcast(l, a, 4, positive))
        return value_poison(where);
    warn_twice(l, a, IR_SIGMOID);
    ir_value *x = args_tensor(a, 0), *t = args_tensor(a, 1), *one = build_const(l, IR_F32, 1, where);
    ir_value *negative = binary(l, IR_MUL, binary(l, IR_SUB, one, t, where), x, where);
    ir_value *share = build_unary(l, op, x, where);
    if (positive) {
        ir_value *more = binary(l, IR_MUL, binary(l, IR_SUB, positive, one, where), t, where);
        share = binary(l, IR_MUL, binary(l, IR_ADD, one, more, where), share, where);
    }
    ir_value *each = binary(l, IR_SUB, negative, share, where);
    if (weight) each = binary(l, IR_MUL, each, weight, where);
    return reduced(l, a, 3, each);
}

/* --- of classes --------------------------------------------------------------------------------------------------- */

/* x[N, C, …] or x[C]; the classes' axis. */
typedef struct {
    lowering *l;
    const arguments *a;
    span where;
    ir_value *log;    /* log probabilities */
    ir_value *weight; /* [C], or NULL */
    unsigned axis;
    const dim *classes;
    ir_op op;         /* of the reduction */
    bool none;
} class_loss;

static bool begin_class_loss(lowering *l, const arguments *a, class_loss *c) {
    enum { WEIGHT = 2, REDUCTION = 4 };
    const ir_type *x = &args_tensor(a, 0)->type;
    *c = (class_loss){.l = l, .a = a, .where = a->call->where, .log = args_tensor(a, 0)};
    if (!argument_is_float(l, a, 0)) return false;
    if (!x->rank) {
        diag_error(l->diags, args_where(a, 0), "%s of %s needs classes, float32[N, C, …] or float32[C], found %s",
                   a->parameters[0].name, a->what, type_show(l, x));
        return false;
    }
    c->axis = x->rank == 1 ? 0 : 1;
    c->classes = x->dims[c->axis];
    if (!weights_of(l, a, WEIGHT, &c->weight) || !reduction_of(l, a, REDUCTION, &c->op, &c->none)) return false;
    if (!c->weight || (c->weight->type.rank == 1 && dim_same(c->weight->type.dims[0], c->classes))) return true;
    diag_error(l->diags, args_where(a, WEIGHT), "%s of %s has a number for each of the %s classes, found %s",
               a->parameters[WEIGHT].name, a->what, dim_short(l->arena, c->classes), type_show(l, &c->weight->type));
    return false;
}

/* The weight of each class, as it broadcasts to x. */
static ir_value *weight_beside(const class_loss *c) {
    const ir_type *x = &c->log->type;
    const dim *dims[IR_MAX_RANK];
    for (unsigned i = 0; i < x->rank; i++) dims[i] = build_dim(c->l, 1);
    dims[c->axis] = c->classes;
    return build_reshape(c->l, c->weight, dims, x->rank, c->where);
}

/* x's shape without the classes. */
static ir_type shape_of_each(const class_loss *c) {
    ir_type type = {.dtype = c->log->type.dtype};
    for (unsigned i = 0; i < c->log->type.rank; i++)
        if (i != c->axis) type.dims[type.rank++] = c->log->type.dims[i];
    return type;
}

static bool classes_fit(const class_loss *c) {
    lowering *l = c->l;
    const ir_value *t = args_tensor(c->a, 1);
    ir_type want = shape_of_each(c);
    want.dtype = IR_I32;
    if (ir_type_same(&t->type, &want)) return true;
    span where = args_where(c->a, 1);
    diag *e = diag_error(l->diags, where, "%s of %s must be %s, a class for each, found %s", c->a->parameters[1].name,
                         c->a->what, type_show(l, &want), type_show(l, &t->type));
    note_argument(l, e, c->a, 0, where);
    note_argument(l, e, c->a, 1, where);
    const ir_type *x = &c->log->type;
    if (x->rank == 3 && t->type.rank == 2 && dim_same(t->type.dims[1], x->dims[1]))
        diag_hint(e, "the classes are dim 1: transpose(…, 1, 2)");
    else if (t->type.rank == want.rank + 1 && t->type.dtype == IR_I32 && dim_is(t->type.dims[t->type.rank - 1], 1))
        diag_hint(e, "squeeze(…, -1) takes the last dim away");
    else if (t->type.dtype == IR_F32 && strcmp(c->a->what, "nll_loss") == 0)
        diag_hint(e, "probabilities of all classes are a target of cross_entropy");
    return false;
}

/* What each element's class says, and what it weighs. */
typedef struct {
    ir_value *valid; /* bool: not ignore_index */
    ir_value *index; /* the class, 0 where it is ignored */
    ir_value *weight; /* float32: its weight, 0 where it is ignored */
    ir_value *none;  /* 0.0 */
} class_target;

static class_target target_of(const class_loss *c, int64_t ignore) {
    lowering *l = c->l;
    span where = c->where;
    class_target t;
    ir_value *classes = args_tensor(c->a, 1);
    t.valid = binary(l, IR_NOT_EQUAL, classes, build_const(l, IR_I32, (double)ignore, where), where);
    t.index = choose(l, t.valid, classes, build_const(l, IR_I32, 0, where), where);
    t.none = build_const(l, IR_F32, 0, where);
    ir_value *weight = build_const(l, IR_F32, 1, where);
    if (c->weight) {
        ir_type type = t.index->type;
        type.dtype = IR_F32;
        weight = build_value(l, IR_TAKE, (ir_value *const[]){c->weight, t.index}, 2, &type, where);
        weight->producer->attrs.classes = true;
    }
    t.weight = choose(l, t.valid, weight, t.none, where);
    return t;
}

/* -w log p of each element's class; 0 where it is ignored. */
static ir_value *picked(const class_loss *c, const class_target *t) {
    lowering *l = c->l;
    span where = c->where;
    ir_type each = shape_of_each(c), type = c->log->type;
    const dim *dims[IR_MAX_RANK];
    for (unsigned i = 0; i < type.rank; i++) dims[i] = i == c->axis ? build_dim(l, 1) : type.dims[i];
    ir_value *index = build_reshape(l, t->index, dims, type.rank, where);
    type.dims[c->axis] = dims[c->axis];
    ir_value *p = build_value(l, IR_GATHER, (ir_value *const[]){c->log, index}, 2, &type, where);
    p->producer->attrs.axis = c->axis;
    p->producer->attrs.classes = true;
    p = build_unary(l, IR_NEG, build_reshape(l, p, each.dims, each.rank, where), where);
    if (c->weight) p = binary(l, IR_MUL, p, t->weight, where);
    return choose(l, t->valid, p, t->none, where);
}

/* The mean is weighted: by the sum of the weights of the classes that count. */
static value weighed(const class_loss *c, const class_target *t, ir_value *each) {
    lowering *l = c->l;
    if (c->none) return value_tensor(l, each, c->where);
    ir_value *sum = all(l, IR_SUM, each, c->where);
    if (c->op == IR_MEAN) sum = binary(l, IR_DIV, sum, all(l, IR_SUM, t->weight, c->where), c->where);
    return value_tensor(l, sum, c->where);
}

static value lower_nll(lowering *l, const arguments *a, ir_op op) {
    (void)op;
    class_loss c;
    if (!begin_class_loss(l, a, &c) || !classes_fit(&c)) return value_poison(a->call->where);
    warn_scores(l, a, "logarithms of probabilities",
                "log_softmax(…, dim=1) makes them of scores, or cross_entropy takes those");
    class_target t = target_of(&c, args_integer(a, 3, -100));
    return weighed(&c, &t, picked(&c, &t));
}

/* -sum over the classes of w q log p */
static ir_value *cross(const class_loss *c, ir_value *q) {
    lowering *l = c->l;
    ir_value *each = q ? binary(l, IR_MUL, c->log, q, c->where) : c->log;
    if (c->weight) each = binary(l, IR_MUL, each, weight_beside(c), c->where);
    return build_unary(l, IR_NEG, build_reduce(l, IR_SUM, each, 1u << c->axis, false, c->where), c->where);
}

/* Targets are probabilities: the mean is over all but the classes, whatever the weights. */
static value of_probabilities(class_loss *c, double smoothing) {
    lowering *l = c->l;
    span where = c->where;
    int64_t classes = 0;
    ir_value *q = args_tensor(c->a, 1);
    dim_is_const(c->classes, &classes);
    if (smoothing > 0) {
        q = with_number(l, IR_MUL, q, 1 - smoothing, where);
        q = with_number(l, IR_ADD, q, smoothing / (double)classes, where);
    }
    ir_value *each = cross(c, q);
    return value_tensor(l, c->none ? each : all(l, c->op, each, where), where);
}

/* (1 - s) nll + s / C sum over the classes of -w log p */
static value smoothed(const class_loss *c, const class_target *t, double smoothing) {
    lowering *l = c->l;
    span where = c->where;
    int64_t classes = 1;
    dim_is_const(c->classes, &classes);
    ir_value *smooth = choose(l, t->valid, cross(c, NULL), t->none, where);
    ir_value *each = binary(l, IR_ADD, with_number(l, IR_MUL, picked(c, t), 1 - smoothing, where),
                            with_number(l, IR_MUL, smooth, smoothing / (double)classes, where), where);
    return weighed(c, t, each);
}

static value lower_cross_entropy(lowering *l, const arguments *a, ir_op op) {
    class_loss c;
    span where = a->call->where;
    double smoothing = args_real(a, 5, 0);
    if (!begin_class_loss(l, a, &c)) return value_poison(where);
    if (!(smoothing >= 0 && smoothing <= 1)) {
        diag_error(l->diags, args_where(a, 5), "label_smoothing of cross_entropy must be between 0 and 1, found %g",
                   smoothing);
        return value_poison(where);
    }
    if (smoothing > 0 && !dim_is_const(c.classes, NULL)) {
        diag_error(l->diags, args_where(a, 5), "label_smoothing needs a constant number of classes, found %s",
                   dim_short(l->arena, c.classes));
        return value_poison(where);
    }
    const ir_type *t = &args_tensor(a, 1)->type;
    bool probabilities = t->dtype == IR_F32 && ir_shape_same(t, &c.log->type);
    if (!probabilities && !classes_fit(&c)) return value_poison(where);
    warn_twice(l, a, IR_SOFTMAX);
    ir_value *log = build_unary(l, op, c.log, where);
    log->producer->attrs.axis = c.axis;
    c.log = log;
    if (probabilities && args_integer(a, 3, -1) >= 0) {
        diag *e = diag_error(l->diags, args_where(a, 3),
                             "ignore_index is of classes, and the target of cross_entropy is "
                             "probabilities, %s",
                             type_show(l, t));
        diag_hint(e, "reduction=\"none\" and a mask: sum(l * mask) / sum(mask)");
        return value_poison(where);
    }
    if (probabilities) return of_probabilities(&c, smoothing);
    class_target target = target_of(&c, args_integer(a, 3, -100));
    if (smoothing > 0) return smoothed(&c, &target, smoothing);
    return weighed(&c, &target, picked(&c, &target));
}

/* -------------------------------------------------------------------------------------------------------------------
 */

#define BOTH {"input", TAKES_TENSOR | REQUIRED}, { "target", TAKES_TENSOR | REQUIRED }
#define REDUCTION {"reduction", TAKES_STRING}
#define WEIGHT {"weight", TAKES_ANY}

static const parameter two[] = {BOTH, REDUCTION};
static const parameter smooth_l1[] = {BOTH, REDUCTION, {"beta", TAKES_REAL}};
static const parameter huber[] = {BOTH, REDUCTION, {"delta", TAKES_REAL}};
static const parameter bce[] = {BOTH, WEIGHT, REDUCTION};
static const parameter bce_with_logits[] = {BOTH, WEIGHT, REDUCTION, {"pos_weight", TAKES_ANY}};
static const parameter nll[] = {BOTH, WEIGHT, {"ignore_index", TAKES_INTEGER}, REDUCTION};
static const parameter cross_entropy[] = {BOTH, WEIGHT, {"ignore_index", TAKES_INTEGER}, REDUCTION,
                                          {"label_smoothing", TAKES_REAL}};

const function functions_loss[] = {
    {"nll_loss", PARAMETERS(nll), lower_nll, 0},
    {"cross_entropy", PARAMETERS(cross_entropy), lower_cross_entropy, IR_LOG_SOFTMAX},
    {"mse_loss", PARAMETERS(two), lower_mse, 0},
    {"l1_loss", PARAMETERS(two), lower_l1, IR_ABS},
    {"smooth_l1_loss", PARAMETERS(smooth_l1), lower_smooth_l1, 0},
    {"huber_loss", PARAMETERS(huber), lower_huber, 0},
    {"binary_cross_entropy", PARAMETERS(bce), lower_bce, IR_BINARY_CROSS_ENTROPY},
    {"binary_cross_entropy_with_logits", PARAMETERS(bce_with_logits), lower_bce_with_logits, IR_LOGSIGMOID},
    {NULL, NULL, 0, NULL, 0},
};
