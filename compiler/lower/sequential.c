/* sequential: Sequential, which holds modules; Upsample and its function, interpolate. */
#include <strings.h>

#include "lower/lowering.h"

/* --- Sequential --------------------------------------------------------------------------------------------------- */

/* The module that a name alone was to be: ReLU, or the function relu. */
static const char *module_like(lowering *l, const ast_expr *e) {
    size_t count;
    const char *const *names = layer_kind_names(l->arena, &count);
    for (size_t i = 0; e->kind == AST_NAME && i < count; i++)
        if (strcasecmp(names[i], e->name.text) == 0) return names[i];
    return NULL;
}

/* Its arguments are modules, not values: they are declared as layers of their own, by their places. */
bool sequential_declare(lowering *l, layer *self, const ast_expr *call) {
    size_t count = 0;
    bool fine = true;
    for (const ast_argument *g = call->arguments; g; g = g->next) count++;
    if (!count) {
        diag_error(l->diags, call->where, "Sequential needs a module");
        return false;
    }
    self->as.sequential.items = ARENA_ARRAY(l->arena, layer *, count);
    for (const ast_argument *g = call->arguments; g; g = g->next) {
        const ast_expr *item = g->value;
        if (g->name.text || item->kind != AST_CALL) {
            diag *e =
                diag_error(l->diags, item->where, "Sequential holds modules, as in Sequential(Linear(6, 8), ReLU())");
            if (g->name.text)
                diag_hint(e, "leave %.60s= out; its keys have the places' numbers, NAME.0.weight", g->name.text);
            else if (module_like(l, item)) diag_hint(e, "write %s(…)", module_like(l, item));
            fine = false;
            continue;
        }
        size_t i = self->as.sequential.count++;
        layer *child = layer_make(l, item, arena_printf(l->arena, "%s.%zu", self->name, i),
                                  arena_printf(l->arena, self->prefix[0] ? "%s.%zu" : "%s%zu", self->prefix, i), NULL,
                                  self->weights_kept, item->where, false);
        self->as.sequential.items[i] = child;
        fine = fine && !child->broken;
    }
    return fine;
}

value sequential_call(lowering *l, const layer *self, const arguments *a) {
    value v = a->values[0];
    const char *label = l->label;
    for (size_t i = 0; i < self->as.sequential.count; i++) {
        const layer *child = self->as.sequential.items[i];
        const layer_kind *k = child->kind;
        if (v.kind != VALUE_TENSOR) {
            if (v.kind == VALUE_POISON) return v;
            const layer *before = self->as.sequential.items[i - 1];
            diag *e = diag_error(l->diags, a->call->where, "%s of %s needs a tensor, but %s before it gives %s",
                                 k->name, self->name, before->kind->name, value_show(l, &v));
            diag_note(e, self->where, "%s is %s", self->name, self->source);
            diag_hint(e, "a recurrent layer gives out and states: call it by itself");
            return value_poison(a->call->where);
        }
        arguments own = {
            .call = a->call, .what = child->name, .parameters = k->call_parameters, .count = k->call_count};
        own.given[0] = a->given[0];
        if (i) {
            const char *before = self->as.sequential.items[i - 1]->name;
            own.given[0] = args_unwritten(l, a, arena_printf(l->arena, "the result of %s", before));
        }
        own.values[0] = v;
        l->label = child->label;
        l->weights = child->weights_kept;
        v = k->call(l, child, &own);
    }
    l->label = label;
    return v;
}

/* --- Upsample, interpolate ---------------------------------------------------------------------------------------- */

enum { LARGEST_FACTOR = 1 << 16 };

/* Each element of an axis `factor` times. */
static ir_value *repeat_elements(lowering *l, ir_value *x, unsigned axis, int64_t factor, span where) {
    const dim *apart[IR_MAX_RANK], *wide[IR_MAX_RANK], *to[IR_MAX_RANK];
    unsigned rank = 0;
    for (unsigned i = 0; i < x->type.rank; i++) {
        to[i] = wide[rank] = apart[rank] = x->type.dims[i];
        rank++;
        if (i != axis) continue;
        to[i] = dim_mul(l->model->dims, x->type.dims[i], build_dim(l, factor));
        apart[rank] = build_dim(l, 1);
        wide[rank++] = build_dim(l, factor);
    }
    if (factor == 1) return x;
    unsigned own = x->type.rank;
    x = build_expand(l, build_reshape(l, x, apart, rank, where), wide, rank, where);
    return build_reshape(l, x, to, own, where);
}

/* The factor of axis k of `axes`: of scale_factor, or of size; false after reporting. */
static bool factor_of(lowering *l, const arguments *a, const resampling *r, const ir_value *x, unsigned k,
                      unsigned axes, int64_t *factor) {
    const value *v = &r->factor, *size = &r->size;
    const dim *length = x->type.dims[x->type.rank - axes + k], *quotient;
    if (v->kind == VALUE_TUPLE && v->count == axes) v = &v->items[k];
    if (size->kind == VALUE_TUPLE && size->count == axes) size = &size->items[k];
    if (v->kind == VALUE_INTEGER || v->kind == VALUE_REAL) {
        double number = value_number(v);
        if (number >= 1 && number <= LARGEST_FACTOR && number == (double)(int64_t)number) {
            *factor = (int64_t)number;
            return true;
        }
    } else if (size->kind == VALUE_INTEGER) {
        quotient = dim_divide_exact(l->model->dims, size->integer, length);
        if (quotient && dim_is_const(quotient, factor) && *factor >= 1) return true;
    }
    diag *e = diag_error(l->diags, a->call->where, "%s makes each of %s elements a whole number of times, found %s",
                         a->what, dim_short(l->arena, length), value_show(l, v->kind == VALUE_NONE ? size : v));
    diag_note_plain(e, "scale_factor must be a whole number, or size a multiple of the input's");
    return false;
}

static value resample(lowering *l, const arguments *a, const resampling *r) {
    span where = a->call->where;
    ir_value *x = args_tensor(a, 0);
    if (x->type.dtype != IR_F32 || x->type.rank < 3 || x->type.rank > 5) {
        diag *e = diag_error(l->diags, args_where(a, 0),
                             "input of %s needs float32[N, C, L] or float32[N, C, H, W], found %s", a->what,
                             value_show(l, &a->values[0]));
        note_argument(l, e, a, 0, args_where(a, 0));
        return value_poison(where);
    }
    unsigned axes = x->type.rank - 2;
    for (unsigned k = 0; k < axes; k++) {
        int64_t factor;
        if (!factor_of(l, a, r, x, k, axes, &factor)) return value_poison(where);
        x = repeat_elements(l, x, 2 + k, factor, where);
    }
    return value_tensor(l, x, where);
}

/* size, scale_factor, mode, align_corners, recompute_scale_factor, from argument i on. */
static bool read_resampling(lowering *l, const arguments *a, size_t i, resampling *r) {
    const char *mode = args_string(a, i + 2, "nearest");
    if (strcmp(mode, "nearest") != 0) {
        diag *e =
            diag_error(l->diags, args_where(a, i + 2), "mode of %s is \"nearest\", found \"%.40s\"", a->what, mode);
        diag_hint(e, "other modes are not supported");
        return false;
    }
    if (args_has(a, i) == args_has(a, i + 1)) {
        diag_error(l->diags, a->call->where, "%s takes size or scale_factor", a->what);
        return false;
    }
    r->size = args_has(a, i) ? a->values[i] : (value){.kind = VALUE_NONE};
    r->factor = args_has(a, i + 1) ? a->values[i + 1] : (value){.kind = VALUE_NONE};
    return true;
}

#define RESAMPLING                                                                                                     \
    {"size", TAKES_SIZE | TAKES_SIZES | TAKES_NONE}, {"scale_factor", TAKES_ANY}, {"mode", TAKES_STRING},              \
        {"align_corners", TAKES_BOOL | TAKES_NONE}, { "recompute_scale_factor", TAKES_BOOL | TAKES_NONE }

const parameter upsample_parameters[] = {RESAMPLING};

bool upsample_construct(lowering *l, layer *self, const arguments *a) {
    return read_resampling(l, a, 0, &self->as.resampling);
}

value upsample_call(lowering *l, const layer *self, const arguments *a) { return resample(l, a, &self->as.resampling); }

static value lower_interpolate(lowering *l, const arguments *a, ir_op op) {
    resampling r;
    (void)op;
    return read_resampling(l, a, 1, &r) ? resample(l, a, &r) : value_poison(a->call->where);
}

static const parameter interpolate[] = {{"input", TAKES_TENSOR | REQUIRED}, RESAMPLING};

const function functions_resample[] = {
    {"interpolate", interpolate, sizeof interpolate / sizeof *interpolate, lower_interpolate, IR_OP_COUNT},
    {NULL, NULL, 0, NULL, 0},
};
