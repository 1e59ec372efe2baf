/* train: the statements of training: the loss, the optimizers and their param groups, clipping, grad(l, v).
 *
 * Formulas, arguments, defaults and the checks of their ranges are torch.optim's (2.x) and torch.nn.utils's. */
#include <math.h>

#include "lower/lowering.h"

/* --- the loss ---------------------------------------------------------------------------------------------------- */

bool ast_trains(const ast_model *ast) {
    for (const ast_stmt *s = ast->statements; s; s = s->next)
        if (s->kind == AST_LOSS) return true;
    return false;
}

static ir_training *training_of(lowering *l) {
    if (!l->model->training) l->model->training = ARENA_NEW(l->arena, ir_training);
    return l->model->training;
}

/* Is a gradient among what it is made of? */
static bool is_of_a_gradient(lowering *l, ir_value *v) {
    bool *seen = ARENA_ARRAY(l->arena, bool, l->model->value_count);
    ir_value **stack = NULL;
    size_t count = 0, capacity = 0;
    ARENA_PUSH(l->arena, stack, count, capacity, v);
    while (count) {
        v = stack[--count];
        if (!v || seen[v->id]) continue;
        seen[v->id] = true;
        const ir_node *n = v->producer;
        if (n->op == IR_GRAD) return true;
        for (unsigned i = 0; i < n->input_count; i++) ARENA_PUSH(l->arena, stack, count, capacity, n->inputs[i]);
    }
    return false;
}

void lower_loss(lowering *l, const ast_stmt *s) {
    value v = lower_expr(l, s->value);
    ir_training *t = training_of(l);
    if (t->loss_name) {
        diag *e = diag_error(l->diags, s->name.where, "a model has one loss");
        diag_note(e, t->loss_where, "first here");
        if (v.kind == VALUE_TENSOR && is_of_a_gradient(l, v.tensor))
            diag_hint(e, "a loss of a gradient would need gradients through gradients, which are not there yet");
        else diag_hint(e, "their sum is one: loss %.60s = a + 0.5 * b", t->loss_name);
        value poison = value_poison(s->name.where);
        bind_name(l, &s->name, &poison);
        return;
    }
    t->loss_name = s->name.text;
    t->loss_where = s->name.where;
    bind_name(l, &s->name, &v);
    if (value_has_poison(&v)) return;
    if (v.kind == VALUE_TENSOR && v.tensor->type.dtype == IR_F32 && v.tensor->type.rank == 0) {
        t->loss = v.tensor;
        return;
    }
    diag *e = diag_error(l->diags, s->value->where, "a loss is one number, float32[], found %s", value_show(l, &v));
    note_value(l, e, s->value, &v, s->value->where);
    if (v.kind == VALUE_TENSOR && v.tensor->type.dtype == IR_F32)
        diag_hint(e, "mean(…) or sum(…) makes one number of it, as reduction=\"mean\" of a loss does");
}

ir_value *build_dropout(lowering *l, ir_value *x, double p, span where) {
    if (!l->trains || p == 0 || x->type.dtype != IR_F32) return x;
    ir_value *v = build_unary(l, IR_DROPOUT, x, where);
    v->producer->attrs.number = p;
    v->producer->attrs.index = training_of(l)->dropouts++;
    return v;
}

static const parameter grad_parameters[] = {{"loss", TAKES_TENSOR | REQUIRED}, {"input", TAKES_TENSOR | REQUIRED}};

value lower_grad(lowering *l, const ast_expr *call) {
    arguments a;
    value poison = value_poison(call->where);
    if (!args_match(l, call, "grad", grad_parameters, 2, false, NULL, &a)) return poison;
    const ir_training *t = l->model->training;
    ir_value *of = args_tensor(&a, 0), *v = args_tensor(&a, 1);
    if (!t || !t->loss || of != t->loss) {
        diag *e = diag_error(l->diags, args_where(&a, 0), "grad gives the gradient of the model's loss, found %s",
                             value_show(l, &a.values[0]));
        if (t && t->loss_name) diag_hint(e, "grad(%.60s, …)", t->loss_name);
        else diag_hint(e, "the loss is declared before: loss NAME = EXPR");
        return poison;
    }
    if (v->type.dtype != IR_F32) {
        diag *e =
            diag_error(l->diags, args_where(&a, 1), "a gradient is that of float32, found %s", type_show(l, &v->type));
        note_argument(l, e, &a, 1, args_where(&a, 1));
        if (v->type.dtype == IR_I32)
            diag_hint(e, "ids have none; the rows that an Embedding gives for them have: x = emb(ids)");
        return poison;
    }
    if (is_of_a_gradient(l, v)) {
        diag *e = diag_error(l->diags, args_where(&a, 1), "gradients through gradients are not there yet");
        note_argument(l, e, &a, 1, args_where(&a, 1));
        return poison;
    }
    ir_value *const operands[] = {of, v};
    return value_tensor(l, build_value(l, IR_GRAD, operands, 2, &v->type, call->where), call->where);
}

/* --- optimizers -------------------------------------------------------------------------------------------------- */

void lower_train(lowering *l, const ast_stmt *s) {
    /* params may be declared below */
    ARENA_PUSH(l->arena, l->train_statements, l->train_count, l->train_capacity, s);
}

/* torch's switches of how a step is computed: taken, and of no meaning here. */
#define IGNORED                                                                                                        \
    {"params", TAKES_ANY}, {"frozen", TAKES_ANY}, {"foreach", TAKES_BOOL | TAKES_NONE},                                \
        {"fused", TAKES_BOOL | TAKES_NONE}, {"capturable", TAKES_BOOL}, { "differentiable", TAKES_BOOL }

static const parameter sgd[] = {{"lr", TAKES_REAL},           {"momentum", TAKES_REAL},
                                {"dampening", TAKES_REAL},    {"weight_decay", TAKES_REAL},
                                {"nesterov", TAKES_BOOL},     {"maximize", TAKES_BOOL},
                                IGNORED};
static const parameter adam[] = {{"lr", TAKES_REAL},           {"betas", TAKES_ANY},    {"eps", TAKES_REAL},
                                 {"weight_decay", TAKES_REAL}, {"amsgrad", TAKES_BOOL}, {"maximize", TAKES_BOOL},
                                 IGNORED};
static const parameter rmsprop[] = {{"lr", TAKES_REAL},       {"alpha", TAKES_REAL},        {"eps", TAKES_REAL},
                                    {"weight_decay", TAKES_REAL}, {"momentum", TAKES_REAL}, {"centered", TAKES_BOOL},
                                    {"maximize", TAKES_BOOL}, IGNORED};
static const parameter clip_norm[] = {{"max_norm", TAKES_REAL | REQUIRED},
                                      {"norm_type", TAKES_REAL | TAKES_STRING},
                                      {"error_if_nonfinite", TAKES_BOOL},
                                      {"foreach", TAKES_BOOL | TAKES_NONE}};
static const parameter clip_value[] = {{"clip_value", TAKES_REAL | REQUIRED}, {"foreach", TAKES_BOOL | TAKES_NONE}};

#define ALL(array) array, sizeof array / sizeof *array

static const struct {
    const char *name;
    const parameter *parameters;
    size_t count;
    ir_rule rule;
} optimizers[] = {{"SGD", ALL(sgd), IR_SGD},
                  {"Adam", ALL(adam), IR_ADAM},
                  {"AdamW", ALL(adam), IR_ADAMW},
                  {"RMSprop", ALL(rmsprop), IR_RMSPROP}};
enum { OPTIMIZERS = sizeof optimizers / sizeof *optimizers };

static const struct {
    const char *name;
    const parameter *parameters;
    size_t count;
} clips[] = {{"clip_grad_norm_", ALL(clip_norm)}, {"clip_grad_value_", ALL(clip_value)}};
enum { CLIPS = sizeof clips / sizeof *clips, BY_VALUE = 1 };

const char *train_rule(size_t i, const parameter **parameters, size_t *count) {
    if (i >= OPTIMIZERS + CLIPS) return NULL;
    bool is_clip = i >= OPTIMIZERS;
    *parameters = is_clip ? clips[i - OPTIMIZERS].parameters : optimizers[i].parameters;
    *count = is_clip ? clips[i - OPTIMIZERS].count : optimizers[i].count;
    return is_clip ? clips[i - OPTIMIZERS].name : optimizers[i].name;
}

static size_t find(const arguments *a, const char *name) {
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->parameters[i].name, name) == 0) return i;
    return NOWHERE;
}

static double number(const arguments *a, const char *name, double otherwise) {
    size_t i = find(a, name);
    return i == NOWHERE ? otherwise : args_real(a, i, otherwise);
}

static bool flag(const arguments *a, const char *name) {
    size_t i = find(a, name);
    return i != NOWHERE && args_bool(a, i, false);
}

/* As torch has it; and a float32, as which the generated code has it. */
static bool not_negative(lowering *l, const arguments *a, const char *name, double v) {
    if (v >= 0 && isfinite((float)v)) return true;
    diag_error(l->diags, args_where(a, find(a, name)), "%s of %s must %s, found %g", name, a->what,
               v < 0 ? "not be negative" : "be a finite float32", v);
    return false;
}

static bool is_real(const value *v) {
    return v->kind == VALUE_REAL || (v->kind == VALUE_INTEGER && dim_is_const(v->integer, NULL));
}

static bool betas_of(lowering *l, const arguments *a, ir_optimizer *o) {
    size_t i = find(a, "betas");
    if (i == NOWHERE || !args_has(a, i)) return true;
    const value *v = &a->values[i];
    if (v->kind != VALUE_TUPLE || v->count != 2 || !is_real(&v->items[0]) || !is_real(&v->items[1])) {
        diag *e =
            diag_error(l->diags, args_where(a, i), "betas of %s are two numbers, found %s", a->what, value_show(l, v));
        diag_hint(e, "betas=(0.9, 0.999)");
        return false;
    }
    double *const to[] = {&o->beta1, &o->beta2};
    bool fine = true;
    for (int k = 0; k < 2; k++) {
        *to[k] = value_number(&v->items[k]);
        if (*to[k] >= 0 && *to[k] < 1) continue;
        diag_error(l->diags, v->items[k].where, "each of the betas of %s must be at least 0 and less than 1, found %g",
                   a->what, *to[k]);
        fine = false;
    }
    return fine;
}

static bool ranges_fit(lowering *l, const arguments *a, const ir_optimizer *o) {
    bool fine = not_negative(l, a, "lr", o->lr);
    fine = not_negative(l, a, "weight_decay", o->weight_decay) && fine;
    if (find(a, "momentum") != NOWHERE) fine = not_negative(l, a, "momentum", o->momentum) && fine;
    if (find(a, "eps") != NOWHERE) fine = not_negative(l, a, "eps", o->eps) && fine;
    if (find(a, "alpha") != NOWHERE) fine = not_negative(l, a, "alpha", o->alpha) && fine;
    if (!isfinite((float)o->dampening)) {
        diag_error(l->diags, args_where(a, find(a, "dampening")), "dampening of SGD must be a finite float32, found %g",
                   o->dampening);
        fine = false;
    }
    if (o->nesterov && (o->momentum <= 0 || o->dampening != 0)) {
        diag *e = diag_error(l->diags, args_where(a, find(a, "nesterov")),
                             "nesterov needs a momentum, and a dampening of 0, found momentum=%g and dampening=%g",
                             o->momentum, o->dampening);
        diag_hint(e, "SGD(…, momentum=0.9, nesterov=True)");
        fine = false;
    }
    return fine;
}

/* --- param groups ------------------------------------------------------------------------------------------------ */

/* `*` stands for any characters. */
static bool fits(const char *pattern, const char *key) {
    const char *star = NULL, *behind = NULL;
    while (*key) {
        if (*pattern == '*') {
            star = pattern++;
            behind = key;
        } else if (*pattern == *key) {
            pattern++;
            key++;
        } else if (star) {
            pattern = star + 1;
            key = ++behind;
        } else {
            return false;
        }
    }
    while (*pattern == '*') pattern++;
    return !*pattern;
}

static void report_pattern(lowering *l, const value *v) {
    const ir_model *m = l->model;
    const char **keys = ARENA_ARRAY(l->arena, const char *, m->param_count);
    size_t count = 0;
    for (size_t i = 0; i < m->param_count; i++)
        if (!m->params[i].statistic) keys[count++] = m->params[i].key;
    diag *e = diag_error(l->diags, v->where, "no parameter has a key that fits \"%.80s\"", v->string);
    const char *nearest = diag_nearest(v->string, keys, count);
    bool whole_layer = false;
    size_t length = strlen(v->string);
    for (size_t i = 0; i < count && !whole_layer; i++)
        whole_layer = length && strncmp(keys[i], v->string, length) == 0 && keys[i][length] == '.';
    if (whole_layer) diag_hint(e, "patterns are of whole keys: \"%.80s.*\"", v->string);
    else if (nearest) diag_hint(e, "did you mean \"%.80s\"?", nearest);
    else if (count) diag_hint(e, "keys are like \"%.80s\", and * stands for any characters", keys[0]);
}

/* Marks the params whose keys fit argument i, a pattern or several; false after reporting. */
static bool mark_fitting(lowering *l, const arguments *a, const char *name, bool *marked) {
    size_t i = find(a, name);
    if (i == NOWHERE || !args_has(a, i)) return true;
    const value *v = &a->values[i], *items = v;
    size_t count = 1;
    if (v->kind == VALUE_TUPLE) items = v->items, count = v->count;
    bool fine = true;
    for (size_t k = 0; k < count; k++) {
        if (items[k].kind != VALUE_STRING) {
            diag *e = diag_error(l->diags, items[k].where, "%s of %s are patterns of keys, found %s", name, a->what,
                                 value_show(l, &items[k]));
            diag_hint(e, "%s=\"head.*\", or %s=(\"head.*\", \"*bias*\")", name, name);
            fine = false;
            continue;
        }
        bool any = false;
        for (size_t p = 0; p < l->model->param_count; p++) {
            if (l->model->params[p].statistic || !fits(items[k].string, l->model->params[p].key)) continue;
            marked[p] = any = true;
        }
        if (any) continue;
        report_pattern(l, &items[k]);
        fine = false;
    }
    return fine;
}

static void add_group(lowering *l, const arguments *a, const ir_optimizer *o) {
    ir_model *m = l->model;
    ir_training *t = m->training;
    bool *named = ARENA_ARRAY(l->arena, bool, m->param_count), *frozen = ARENA_ARRAY(l->arena, bool, m->param_count);
    size_t which = find(a, "params"), group = t->optimizer_count;
    if (!mark_fitting(l, a, "params", named) || !mark_fitting(l, a, "frozen", frozen)) return;
    bool all = !args_has(a, which), any = false;
    for (size_t i = 0; i < m->param_count; i++) {
        ir_param *p = &m->params[i];
        if (p->statistic || p->fixed || frozen[i] || !(all || named[i])) continue;
        any = true;
        if (p->trained) {
            diag *e = diag_error(l->diags, all ? a->call->where : args_where(a, which),
                                 "two optimizers train \"%.80s\"", p->key);
            diag_note(e, t->optimizers[p->group].where, "the other one");
            diag_hint(e, "params= and frozen= say which parameters an optimizer has");
            return;
        }
        p->trained = true;
        p->group = group;
    }
    if (!any && m->param_count) {
        diag *e = diag_error(l->diags, a->call->where, "this %s has no parameter to train", a->what);
        diag_hint(e, "params= and frozen= say which parameters an optimizer has");
        return;
    }
    ARENA_PUSH(l->arena, t->optimizers, t->optimizer_count, t->optimizer_capacity, *o);
}

/* SGD(model.parameters(), lr=0.1), as it stands in Python. */
static bool takes_parameters(lowering *l, const ast_expr *call) {
    const ast_expr *first = call->arguments ? call->arguments->value : NULL;
    const char *name = first && first->kind == AST_CALL ? first->name.text : "", *dot = strrchr(name, '.');
    if (!dot || (strcmp(dot, ".parameters") != 0 && strcmp(dot, ".named_parameters") != 0)) return false;
    diag *e = diag_error(l->diags, first->where, "%s has its parameters by their keys, not as an argument",
                         call->name.text);
    diag_hint(e, "all of them without params=, or params=\"head.*\"");
    return true;
}

/* The others' lr keep their ratio to the first one's. */
static bool has_ratio(lowering *l, const arguments *a, const ir_optimizer *o) {
    const ir_training *t = l->model->training;
    if (!t->optimizer_count || o->lr == 0 || isfinite((float)(o->lr / t->optimizers[0].lr))) return true;
    diag *e = diag_error(l->diags, args_where(a, find(a, "lr")),
                         "lr of this %s, %g, has no ratio to %g, that of the first optimizer", a->what, o->lr,
                         t->optimizers[0].lr);
    diag_note(e, t->optimizers[0].where, "the first optimizer, whose lr a step is given");
    diag_hint(e, "put this one first, or leave the other's parameters out: they are frozen then");
    return false;
}

static void lower_optimizer(lowering *l, const ast_expr *call, size_t which) {
    arguments a;
    if (takes_parameters(l, call)) return;
    if (!args_match(l, call, optimizers[which].name, optimizers[which].parameters, optimizers[which].count, false, NULL,
                    &a))
        return;
    ir_rule rule = optimizers[which].rule;
    ir_optimizer o = {.rule = rule, .where = call->where};
    o.lr = number(&a, "lr", rule == IR_RMSPROP ? 1e-2 : 1e-3);
    o.momentum = number(&a, "momentum", 0);
    o.dampening = number(&a, "dampening", 0);
    o.weight_decay = number(&a, "weight_decay", rule == IR_ADAMW ? 1e-2 : 0);
    o.beta1 = 0.9;
    o.beta2 = 0.999;
    o.eps = number(&a, "eps", 1e-8);
    o.alpha = number(&a, "alpha", 0.99);
    o.nesterov = flag(&a, "nesterov");
    o.maximize = flag(&a, "maximize");
    o.amsgrad = flag(&a, "amsgrad");
    o.centered = flag(&a, "centered");
    bool fine = betas_of(l, &a, &o);
    if (ranges_fit(l, &a, &o) && fine && has_ratio(l, &a, &o)) add_group(l, &a, &o);
}

/* --- clipping ---------------------------------------------------------------------------------------------------- */

/* A number, or torch's other word for infinity. */
static double norm_type_of(lowering *l, const arguments *a, size_t i) {
    if (!args_has(a, i) || a->values[i].kind != VALUE_STRING) return args_real(a, i, 2);
    const char *word = args_string(a, i, NULL);
    if (strcmp(word, "inf") == 0) return INFINITY;
    diag_error(l->diags, args_where(a, i), "norm_type of %s is a number or \"inf\", found \"%.40s\"", a->what, word);
    return NAN;
}

static void lower_clip(lowering *l, const ast_expr *call, size_t clip) {
    arguments a;
    bool by_value = clip == BY_VALUE;
    const parameter *parameters = clips[clip].parameters;
    if (!args_match(l, call, clips[clip].name, parameters, clips[clip].count, false, NULL, &a)) return;
    ir_clip c = {.by_value = by_value, .limit = args_real(&a, 0, 0), .norm_type = 2, .where = call->where};
    if (!by_value) {
        c.norm_type = norm_type_of(l, &a, 1);
        c.error_if_nonfinite = args_bool(&a, 2, false);
        if (isnan(c.norm_type)) return;
        if (!(c.norm_type > 0)) {
            diag_error(l->diags, args_where(&a, 1), "norm_type of clip_grad_norm_ must be positive, found %g",
                       c.norm_type);
            return;
        }
    }
    if (c.limit != (double)INFINITY && !not_negative(l, &a, parameters[0].name, c.limit)) return;
    ir_training *t = l->model->training;
    ARENA_PUSH(l->arena, t->clips, t->clip_count, t->clip_capacity, c);
}

static void report_rule(lowering *l, const ast_expr *call) {
    const char *names[OPTIMIZERS + CLIPS];
    const parameter *parameters;
    size_t count;
    for (size_t i = 0; i < OPTIMIZERS + CLIPS; i++) names[i] = train_rule(i, &parameters, &count);
    diag *e = diag_error(l->diags, call->name.where, "%.60s is no optimizer that nnc knows", call->name.text);
    const char *dot = strrchr(call->name.text, '.'); /* torch.optim.SGD */
    const char *nearest = diag_nearest(dot ? dot + 1 : call->name.text, names, sizeof names / sizeof *names);
    const char *end = call->name.text + strlen(call->name.text);
    bool schedule = strstr(call->name.text, "Scheduler") || (end - call->name.text > 2 && strcmp(end - 2, "LR") == 0);
    if (schedule) diag_hint(e, "the rate is the argument lr of NAME_train and NAME_step: the program changes it");
    else if (nearest) diag_hint(e, "did you mean %s?", nearest);
    else diag_hint(e, "there are SGD, Adam, AdamW and RMSprop, and clip_grad_norm_ and clip_grad_value_");
}

static void lower_train_statement(lowering *l, const ast_stmt *s) {
    const ast_expr *call = s->value;
    l->statement = s;
    for (size_t i = 0; i < OPTIMIZERS; i++)
        if (strcmp(call->name.text, optimizers[i].name) == 0) {
            lower_optimizer(l, call, i);
            return;
        }
    for (size_t i = 0; i < CLIPS; i++)
        if (strcmp(call->name.text, clips[i].name) == 0) {
            lower_clip(l, call, i);
            return;
        }
    report_rule(l, call);
}

/* --- all of it --------------------------------------------------------------------------------------------------- */

static bool is_of_an_input(const ir_model *m, const dim *symbol) {
    bool found = false;
    for (size_t i = 0; i < m->input_count; i++) {
        const ir_type *type = &m->inputs[i].value->type;
        for (unsigned k = 0; k < type->rank && !m->inputs[i].is_target; k++)
            found = found || dim_mentions(type->dims[k], symbol);
    }
    return found;
}

/* NAME_run, which has no targets, would have a size of nothing. */
static void check_targets(lowering *l) {
    const ir_model *m = l->model;
    for (size_t i = 0; i < m->input_count; i++) {
        const ir_type *type = &m->inputs[i].value->type;
        for (size_t s = 0; s < m->symbol_count && m->inputs[i].is_target; s++) {
            bool mentioned = false;
            for (unsigned k = 0; k < type->rank; k++)
                mentioned = mentioned || dim_mentions(type->dims[k], m->symbols[s]);
            if (!mentioned || is_of_an_input(m, m->symbols[s])) continue;
            const char *name = dim_symbol_name(m->symbols[s]);
            diag *e = diag_error(l->diags, m->inputs[i].where, "the target %.60s has the dim %.60s, which no input has",
                                 m->inputs[i].name, name);
            diag_note(e, m->symbol_where[s], "%.60s is declared here", name);
            diag_hint(e, "the run function gets no targets, and would not know what %.60s is of", name);
        }
    }
}

#define NAMED_LOSS "loss = … binds a value called loss: the statement gives a loss a name of its own, loss l = …"

void lower_training(lowering *l) {
    ir_model *m = l->model;
    if (!l->trains) {
        for (size_t i = 0; i < l->train_count; i++) {
            diag *e = diag_error(l->diags, l->train_statements[i]->where, "there is no loss to train for");
            if (scope_find(l->values, "loss")) diag_hint(e, NAMED_LOSS);
            else diag_hint(e, "loss NAME = EXPR says what becomes smaller, for example cross_entropy(scores, y)");
        }
        for (size_t i = 0; i < m->input_count; i++) {
            if (!m->inputs[i].is_target) continue;
            diag *e = diag_error(l->diags, m->inputs[i].where,
                                 "there is no loss, and so no function that gets the target %s", m->inputs[i].name);
            diag_hint(e, scope_find(l->values, "loss") ? NAMED_LOSS : "what the run function gets is an input");
        }
        return;
    }
    size_t errors = diag_error_count(l->diags);
    check_targets(l);
    for (size_t i = 0; i < l->train_count; i++) lower_train_statement(l, l->train_statements[i]);
    if (diag_error_count(l->diags) != errors) return;
    ir_training *t = m->training;
    bool any = false;
    for (size_t i = 0; i < m->param_count; i++) {
        ir_param *p = &m->params[i];
        if (!t->optimizer_count) p->trained = !p->statistic && !p->fixed;
        any = any || p->trained;
    }
    if (any) return;
    diag *e = diag_error(l->diags, t->loss_where, "the model has no parameter to train");
    diag_hint(e, "layers with weights and params of float32 are trained");
}
