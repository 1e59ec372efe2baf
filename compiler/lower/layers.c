/* layers: declaring them, their weights, and calling them. */
#include "lower/lowering.h"

/* --- weights ----------------------------------------------------------------------------------------------------- */

enum { MOST_PARAM_ELEMENTS = 1 << 28 }; /* they become text that a C compiler has to read */

size_t param_declare(lowering *l, const char *key, const ir_type *type, const char *wanted_by, span where) {
    ir_model *m = l->model;
    size_t *index = scope_find(l->params, key);
    if (index) {
        const ir_param *p = &m->params[*index];
        if (ir_type_same(&p->type, type)) return *index;
        diag *e = diag_error(l->diags, where, "%s needs \"%.80s\" as %s, but %s needs it as %s", wanted_by, key,
                             type_show(l, type), p->wanted_by, type_show(l, &p->type));
        diag_note(e, p->where, "%s", p->wanted_by);
        return NOWHERE;
    }
    int64_t elements = 0;
    dim_is_const(ir_type_elements(m->dims, type), &elements);
    l->param_elements += elements;
    if (l->param_elements > MOST_PARAM_ELEMENTS) {
        if (l->param_elements - elements <= MOST_PARAM_ELEMENTS)
            diag_error(l->diags, where,
                       "%s: with \"%.80s\", %s, the parameters of model %s are more than %d elements, a GiB", wanted_by,
                       key, type_show(l, type), m->name, MOST_PARAM_ELEMENTS);
        return NOWHERE;
    }
    index = ARENA_NEW(l->arena, size_t);
    *index = m->param_count;
    ir_param p = {.key = key, .type = *type, .wanted_by = wanted_by, .where = where};
    ARENA_PUSH(m->arena, m->params, m->param_count, m->param_capacity, p);
    scope_set(l->params, key, index);
    return *index;
}

/* Of from (weight="KEY"), or PREFIX.NAME. */
static const char *weight_key(lowering *l, const layer *self, const char *name) {
    for (const ast_argument *k = self->keys; k; k = k->next)
        if (strcmp(k->name.text, name) == 0) return k->value->string;
    return self->prefix[0] ? arena_printf(l->arena, "%s.%s", self->prefix, name) : arena_strdup(l->arena, name);
}

bool layer_declare_weight(lowering *l, layer *self, const char *name, const int64_t *sizes, unsigned rank) {
    ir_type type = {.dtype = IR_F32, .rank = rank};
    for (unsigned i = 0; i < rank; i++) type.dims[i] = build_dim(l, sizes[i]);
    ARENA_PUSH(l->arena, self->weights, self->weight_count, self->weight_capacity, arena_strdup(l->arena, name));
    if (value_tensor(l, &(ir_value){.type = type}, self->where).kind == VALUE_POISON) return false;
    const char *wanted_by = arena_printf(l->arena, "layer %s = %s", self->name, self->source);
    size_t index = param_declare(l, weight_key(l, self, name), &type, wanted_by, self->where);
    if (index == NOWHERE) return false;
    ir_param *p = &l->model->params[index];
    if (p->init.kind == IR_INIT_NONE) p->init = layer_init(self, name, sizes, rank);
    p->statistic = strncmp(name, "running_", 8) == 0;
    return true;
}

/* Each key is that of a tensor that the layer has. */
static bool keys_fit(lowering *l, const layer *self) {
    bool fine = true;
    for (const ast_argument *k = self->keys; k; k = k->next) {
        bool is_tensor = false;
        for (size_t i = 0; i < self->weight_count; i++)
            is_tensor = is_tensor || strcmp(self->weights[i], k->name.text) == 0;
        if (is_tensor) continue;
        fine = false;
        diag *e = diag_error(l->diags, k->name.where, "layer %s has no tensor %.60s", self->name, k->name.text);
        text t = text_new(l->arena);
        for (size_t i = 0; i < self->weight_count; i++) text_printf(&t, "%s%s", i ? ", " : "", self->weights[i]);
        if (self->weight_count) diag_note_plain(e, "it has %s", text_string(&t));
        else diag_note_plain(e, "it has none at all");
    }
    return fine;
}

ir_value *layer_weight(lowering *l, const layer *self, const char *name) {
    size_t *index = scope_find(l->params, weight_key(l, self, name));
    if (!index) ice("layer %s has no weight %s", self->name, name);
    return build_param(l, *index, self->where);
}

ir_value *layer_value(lowering *l, const layer *self, ir_op op, ir_value *const *inputs, unsigned count,
                      const ir_type *type, span where) {
    ir_value *v = build_value(l, op, inputs, count, type, where);
    v->producer->source = self->source;
    return v;
}

/* --- messages ---------------------------------------------------------------------------------------------------- */

bool layer_at_least(lowering *l, const arguments *a, size_t i, int64_t found, int64_t least) {
    if (found >= least && found <= INT32_MAX) return true;
    if (found > INT32_MAX)
        diag_error(l->diags, args_where(a, i), "%s of %s is too large: %lld", a->parameters[i].name, a->what,
                   (long long)found);
    else
        diag_error(l->diags, args_where(a, i), "%s of %s must be at least %lld, found %lld", a->parameters[i].name,
                   a->what, (long long)least, (long long)found);
    return false;
}

/* BatchNorm2d of [N, C, L], MaxPool1d of [N, C, H, W]. */
static void hint_other_dims(lowering *l, diag *e, const layer *self, const value *x) {
    const char *name = self->kind->name;
    size_t length = strlen(name);
    if (length < 3 || name[length - 1] != 'd' || x->kind != VALUE_TENSOR) return;
    bool two = name[length - 2] == '2';
    unsigned rank = x->tensor->type.rank;
    const char *other = arena_printf(l->arena, "%.*s%cd", (int)length - 2, name, two ? '1' : '2');
    bool fits = two ? rank == 2 || (rank == 3 && strcmp(name, "BatchNorm2d") == 0) : rank == 4;
    if (fits && layer_kind_find(other)) diag_hint(e, "%s is the one for %u dims", other, rank);
}

diag *layer_shape_error(lowering *l, const layer *self, const arguments *a, size_t argument, const char *expected) {
    span where = args_where(a, argument);
    diag *e = diag_error(l->diags, where, "%s of %s %s needs %s, found %s", a->parameters[argument].name,
                         self->kind->name, self->name, expected, value_show(l, &a->values[argument]));
    note_argument(l, e, a, argument, where);
    diag_note(e, self->where, "%s is %s", self->name, self->source);
    if (argument == 0) hint_other_dims(l, e, self, &a->values[0]);
    return e;
}

bool layer_wants_float(lowering *l, const layer *self, const arguments *a) {
    const ir_value *x = args_tensor(a, 0);
    if (x->type.dtype == IR_F32) return true;
    diag *e = layer_shape_error(l, self, a, 0, "float32");
    diag_hint(e, "an Embedding or one_hot makes float32 of ids; x * 1.0 converts");
    return false;
}

/* --- declaring and calling --------------------------------------------------------------------------------------- */

const layer_kind *layer_kind_find(const char *name) {
    for (const layer_kind *k = layer_kinds; k->name; k++)
        if (strcmp(k->name, name) == 0) return k;
    for (size_t i = 0; i < activation_kind_count; i++)
        if (activation_kinds[i].name && strcmp(activation_kinds[i].name, name) == 0) return &activation_kinds[i];
    return NULL;
}

const char *const *layer_kind_names(arena *a, size_t *count) {
    const char **names = NULL;
    size_t capacity = 0;
    *count = 0;
    for (const layer_kind *k = layer_kinds; k->name; k++) ARENA_PUSH(a, names, *count, capacity, k->name);
    for (size_t i = 0; i < activation_kind_count; i++)
        if (activation_kinds[i].name) ARENA_PUSH(a, names, *count, capacity, activation_kinds[i].name);
    return names;
}

static const char *label_of(lowering *l, const char *name) {
    char *label = arena_strdup(l->arena, name);
    for (char *c = label; *c; c++)
        if (*c == '.') *c = '_';
    return label;
}

/* For the errors in what an unknown layer is made of; modules in it are none. */
static void look_at(lowering *l, const ast_expr *e) {
    const char *dot = e->kind == AST_CALL ? strrchr(e->name.text, '.') : NULL;
    if (e->kind == AST_TUPLE)
        for (const ast_expr *item = e->items; item; item = item->next) look_at(l, item);
    else if (e->kind == AST_CALL && layer_kind_find(dot ? dot + 1 : e->name.text))
        for (const ast_argument *g = e->arguments; g; g = g->next) look_at(l, g->value);
    else lower_expr(l, e);
}

layer *layer_make(lowering *l, const ast_expr *call, const char *name, const char *prefix, const ast_argument *keys,
                  ir_weights weights, span where, bool again) {
    layer *self = ARENA_NEW(l->arena, layer);
    text written = text_new(l->arena);
    ast_print_expr(call, &written);
    *self = (layer){.name = name,
                    .label = label_of(l, name),
                    .source = text_string(&written),
                    .prefix = prefix,
                    .keys = keys,
                    .weights_kept = weights,
                    .where = where,
                    .broken = true};
    self->kind = layer_kind_find(call->name.text);
    if (!self->kind) self->kind = report_unknown_kind(l, &call->name);
    if (!self->kind) {
        for (const ast_argument *g = call->arguments; g; g = g->next) look_at(l, g->value);
        return self;
    }
    if (!self->kind->construct) { /* its arguments are modules */
        self->broken = again || !sequential_declare(l, self, call);
        return self;
    }
    arguments a;
    const parameter *parameters = self->kind->parameters;
    size_t parameter_count = self->kind->count;
    if (self->kind->function) { /* the first one is the input */
        parameters = activation_function(self->kind)->parameters + 1;
        parameter_count = activation_function(self->kind)->count - 1;
    }
    if (args_match(l, call, self->kind->name, parameters, parameter_count, true, NULL, &a))
        self->broken = again || !self->kind->construct(l, self, &a) || !keys_fit(l, self);
    return self;
}

/* The word behind `as`; DEFAULT where there is none, and after reporting. */
static ir_weights weights_of(lowering *l, const ast_name *as) {
    ir_weights w;
    if (!as->text) return IR_WEIGHTS_DEFAULT;
    if (ir_weights_find(as->text, &w)) return w;
    diag *e = diag_error(l->diags, as->where, "no layer can be kept as %.60s", as->text);
    diag_note_plain(e, "there are %s", IR_WEIGHTS_LIST);
    return IR_WEIGHTS_DEFAULT;
}

/* Does it, or one in it, have matrices that `as` is about? */
static bool has_matrices(const layer *self) {
    if (!self->kind) return false;
    if (self->kind->construct) return self->kind->has_matrices;
    for (size_t i = 0; i < self->as.sequential.count; i++)
        if (has_matrices(self->as.sequential.items[i])) return true;
    return false;
}

void layer_declare(lowering *l, const ast_stmt *s) {
    layer *earlier = scope_find(l->layers, s->name.text);
    const char *prefix = s->string ? s->string : s->name.text;
    ir_weights weights = weights_of(l, &s->weights);
    layer *self = layer_make(l, s->value, s->name.text, prefix, s->keys, weights, s->where, earlier);
    if (s->weights.text && !self->broken && !has_matrices(self)) {
        diag *e = diag_error(l->diags, s->weights.where, "%s has no matrices: it cannot be kept as %.60s",
                             self->kind->name, s->weights.text);
        diag_hint(e, "leave `as` out; Embedding, recurrent layers, Linear and convolutions have some");
    }
    if (!earlier) {
        scope_set(l->layers, self->name, self);
        return;
    }
    diag *e = diag_error(l->diags, s->name.where, "there is a layer %.60s already", s->name.text);
    diag_note(e, earlier->where, "first here");
    earlier->used = true;
}

value layer_call(lowering *l, layer *self, const ast_expr *call) {
    self->used = true;
    if (self->broken) {
        for (const ast_argument *g = call->arguments; g; g = g->next) lower_expr(l, g->value);
        return value_poison(call->where);
    }
    arguments a;
    const layer_kind *k = self->kind;
    if (!args_match(l, call, self->name, k->call_parameters, k->call_count, false, k->too_many, &a))
        return value_poison(call->where);
    l->label = self->label;
    l->weights = self->weights_kept;
    value v = k->call(l, self, &a);
    l->label = NULL;
    l->weights = IR_WEIGHTS_DEFAULT;
    return v;
}
