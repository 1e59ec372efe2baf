/* args: the arguments of a call, matched to parameters by position and by name as Python does; for layers and functions
 * alike. What a parameter takes is checked here, so that those who use it need not ask. */
#include "syntax/hints.h"
#include "lower/lowering.h"

static const char *takes_show(lowering *l, unsigned takes) {
    static const struct {
        unsigned bits;
        const char *text;
    } rows[] = {
        {TAKES_TENSOR, "a tensor"},
        {TAKES_REAL, "a number"},
        {TAKES_INTEGER | TAKES_SIZE, "an integer"},
        {TAKES_BOOL, "true or false"},
        {TAKES_STRING, "a string"},
        {TAKES_INTEGERS, "a tuple of constant integers"},
        {TAKES_SIZES, "a tuple of integers"},
        {TAKES_TENSORS, "a tuple of tensors"},
        {TAKES_DTYPE, "float32, int32 or bool"},
        {TAKES_NONE, "none"},
    };
    const char *parts[sizeof rows / sizeof *rows];
    size_t count = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (takes & rows[i].bits) parts[count++] = rows[i].text;
    text t = text_new(l->arena);
    for (size_t i = 0; i < count; i++) text_printf(&t, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", parts[i]);
    return text_string(&t);
}

static bool all_are(const value *tuple, value_kind kind) {
    for (size_t i = 0; i < tuple->count; i++)
        if (tuple->items[i].kind != kind) return false;
    return true;
}

static bool all_constant(const value *tuple) {
    for (size_t i = 0; i < tuple->count; i++)
        if (!dim_is_const(tuple->items[i].integer, NULL)) return false;
    return true;
}

static bool tuple_is_taken(const value *v, unsigned takes) {
    if (takes & TAKES_SIZES && all_are(v, VALUE_INTEGER)) return true;
    if (takes & TAKES_INTEGERS && all_are(v, VALUE_INTEGER) && all_constant(v)) return true;
    return takes & TAKES_TENSORS && v->count && all_are(v, VALUE_TENSOR);
}

static bool is_taken(const value *v, unsigned takes) {
    if (takes & TAKES_ANY) return true;
    switch (v->kind) {
    case VALUE_TENSOR: return takes & TAKES_TENSOR;
    case VALUE_INTEGER:
        return takes & (TAKES_SIZE | TAKES_NUMBER) ||
               (takes & (TAKES_INTEGER | TAKES_REAL) && dim_is_const(v->integer, NULL));
    case VALUE_REAL: return takes & (TAKES_REAL | TAKES_NUMBER);
    case VALUE_BOOL: return takes & TAKES_BOOL;
    case VALUE_STRING: return takes & TAKES_STRING;
    case VALUE_NONE: return takes & TAKES_NONE;
    case VALUE_DTYPE: return takes & TAKES_DTYPE;
    case VALUE_TUPLE: return tuple_is_taken(v, takes);
    case VALUE_POISON: break;
    }
    return false;
}

static void report_kind(lowering *l, const arguments *a, const parameter *p, const ast_expr *written, const value *v) {
    bool run_time = v->kind == VALUE_INTEGER && !dim_is_const(v->integer, NULL);
    bool only_argument = p == a->parameters && p->takes & TAKES_TENSOR;
    const char *name = only_argument ? a->what : arena_printf(l->arena, "%s of %s", p->name, a->what);
    const char *needs = takes_show(l, p->takes);
    if (only_argument) needs = arena_printf(l->arena, "%s needs %s", a->what, needs);
    else if (p->takes & VARIADIC && v->kind != VALUE_TUPLE) needs = arena_printf(l->arena, "%s must be integers", name);
    else needs = arena_printf(l->arena, "%s must be %s", name, needs);
    if (run_time && p->takes & (TAKES_INTEGER | TAKES_REAL)) {
        diag *e = diag_error(l->diags, written->where, "%s that nnc knows now; %s is a run-time size", needs,
                             dim_short(l->arena, v->integer));
        const char *bounds = bounds_show(l, v->integer);
        if (bounds) diag_note_plain(e, "%s", bounds);
        return;
    }
    diag *e = diag_error(l->diags, written->where, "%s, found %s", needs, value_show(l, v));
    if (v->gives && p->takes & TAKES_TENSOR) diag_note_plain(e, "%s", v->gives);
    note_value(l, e, written, v, written->where);
    bool divides = written->kind == AST_BINARY && written->op == AST_DIV;
    if (v->gives && p->takes & TAKES_TENSOR) diag_hint(e, "%s", v->mend);
    else if (divides && p->takes & (TAKES_INTEGER | TAKES_SIZE | TAKES_SIZES)) diag_hint(e, "// divides sizes");
    else if (v->kind == VALUE_TENSOR && p->takes & TAKES_TENSORS)
        diag_hint(e, "put them into brackets: %s([…, …])", a->what);
    else if (value_is_number(v) && p->takes & TAKES_TENSOR)
        diag_hint(e, "tensor(…) makes one of numbers: tensor(1), tensor((0.5, 2))");
    else if (v->kind == VALUE_STRING && p->takes & TAKES_TENSOR) diag_hint(e, "names of values stand without quotes");
    else if (v->kind == VALUE_STRING && p->takes & TAKES_BOOL) diag_hint(e, "true and false stand without quotes");
    else if (v->kind == VALUE_BOOL && strcmp(p->name, "num_layers") == 0)
        diag_hint(e, "bias, batch_first and bidirectional go by their names: batch_first=True");
    else if (v->kind == VALUE_REAL && p->takes & (TAKES_INTEGER | TAKES_SIZE) && !(p->takes & TAKES_REAL))
        diag_hint(e, "sizes have no decimal point, and // divides them");
}

static size_t parameter_find(const parameter *parameters, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(parameters[i].name, name) == 0) return i;
    /* torch calls the first argument of a few functions otherwise */
    bool tensor = strcmp(name, "tensor") == 0 || strcmp(name, "self") == 0;
    if (tensor && count && strcmp(parameters[0].name, "input") == 0) return 0;
    return NOWHERE;
}

static void report_unknown(lowering *l, const arguments *a, ast_name name) {
    const char *candidates[MAX_PARAMETERS];
    size_t count = 0;
    for (size_t i = 0; i < a->count; i++)
        if (!(a->parameters[i].takes & UNLISTED)) candidates[count++] = a->parameters[i].name;
    diag *e = diag_error(l->diags, name.where, "%s has no argument %.60s", a->what, name.text);
    const char *nearest = diag_nearest(name.text, candidates, count), *instead = hint_for_argument(name.text);
    if (instead) {
        diag_hint(e, "%s", instead);
        return;
    }
    if (nearest) {
        diag_hint(e, "did you mean %s?", nearest);
        return;
    }
    text t = text_new(l->arena);
    for (size_t i = 0; i < count; i++) text_printf(&t, "%s%s", i ? ", " : "", candidates[i]);
    if (count) diag_note_plain(e, "it has %s", text_string(&t));
}

static const char *say_missing(lowering *l, const arguments *a) {
    text t = text_new(l->arena);
    size_t missing = 0, said = 0;
    for (size_t i = 0; i < a->count; i++) missing += a->parameters[i].takes & REQUIRED && !a->given[i];
    if (!missing) return NULL;
    for (size_t i = 0; i < a->count; i++) {
        if (!(a->parameters[i].takes & REQUIRED) || a->given[i]) continue;
        text_printf(&t, "%s%s", said == 0 ? "" : said + 1 < missing ? ", " : " and ", a->parameters[i].name);
        said++;
    }
    return text_string(&t);
}

/* Separate sizes, view(x, T, 1, -1), as the tuple that they mean. Returns the last argument that belongs to it. */
static const ast_argument *collect(lowering *l, arguments *a, size_t i, const ast_argument *g, const value *values,
                                   size_t position, bool *fine) {
    size_t count = 1;
    const ast_argument *last = g;
    while (last->next && !last->next->name.text) last = last->next, count++;
    for (size_t k = 0; k < count; k++, g = g->next) {
        const value *v = &values[position + k];
        if (v->kind == VALUE_INTEGER && (a->parameters[i].takes & TAKES_SIZES || dim_is_const(v->integer, NULL)))
            continue;
        if (!value_has_poison(v)) report_kind(l, a, &a->parameters[i], g->value, v);
        *fine = false;
    }
    a->values[i] = value_tuple(l, values + position, count, (span){0, 0});
    a->values[i].where = span_join(a->given[i]->where, last->where);
    return last;
}

static bool keyword_is_ignored(lowering *l, const arguments *a, const ast_argument *g, const value *v, bool *fine) {
    bool ignored = strcmp(g->name.text, "device") == 0 || strcmp(g->name.text, "dtype") == 0;
    if (!ignored) return false;
    if (v->kind != VALUE_NONE && v->kind != VALUE_POISON) {
        diag *e = diag_error(l->diags, g->value->where, "%s of %s can only be None here, found %s", g->name.text,
                             a->what, value_show(l, v));
        diag_hint(e, "leave it out");
    }
    if (v->kind != VALUE_NONE) *fine = false;
    return true;
}

static void report_too_many(lowering *l, const arguments *a, const ast_argument *g, const char *hint) {
    diag *e = a->count ? diag_error(l->diags, g->where, "%s takes at most %zu argument%s", a->what, a->count,
                                    a->count == 1 ? "" : "s")
                       : diag_error(l->diags, g->where, "%s takes no argument", a->what);
    if (hint) diag_hint(e, "%s", hint);
}

/* dtype=int32, dtype=torch.float32: a type is no value, so its name is read here. False when e is something else. */
static bool lower_dtype(lowering *l, const arguments *a, const ast_argument *g, value *v) {
    static const struct {
        const char *name;
        ir_dtype dtype;
    } types[] = {{"float32", IR_F32}, {"float", IR_F32}, {"int32", IR_I32}, {"int", IR_I32}, {"bool", IR_BOOL}};
    if (!g->name.text || strcmp(g->name.text, "dtype") != 0 || g->value->kind != AST_NAME) return false;
    const char *name = g->value->name.text, *dot = strrchr(name, '.');
    if (dot) name = dot + 1;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, name) != 0) continue;
        *v = (value){.kind = VALUE_DTYPE, .dtype = types[i].dtype, .where = g->value->where};
        return true;
    }
    diag *e = diag_error(l->diags, g->value->where, "dtype is float32, int32 or bool, found %.60s", name);
    bool whole = strstr(name, "int") || strstr(name, "long");
    if (layer_kind_find(a->what))
        diag_hint(e, "how weights are kept is written behind the layer: layer fc = Linear(8, 4) as int8");
    else diag_hint(e, whole ? "write int32" : "write float32");
    *v = value_poison(g->value->where);
    return true;
}

/* relu(x, inplace==True) */
static bool is_keyword_compared(lowering *l, const arguments *a, const ast_argument *g) {
    const ast_expr *e = g->value;
    if (g->name.text || e->kind != AST_BINARY || e->op != AST_EQUAL || e->left->kind != AST_NAME) return false;
    const char *name = e->left->name.text;
    if (scope_find(l->values, name) || parameter_find(a->parameters, a->count, name) == NOWHERE) return false;
    diag_hint(diag_error(l->diags, e->op_where, "an argument is given with one ="), "write %s=…", name);
    return true;
}

/* What is required and not given; true after reporting. */
static bool report_missing(lowering *l, const arguments *a) {
    const char *missing = say_missing(l, a);
    if (!missing) return false;
    diag *e = diag_error(l->diags, a->call->where, "%s needs %s", a->what, missing);
    text t = text_new(l->arena);
    for (size_t i = 0; i < a->count; i++)
        text_printf(&t, "%s%s%s", i ? ", " : "", a->parameters[i].name, a->parameters[i].takes & REQUIRED ? "" : "=…");
    diag_note_plain(e, "it takes %s", text_string(&t));
    return true;
}

/* While arguments find their parameters. */
typedef struct {
    lowering *l;
    arguments *to;
    bool is_layer_kind;
    const char *too_many; /* a hint, or NULL */
    bool fine, keyword_seen, said_too_many;
} matching;

/* The parameter that a keyword names; NOWHERE where it is ignored, or reported. */
static size_t place_by_name(matching *m, const ast_argument *g, const value *v) {
    const arguments *a = m->to;
    size_t i = parameter_find(a->parameters, a->count, g->name.text);
    m->keyword_seen = true;
    if (i == NOWHERE) {
        if (keyword_is_ignored(m->l, a, g, v, &m->fine)) return NOWHERE;
        report_unknown(m->l, a, g->name);
    } else if (!a->given[i]) {
        return i;
    } else if (!a->given[i]->name.text) { /* the parser reports a keyword that is given twice */
        const char *name = a->parameters[i].name;
        diag *e = diag_error(m->l->diags, g->name.where, "%s of %s is given twice", name, a->what);
        diag_note(e, a->given[i]->where, "first here, by its position");
    }
    m->fine = false;
    return NOWHERE;
}

static size_t place_by_position(matching *m, const ast_argument *g, const value *v, size_t position) {
    const arguments *a = m->to;
    if (!m->keyword_seen && position < a->count) return position;
    if (!m->keyword_seen) { /* else the parser reports it */
        bool is_device_or_dtype = m->is_layer_kind && position < a->count + 2 && v->kind == VALUE_NONE;
        if (is_device_or_dtype) return NOWHERE;
        if (!m->said_too_many) report_too_many(m->l, a, g, m->too_many);
        m->said_too_many = true;
    }
    m->fine = false;
    return NOWHERE;
}

bool args_match(lowering *l, const ast_expr *call, const char *what, const parameter *parameters, size_t count,
                bool is_layer_kind, const char *too_many, arguments *out) {
    size_t given = 0, position = 0;
    for (const ast_argument *g = call->arguments; g; g = g->next) given++;
    value *values = ARENA_ARRAY(l->arena, value, given);
    *out = (arguments){.call = call, .what = what, .parameters = parameters, .count = count};
    matching m = {.l = l, .to = out, .is_layer_kind = is_layer_kind, .too_many = too_many, .fine = true};
    for (const ast_argument *g = call->arguments; g; g = g->next, position++) {
        if (is_keyword_compared(l, out, g)) values[position] = value_poison(g->value->where);
        else if (!lower_dtype(l, out, g, &values[position])) values[position] = lower_expr(l, g->value);
    }

    position = 0;
    for (const ast_argument *g = call->arguments; g; g = g->next, position++) {
        const value *v = &values[position];
        size_t i = g->name.text ? place_by_name(&m, g, v) : place_by_position(&m, g, v, position);
        if (i == NOWHERE) continue;
        out->given[i] = g;
        out->values[i] = *v;
        if (!g->name.text && parameters[i].takes & VARIADIC && v->kind != VALUE_TUPLE) {
            const ast_argument *last = collect(l, out, i, g, values, position, &m.fine);
            while (g != last) g = g->next, position++;
            continue;
        }
        if (value_has_poison(v)) {
            m.fine = false;
        } else if (!is_taken(v, parameters[i].takes)) {
            report_kind(l, out, &parameters[i], g->value, v);
            if (v->kind == VALUE_TENSOR && parameters[i].takes & TAKES_TENSORS)
                return false; /* cat(a, b): b is no dim */
            m.fine = false;
        }
    }
    return m.fine && !report_missing(l, out);
}

bool args_has(const arguments *a, size_t i) { return a->given[i] && a->values[i].kind != VALUE_NONE; }

span args_where(const arguments *a, size_t i) {
    if (!a->given[i]) return a->call->where;
    bool collected = a->parameters[i].takes & VARIADIC && a->values[i].kind == VALUE_TUPLE && !a->given[i]->name.text;
    return collected ? a->values[i].where : a->given[i]->value->where;
}

const ast_argument *args_unwritten(lowering *l, const arguments *a, const char *name) {
    span where = a->call->where;
    ast_expr *e = ARENA_NEW(l->arena, ast_expr);
    ast_argument *given = ARENA_NEW(l->arena, ast_argument);
    *e = (ast_expr){.kind = AST_NAME, .where = where, .depth = 1, .name = {.text = name, .where = where}};
    *given = (ast_argument){.value = e, .where = where};
    return given;
}

const ast_expr *args_written(const arguments *a, size_t i) { return a->given[i] ? a->given[i]->value : NULL; }

as_written args_given(const arguments *a, size_t i) { return (as_written){&a->values[i], args_written(a, i)}; }

void note_argument(lowering *l, diag *e, const arguments *a, size_t i, span error_where) {
    note_value(l, e, args_written(a, i), &a->values[i], error_where);
}

int64_t args_integer(const arguments *a, size_t i, int64_t otherwise) {
    int64_t n;
    return args_has(a, i) && dim_is_const(a->values[i].integer, &n) ? n : otherwise;
}

double args_real(const arguments *a, size_t i, double otherwise) {
    return args_has(a, i) ? value_number(&a->values[i]) : otherwise;
}

bool args_bool(const arguments *a, size_t i, bool otherwise) {
    return args_has(a, i) ? a->values[i].boolean : otherwise;
}

const char *args_string(const arguments *a, size_t i, const char *otherwise) {
    return args_has(a, i) ? a->values[i].string : otherwise;
}

ir_value *args_tensor(const arguments *a, size_t i) { return args_has(a, i) ? a->values[i].tensor : NULL; }

bool args_no_bool(lowering *l, const arguments *a, size_t i) {
    const ir_type *type = &args_tensor(a, i)->type;
    if (type->dtype != IR_BOOL) return true;
    diag *e =
        diag_error(l->diags, args_where(a, i), "%s needs float32 or int32, found %s", a->what, type_show(l, type));
    note_argument(l, e, a, i, args_where(a, i));
    diag_hint(e, "m * 1 makes int32 of a bool, m * 1.0 float32");
    return false;
}
