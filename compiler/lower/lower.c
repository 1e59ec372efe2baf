/* lower: the statements of a model, one after the other, into its IR. */
#include "lower/lowering.h"

/* --- names ------------------------------------------------------------------------------------------------------- */

static name_entry *add_name(lowering *l, name_kind kind, const char *name, span where, value v) {
    name_entry *entry = ARENA_NEW(l->arena, name_entry);
    *entry = (name_entry){.kind = kind, .where = where, .value = v, .index = NOWHERE};
    scope_set(l->values, name, entry);
    return entry;
}

/* A dim, input, state or param must not take a name that is there already. */
static name_entry *declare(lowering *l, name_kind kind, const ast_name *name, span where) {
    name_entry *earlier = scope_find(l->values, name->text);
    if (earlier) {
        static const char *const kinds[] = {"a dim", "an input", "a state", "a param", "a value"};
        diag *e = diag_error(l->diags, name->where, "there is %s %.60s already", kinds[earlier->kind], name->text);
        diag_note(e, earlier->where, "first here");
        name_entry *nowhere = ARENA_NEW(l->arena, name_entry); /* the first one stays */
        *nowhere = (name_entry){.kind = kind, .where = where, .index = NOWHERE};
        return nowhere;
    }
    name_entry *entry = add_name(l, kind, name->text, where, value_poison(where));
    entry->declaration = entry;
    ARENA_PUSH(l->arena, l->declarations, l->declaration_count, l->declaration_capacity, entry);
    return entry;
}

bool type_fits(lowering *l, const ast_type *written, const ir_type *found, const ast_expr *e, const value *v,
               const char *name) {
    ir_type want;
    if (!lower_type(l, written, &want)) return false;
    if (ir_type_same(&want, found)) return true;
    diag *d = diag_error(l->diags, written->where, "%.60s is written as %s, found %s", name, type_show(l, &want),
                         type_show(l, found));
    if (e) note_value(l, d, e, v, written->where);
    else diag_note(d, v->where, "made here");
    return false;
}

/* What the state is at the end of the run; the last binding wins. In a block it is just carried. False after
 * reporting. */
static bool bind_state(lowering *l, name_entry *entry, const ast_name *name, const value *v) {
    if (entry->index == NOWHERE || value_has_poison(v)) return true;
    ir_state *state = &l->model->states[entry->index];
    if (v->kind == VALUE_TENSOR && ir_type_same(&v->tensor->type, &state->type)) {
        if (!l->block) state->next = v->tensor;
        return true;
    }
    diag *e = diag_error(l->diags, name->where, "the state %s is %s, found %s", state->name, type_show(l, &state->type),
                         value_show(l, v));
    diag_note(e, v->where, "made here");
    diag_note(e, state->where, "the state is declared here");
    if (v->gives && v->kind == VALUE_TUPLE) diag_hint(e, "%s; %s", v->gives, v->mend);
    return false;
}

void bind_name(lowering *l, const ast_name *name, const value *given) {
    if (strcmp(name->text, "_") == 0) return;
    value alone = *given, *v = &alone;
    if (v->kind == VALUE_TENSOR) v->items = NULL, v->count = 0; /* one name takes a maximum's values only */
    name_entry *entry = scope_find(l->values, name->text);
    bool keeps_kind = entry && entry->kind == NAME_STATE;
    value_note(l, v, name->where);
    if (v->kind == VALUE_TENSOR && !v->tensor->name) {
        ir_node *n = v->tensor->producer;
        v->tensor->name = name->text;
        if (n->op != IR_REPEAT && n->label == ir_op_name(n->op)) n->label = name->text;
    }
    if (keeps_kind) {
        bool fits = bind_state(l, entry, name, v);
        name_entry *bound = add_name(l, NAME_STATE, name->text, name->where, fits ? *v : value_poison(name->where));
        bound->index = entry->index;
        bound->declaration = entry->declaration;
        bound->declaration->bound = true;
    } else {
        add_name(l, NAME_BOUND, name->text, name->where, *v);
    }
}

static void bind_list(lowering *l, const ast_pattern *first, const value *v, const ast_expr *e);

/* All names of a pattern that did not match. */
static void bind_poison(lowering *l, const ast_pattern *p) {
    value poison = value_poison(p->where);
    ir_type type;
    if (p->type) lower_type(l, p->type, &type); /* it may be at fault too */
    if (p->name.text) bind_name(l, &p->name, &poison);
    for (const ast_pattern *item = p->items; item; item = item->next) bind_poison(l, item);
}

static void bind_one(lowering *l, const ast_pattern *p, const value *v, const ast_expr *e) {
    if (v->kind == VALUE_POISON) {
        bind_poison(l, p);
    } else if (p->items) {
        bind_list(l, p->items, v, e);
    } else if (!p->type) {
        bind_name(l, &p->name, v);
    } else if (v->kind != VALUE_TENSOR) {
        ir_type type;
        if (lower_type(l, p->type, &type) && !value_has_poison(v)) {
            diag *d = diag_error(l->diags, p->type->where, "%.60s is written as %s, found %s", p->name.text,
                                 type_show(l, &type), value_show(l, v));
            if (e) note_value(l, d, e, v, p->type->where);
            else diag_note(d, v->where, "made here");
            if (v->gives) diag_hint(d, "%s", v->mend);
        }
        bind_poison(l, p);
    } else {
        /* The value is used as it is even when it is not what is written: the one error is enough. */
        type_fits(l, p->type, &v->tensor->type, e, v, p->name.text);
        bind_name(l, &p->name, v);
    }
}

static void bind_list(lowering *l, const ast_pattern *first, const value *v, const ast_expr *e) {
    size_t count = 0, i = 0;
    for (const ast_pattern *p = first; p; p = p->next) count++;
    if ((v->kind == VALUE_TUPLE || v->kind == VALUE_TENSOR) && v->items && v->count == count) {
        for (const ast_pattern *p = first; p; p = p->next) bind_one(l, p, &v->items[i++], NULL);
        return;
    }
    if (v->kind != VALUE_POISON) {
        const ast_pattern *last = first;
        while (last->next) last = last->next;
        span where = span_join(first->where, last->where);
        diag *d = diag_error(l->diags, where, "%zu names for %s", count, value_show(l, v));
        if (e) note_value(l, d, e, v, where);
        else diag_note(d, v->where, "made here");
        if (v->gives) {
            diag_note_plain(d, "%s", v->gives);
            if (v->kind == VALUE_TENSOR) diag_hint(d, "%s", v->mend);
            else if (v->items[1].kind == VALUE_TUPLE) diag_hint(d, "write out, (h, c) = …");
            else if (v->count == 2) diag_hint(d, "write two names");
            else diag_hint(d, "write %zu names", v->count);
        } else if (v->kind == VALUE_TENSOR && e && e->kind == AST_CALL &&
                   (strcmp(e->name.text, "max") == 0 || strcmp(e->name.text, "min") == 0)) {
            diag_hint(d, "along a dim it gives both: values, indices = %s(x, dim=…)", e->name.text);
        } else if (v->kind == VALUE_TENSOR && v->tensor->type.rank && dim_is(v->tensor->type.dims[0], (int64_t)count)) {
            diag_hint(d, "unbind(…, 0) is a tuple of its rows");
        }
    }
    for (const ast_pattern *p = first; p; p = p->next) bind_poison(l, p);
}

/* --- declarations ------------------------------------------------------------------------------------------------ */

static bool dim_bound(lowering *l, const ast_expr *e, int64_t *bound) {
    value v = lower_expr(l, e);
    if (value_has_poison(&v)) return false;
    if (v.kind == VALUE_INTEGER && dim_is_const(v.integer, bound)) return true;
    diag_error(l->diags, e->where, "a bound of a dim must be a constant integer, found %s", value_show(l, &v));
    return false;
}

static void lower_run_time_dim(lowering *l, const ast_stmt *s, name_entry *entry) {
    int64_t low, high;
    bool fine = dim_bound(l, s->lower, &low);
    if (!dim_bound(l, s->upper, &high) || !fine) return;
    if (low < 1) {
        diag_error(l->diags, s->lower->where, "the lower bound of a dim is at least 1, found %lld", (long long)low);
    } else if (high < low) {
        diag_error(l->diags, s->upper->where, "the upper bound, %lld, is below the lower one, %lld", (long long)high,
                   (long long)low);
    } else if (high > INT32_MAX) {
        diag_error(l->diags, s->upper->where, "the upper bound of a dim is at most 2147483647, found %lld",
                   (long long)high);
    } else if (!scope_find(l->symbols, s->name.text)) {
        ir_model *m = l->model;
        const dim *symbol = dim_symbol(m->dims, s->name.text, low, high);
        size_t count = m->symbol_count, capacity = m->symbol_capacity;
        ARENA_PUSH(m->arena, m->symbols, m->symbol_count, m->symbol_capacity, symbol);
        ARENA_PUSH(m->arena, m->symbol_where, count, capacity, s->where);
        entry->value = value_integer(symbol, s->where);
        scope_set(l->symbols, s->name.text, entry);
    }
}

static void lower_dim(lowering *l, const ast_stmt *s) {
    l->in_dim = true;
    value v = s->upper ? value_poison(s->where) : lower_expr(l, s->lower);
    name_entry *entry = declare(l, NAME_DIM, &s->name, s->where);
    if (s->upper) {
        lower_run_time_dim(l, s, entry);
    } else if (v.kind == VALUE_INTEGER) {
        if (dim_is_huge(v.integer) || dim_min(v.integer) < INT32_MIN || dim_max(v.integer) > INT32_MAX) {
            diag_error(l->diags, s->lower->where, "this dim is too large");
        } else {
            v.where = s->where;
            entry->value = v;
        }
    } else if (!value_has_poison(&v)) {
        diag *e = diag_error(l->diags, s->lower->where, "a dim is an integer, or bounds like 1..128, found %s",
                             value_show(l, &v));
        if (v.kind == VALUE_REAL) diag_hint(e, "// divides sizes");
        else if (v.kind == VALUE_TUPLE) diag_hint(e, "bounds are written LOW..HIGH: dim T = 1..128");
    }
    l->in_dim = false;
}

static void lower_weights(lowering *l, const ast_stmt *s) {
    if (l->model->weights) {
        diag *e = diag_error(l->diags, s->where, "a model has one weights file");
        diag_note(e, l->model->weights_where, "first here");
        return;
    }
    l->model->weights = s->string;
    l->model->weights_where = s->string_where;
    size_t count = 0, capacity = 0;
    for (const ast_expr *e = s->rows; e; e = e->next)
        ARENA_PUSH(l->arena, l->model->weights_over, count, capacity, e->string);
    if (count) ARENA_PUSH(l->arena, l->model->weights_over, count, capacity, NULL);
    l->model->weights_prefix = s->prefix;
}

/* The source node of an input or a state. */
static ir_value *add_source(lowering *l, ir_op op, const ast_stmt *s, const ir_type *type, size_t index) {
    ir_value *v = ir_add_value(l->model, &l->model->run, op, NULL, 0, *type, s->where);
    v->name = v->producer->label = s->name.text;
    v->producer->attrs.index = index;
    return v;
}

/* The type of a declaration; poison when it is at fault. */
static bool declared_type(lowering *l, const ast_stmt *s, bool constant, const char *what, ir_type *type) {
    if (!lower_type(l, s->type, type)) return false;
    if (type->dtype == IR_BOOL) {
        diag *e = diag_error(l->diags, s->type->element.where, "%s is float32 or int32, found %s", what,
                             type_show(l, type));
        diag_hint(e, "a bool is only a value: x != 0 makes one of int32");
        return false;
    }
    if (value_tensor(l, &(ir_value){.type = *type}, s->type->where).kind == VALUE_POISON) return false;
    if (!constant) return true;
    if (type->dtype != IR_F32 && s->kind == AST_PARAM) {
        diag_error(l->diags, s->type->element.where, "%s is float32, found %s", what, type_show(l, type));
        return false;
    }
    const ast_expr *written = s->type->dims;
    for (unsigned i = 0; i < type->rank; i++, written = written->next) {
        if (dim_is_const(type->dims[i], NULL)) continue;
        diag *e =
            diag_error(l->diags, written->where, "the shape of %s is constant, found %s", what, type_show(l, type));
        const char *bounds = bounds_show(l, type->dims[i]);
        if (bounds) diag_note_plain(e, "%s is a run-time size: %s", dim_short(l->arena, type->dims[i]), bounds);
        return false;
    }
    return true;
}

static void lower_input(lowering *l, const ast_stmt *s) {
    ir_type type;
    bool fine = declared_type(l, s, false, s->kind == AST_TARGET ? "a target" : "an input", &type);
    name_entry *entry = declare(l, NAME_INPUT, &s->name, s->where);
    if (!fine) return;
    ir_model *m = l->model;
    ir_input input = {.name = s->name.text, .is_target = s->kind == AST_TARGET, .where = s->where};
    input.value = add_source(l, IR_INPUT, s, &type, m->input_count);
    ARENA_PUSH(m->arena, m->inputs, m->input_count, m->input_capacity, input);
    entry->value = (value){.kind = VALUE_TENSOR, .tensor = input.value, .where = s->where};
}

/* A number fills the state. NULL for zeros, and after reporting. */
static ir_value *lower_init(lowering *l, const ast_stmt *s, const ir_type *type) {
    if (!s->value) return NULL;
    l->graph = &l->model->reset;
    value v = lower_expr(l, s->value);
    ir_value *init = NULL;
    bool is_int = v.kind == VALUE_INTEGER && dim_is_const(v.integer, NULL);
    bool number = type->dtype == IR_F32 ? is_int || v.kind == VALUE_REAL
                                        : is_int && dim_min(v.integer) >= INT32_MIN && dim_max(v.integer) <= INT32_MAX;
    if (number && value_number(&v) != 0) {
        init = build_const(l, type->dtype, value_number(&v), s->value->where);
        init->type = *type;
    } else if (v.kind == VALUE_TENSOR && ir_type_same(&v.tensor->type, type)) {
        init = v.tensor;
    } else if (!number && !value_has_poison(&v)) {
        diag *e =
            diag_error(l->diags, s->value->where, "the first value of state %.60s must be %s or a%s number, found %s",
                       s->name.text, type_show(l, type), type->dtype == IR_F32 ? "" : "n int32", value_show(l, &v));
        note_value(l, e, s->value, &v, s->value->where);
    }
    l->graph = &l->model->run;
    return init;
}

static void lower_state(lowering *l, const ast_stmt *s) {
    ir_type type;
    bool fine = declared_type(l, s, true, "a state", &type);
    ir_value *init = fine ? lower_init(l, s, &type) : NULL;
    name_entry *entry = declare(l, NAME_STATE, &s->name, s->where);
    if (!fine) return;
    ir_model *m = l->model;
    ir_state state = {.name = s->name.text, .type = type, .init = init, .where = s->where};
    state.value = add_source(l, IR_STATE, s, &type, m->state_count);
    entry->index = m->state_count;
    ARENA_PUSH(m->arena, m->states, m->state_count, m->state_capacity, state);
    entry->value = (value){.kind = VALUE_TENSOR, .tensor = state.value, .where = s->where};
}

static void lower_param(lowering *l, const ast_stmt *s) {
    ir_type type;
    bool fine = declared_type(l, s, true, "a param", &type);
    name_entry *entry = declare(l, NAME_PARAM, &s->name, s->where);
    if (!fine) return;
    const char *key = s->string ? s->string : s->name.text;
    const char *wanted_by = arena_printf(l->arena, "param %s", s->name.text);
    entry->index = param_declare(l, key, &type, wanted_by, s->where);
    if (entry->index == NOWHERE) return;
    entry->value = (value){.kind = VALUE_TENSOR, .where = s->where};
    entry->value.tensor = build_param(l, entry->index, s->where);
    if (!entry->value.tensor->name) entry->value.tensor->name = s->name.text;
}

/* --- outputs ----------------------------------------------------------------------------------------------------- */

static void add_output(lowering *l, const ast_name *name, const value *v, const ast_expr *e) {
    ir_model *m = l->model;
    span *earlier = scope_find(l->outputs, name->text);
    if (earlier) {
        diag *d = diag_error(l->diags, name->where, "there is an output %.60s already", name->text);
        diag_note(d, *earlier, "first here");
        return;
    }
    earlier = ARENA_NEW(l->arena, span);
    *earlier = name->where;
    scope_set(l->outputs, name->text, earlier);
    if (value_has_poison(v)) return;
    if (v->kind != VALUE_TENSOR) {
        span where = e ? e->where : name->where;
        diag *d = diag_error(l->diags, where, "an output is a tensor, found %s", value_show(l, v));
        if (v->gives) diag_note_plain(d, "%s", v->gives);
        if (!e) diag_note(d, v->where, "%.60s was made here", name->text);
        if (v->gives) diag_hint(d, "%s", v->mend);
        else if (v->kind == VALUE_TUPLE) diag_hint(d, "give each part an output of its own");
        return;
    }
    ir_output output = {.name = name->text, .where = name->where};
    output.value = v->tensor->type.dtype == IR_BOOL ? build_cast(l, v->tensor, IR_I32, name->where) : v->tensor;
    ARENA_PUSH(m->arena, m->outputs, m->output_count, m->output_capacity, output);
}

static void lower_output(lowering *l, const ast_stmt *s) {
    value v = lower_expr(l, s->value);
    ir_type type;
    if (v.kind != VALUE_TENSOR && s->type) lower_type(l, s->type, &type); /* it may be at fault too */
    if (v.kind == VALUE_TENSOR && s->type) {
        ir_type written_out = v.tensor->type; /* an output of a bool is int32 */
        if (written_out.dtype == IR_BOOL && strcmp(s->type->element.text, "int32") == 0) written_out.dtype = IR_I32;
        type_fits(l, s->type, &written_out, s->value, &v, s->name.text);
    }
    if (strcmp(s->name.text, "_") == 0) {
        diag_error(l->diags, s->name.where, "an output needs a name");
        return;
    }
    add_output(l, &s->name, &v, s->value);
    bind_name(l, &s->name, &v);
}

static void lower_outputs(lowering *l, const ast_stmt *s) {
    for (const ast_pattern *p = s->pattern; p; p = p->next) {
        ast_expr e = {.kind = AST_NAME, .where = p->name.where, .name = p->name};
        value v = lower_expr(l, &e);
        add_output(l, &p->name, &v, NULL);
    }
}

/* --- the model --------------------------------------------------------------------------------------------------- */

void lower_statement(lowering *l, const ast_stmt *s) {
    l->statement = s;
    switch (s->kind) {
    case AST_DIM: lower_dim(l, s); break;
    case AST_WEIGHTS: lower_weights(l, s); break;
    case AST_INPUT: lower_input(l, s); break;
    case AST_STATE: lower_state(l, s); break;
    case AST_PARAM: lower_param(l, s); break;
    case AST_LAYER: layer_declare(l, s); break;
    case AST_BIND: {
        value v = lower_expr(l, s->value);
        if (s->pattern->next) bind_list(l, s->pattern, &v, s->value);
        else bind_one(l, s->pattern, &v, s->value);
        break;
    }
    case AST_OUTPUT: lower_output(l, s); break;
    case AST_OUTPUTS: lower_outputs(l, s); break;
    case AST_REPEAT: lower_repeat(l, s); break;
    case AST_COLLECT: lower_collect(l, s); break;
    case AST_TARGET: lower_input(l, s); break;
    case AST_LOSS: lower_loss(l, s); break;
    case AST_TRAIN: lower_train(l, s); break;
    }
}

static void note_declarations(const ast_model *ast, scope *values, scope *layers) {
    for (const ast_stmt *s = ast->statements; s; s = s->next) {
        bool is_value = s->kind == AST_DIM || s->kind == AST_INPUT || s->kind == AST_STATE || s->kind == AST_PARAM ||
                        s->kind == AST_TARGET;
        if (is_value || s->kind == AST_LAYER) scope_set(is_value ? values : layers, s->name.text, (void *)(uintptr_t)s);
    }
}

static ir_model *lower_model(arena *a, const ast_file *file, const ast_model *ast, bool incomplete, diag_list *diags,
                             lower_notes *notes) {
    ir_model *m = ir_model_new(a, dim_table_new(a), ast->name.text, ast->name.where);
    scope *declared_values = scope_new(a), *declared_layers = scope_new(a);
    note_declarations(ast, declared_values, declared_layers);
    lowering l = {.arena = a,
                  .diags = diags,
                  .file = file,
                  .source = file->source,
                  .declared = {declared_values, declared_layers},
                  .model = m,
                  .graph = &m->run,
                  .incomplete = incomplete,
                  .notes = notes,
                  .trains = ast_trains(ast),
                  .values = scope_new(a),
                  .locals = scope_new(a),
                  .layers = scope_new(a),
                  .params = scope_new(a),
                  .symbols = scope_new(a),
                  .outputs = scope_new(a)};
    size_t errors = diag_error_count(diags);
    for (const ast_stmt *s = ast->statements; s; s = s->next) lower_statement(&l, s);
    if (diag_error_count(diags) != errors || incomplete) return m;
    lower_training(&l);
    if (!m->output_count && !m->state_count) {
        diag *e = diag_error(diags, ast->name.where, "model %s has no output", m->name);
        diag_hint(e, "output NAME = … is what the run function writes");
    }
    warn_unused(&l);
    warn_inplace(&l);
    return m;
}

lowered_file lower_file(arena *a, const ast_file *file, diag_list *diags) {
    return lower_file_noting(a, file, diags, NULL);
}

lowered_file lower_file_noting(arena *a, const ast_file *file, diag_list *diags, lower_notes *notes) {
    lowered_file lowered = {0};
    size_t capacity = 0;
    bool incomplete = diag_error_count(diags) > 0;
    scope *models = scope_new(a);
    for (const ast_model *ast = file->models; ast; ast = ast->next) {
        const ast_model *earlier = scope_find(models, ast->name.text);
        if (earlier) {
            diag *e = diag_error(diags, ast->name.where, "there is a model %.60s already", ast->name.text);
            diag_note(e, earlier->name.where, "first here");
        } else {
            scope_set(models, ast->name.text, (void *)(uintptr_t)ast);
        }
        ir_model *m = lower_model(a, file, ast, incomplete, diags, notes);
        ARENA_PUSH(a, lowered.models, lowered.count, capacity, m);
    }
    return lowered;
}
