/* kernel: what all emitters share: sizes and elements as C, names of file scope, tables of params. */
#include "kernels/kernel.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ctree/reserved.h"

/* --- names of file scope --- */

emit_file *emit_file_new(arena *a) {
    emit_file *f = ARENA_NEW(a, emit_file);
    *f = (emit_file){name_set_new(a), name_set_new(a), 0};
    return f;
}

void emit_begin_model(emit_context *e) { e->once = name_set_new(e->arena); }

void emit_use_body(emit_context *e, size_t body) {
    e->body = body;
    e->target = e->targets[body];
}

const plan_choice *emit_choice(const emit_context *e, const plan_kernel *k) { return &k->choices[e->body]; }

const char *emit_name(emit_context *e, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *name = arena_printf(e->arena, "%s_%s", e->model, arena_vprintf(e->arena, format, args));
    va_end(args);
    for (char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) || (unsigned char)*c > 127) *c = '_';
    /* `math` with a layer `errhandling`, `int8` with `t` */
    return name_set_give(e->file->names, c_is_reserved(name) ? arena_printf(e->arena, "%s_", name) : name);
}

/* --- types --- */

const char *emit_type(ir_dtype t) { return t == IR_F32 ? "float" : "int32_t"; }

const char *emit_pointer_type(ir_dtype t, bool constant) {
    if (t == IR_F32) return constant ? "const float *" : "float *";
    return constant ? "const int32_t *" : "int32_t *";
}

cexpr *emit_bytes(emit_context *e, cexpr *count, ir_dtype t) {
    return c_mul(e->unit, count, c_namef(e->unit, "sizeof(%s)", emit_type(t)));
}

/* --- run-time dims --- */

/* May a run-time dim have this name in a kernel? Emitters' locals begin in lower case; macros of the headers that
 * generated code includes, and the interface's own, have an underscore or are known as reserved. */
static bool is_plain_name(const char *name) {
    return isupper((unsigned char)name[0]) && !strchr(name, '_') && !c_is_reserved(name);
}

static const char *plain_or_prefixed(emit_context *e, const char *name) {
    return is_plain_name(name) ? name : arena_printf(e->arena, "dim_%s", name);
}

/* A loop's symbol is called NAME.WORD.NUMBER; what it becomes differs from what every other loop's becomes, and only a
 * run-time dim that is really called NAME_WORD can be in the way. */
static const char *loop_symbol(emit_context *e, const char *name, const char *dot) {
    const char *word = dot + 1, *number = strchr(word, '.') + 1;
    char *base = arena_strndup(e->arena, name, (size_t)(dot - name));
    char *c_name = arena_printf(e->arena, "%s_%.*s", plain_or_prefixed(e, base), (int)(number - 1 - word), word);
    if (strcmp(number, "0") != 0) c_name = arena_printf(e->arena, "%s_%s", c_name, number);
    const ir_model *m = e->plan->model;
    for (size_t i = 0; i < m->symbol_count; i++)
        if (strcmp(emit_symbol(e, m->symbols[i]), c_name) == 0) {
            c_name = arena_printf(e->arena, "%s_", c_name);
            i = (size_t)-1;
        }
    return c_name;
}

const char *emit_symbol(emit_context *e, const dim *symbol) {
    const char *name = dim_symbol_name(symbol), *dot = strchr(name, '.');
    if (dot && strncmp(dot, ".round.", 7) == 0) return e->rounds[atoi(dot + 7)];
    return dot ? loop_symbol(e, name, dot) : plain_or_prefixed(e, name);
}

static cexpr *emit_factor(emit_context *e, const dim *factor) {
    const dim *numerator;
    int64_t by;
    if (!dim_is_floordiv(factor, &numerator, &by)) return c_name(e->unit, emit_symbol(e, factor));
    return c_binary(e->unit, "/", emit_dim(e, numerator), c_int(e->unit, by));
}

/* A symbol or a division is a dim that is its own factor. */
cexpr *emit_dim(emit_context *e, const dim *d) {
    cunit *u = e->unit;
    if (dim_is_symbol(d) || dim_is_floordiv(d, NULL, NULL)) return emit_factor(e, d);
    cexpr *sum = NULL;
    /* Positive terms come first: no difference wraps as long as the whole is not negative. A numerator has no negative
     * terms at all in a dim's canonical form. */
    for (int sign = 1; sign >= -1; sign -= 2)
        for (size_t t = 0; t < dim_term_count(d); t++) {
            int64_t coefficient = sign * dim_term_coefficient(d, t);
            if (coefficient < 0) continue;
            cexpr *product = NULL;
            for (size_t f = 0; f < dim_term_factor_count(d, t); f++) {
                cexpr *factor = emit_factor(e, dim_term_factor(d, t, f));
                product = product ? c_mul(u, product, factor) : c_mul(u, c_int(u, coefficient), factor);
            }
            if (!product) product = c_int(u, coefficient);
            if (!sum && sign < 0) ice("a size that is negative: %s", dim_string(e->arena, d));
            sum = !sum ? product : c_binary(u, sign > 0 ? "+" : "-", sum, product);
        }
    return sum ? sum : c_int(u, 0);
}

cexpr *emit_number(emit_context *e, const plan_operand *o) {
    ir_dtype type = o->view.type.dtype;
    if (o->size) return c_cast(e->unit, emit_type(type), emit_dim(e, o->size));
    return type == IR_F32 ? c_float(e->unit, (float)o->number) : c_int(e->unit, (int64_t)o->number);
}

cexpr *emit_offset(emit_context *e, const plan_view *v, cexpr *const *index) {
    cexpr *sum = c_int(e->unit, 0);
    for (unsigned i = 0; i < v->type.rank; i++)
        if (index[i]) sum = c_add(e->unit, sum, c_mul(e->unit, index[i], emit_dim(e, v->strides[i])));
    return sum;
}

/* As int32_t: dims never exceed it. */
static cexpr *bound(emit_context *e, const dim *d) {
    cexpr *size = emit_dim(e, d);
    return c_is_int(size, NULL) ? size : c_cast(e->unit, "int32_t", size);
}

cexpr *emit_outside(emit_context *e, const ir_bound_check *c, cexpr *element) {
    cunit *u = e->unit;
    cexpr *low = c_binary(u, "<", element, bound(e, c->low)), *high = c_binary(u, ">", element, bound(e, c->high));
    cexpr *outside = c_binary(u, "||", low, high);
    return c->has_except ? c_binary(u, "&&", c_binary(u, "!=", element, c_int(u, c->except)), outside) : outside;
}

cexpr *emit_element(emit_context *e, const char *name, const plan_view *v, cexpr *const *index) {
    return c_item(e->unit, name, emit_offset(e, v, index));
}

const char *emit_function_name(emit_context *e, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *name = arena_vprintf(e->arena, format, args);
    va_end(args);
    return emit_name(e, "%s%s", name, e->target->suffix);
}

const char *emit_function_end_shared(emit_context *e, cfunction *f, const char *wanted) {
    const char *known = c_function_end_shared(f);
    if (known) return known;
    const char *name = emit_function_name(e, "%s", wanted);
    c_function_name(f, name);
    return name;
}

const char *emit_static(const emit_context *e) {
    return *e->target->attribute ? arena_printf(e->arena, "%s static void", e->target->attribute) : "static void";
}

const char *emit_vector(const emit_context *e, const char *function) {
    return arena_printf(e->arena, "%s_%s", e->target->prefix, function);
}

/* --- params --- */

const float *emit_param_data(const emit_context *e, size_t param) {
    const ir_param *p = &e->plan->model->params[param];
    if (!p->data) ice("param %s has no data", p->key);
    return p->data;
}

/* Tensors of one key that are different: models may take their weights from different files. */
typedef struct tensor_entry tensor_entry;
struct tensor_entry {
    const ir_param *param;
    size_t number;
    tensor_entry *next;
};

static bool same_tensor(const ir_param *a, const ir_param *b) {
    /* a dim of one model is never a dim of another: sizes are compared */
    bool same = a->type.rank == b->type.rank;
    for (unsigned i = 0; same && i < a->type.rank; i++) same = dim_max(a->type.dims[i]) == dim_max(b->type.dims[i]);
    return same &&
           (a->data == b->data || memcmp(a->data, b->data, (size_t)ir_param_elements(a) * sizeof *a->data) == 0);
}

size_t emit_tensor(emit_context *e, const ir_param *p) {
    if (!p) return 0;
    tensor_entry **entry = (tensor_entry **)name_set_value(e->file->once, arena_printf(e->arena, "tensor %s", p->key));
    while (*entry && !same_tensor((*entry)->param, p)) entry = &(*entry)->next;
    if (*entry) return (*entry)->number;
    *entry = ARENA_NEW(e->arena, tensor_entry);
    **entry = (tensor_entry){p, ++e->file->tensors, NULL};
    return (*entry)->number;
}

size_t emit_tensor_of(emit_context *e, const plan_operand *o) {
    return o->kind == PLAN_PARAM ? emit_tensor(e, &e->plan->model->params[o->param]) : 0;
}

static ctable_style style_for(const emit_context *e, bool finite) { return finite ? e->tables : CTABLE_BITS; }

cexpr *emit_table(emit_context *e, const char *name, size_t elements, bool finite, ctable_fill *fill,
                  const void *context, const char *comment) {
    return c_weights(e->unit, emit_name(e, "%s", name), elements, style_for(e, finite), fill, (void *)context, comment);
}

static const ir_param *lives(const emit_context *e, const plan_operand *o) {
    if (o->kind != PLAN_PARAM) return NULL;
    const ir_param *p = &e->plan->model->params[o->param];
    return ir_param_lives(p) ? p : NULL;
}

/* A kernel that reads packs finds its params there, or where these lie. */
static bool takes_packs(const emit_context *e, const plan_choice *c, pack_home home) {
    static const pack_part parts[] = {PACK_FLOATS, PACK_BIASES};
    const pack *all[CHOICE_MOST_PACKS];
    for (unsigned i = 0, count = choice_packs(c, all); i < count; i++)
        for (size_t k = 0; k < sizeof parts / sizeof *parts; k++)
            if (pack_elements(all[i], parts[k]) && pack_list_place(e->plan->packs, all[i], parts[k]).home == home)
                return true;
    return false;
}

bool emit_takes_params(const emit_context *e, const plan_kernel *k, pack_home home) {
    const plan_choice *c = k->choices ? emit_choice(e, k) : NULL;
    const pack *packs[CHOICE_MOST_PACKS];
    bool has_packs = c && choice_packs(c, packs), norm = k->kind == PLAN_NODE && k->node->op == IR_BATCH_NORM;
    bool found = has_packs && takes_packs(e, c, home);
    for (unsigned i = 0; i < k->input_count && !found; i++) {
        if (k->inputs[i].kind == PLAN_INLINE) found = emit_takes_params(e, k->inputs[i].inlined, home);
        else found = !has_packs && home == (norm ? PACK_IN_PACKS : PACK_IN_PARAMETERS) && lives(e, &k->inputs[i]);
    }
    return found || (k->follow && emit_takes_params(e, k->follow, home));
}

static void fill_param(void *context, float *values) {
    const ir_param *p = context;
    memcpy(values, p->data, (size_t)ir_param_elements(p) * sizeof *values);
}

cexpr *emit_param(emit_context *e, size_t param) {
    const ir_param *p = &e->plan->model->params[param];
    if (ir_param_lives(p)) {
        const param_place *place = &e->plan->packs->params->of[param];
        if (place->packed) ice("param %s lies packed", p->key);
        return c_at(e->unit, "parameters", c_int(e->unit, place->offset));
    }
    const float *data = emit_param_data(e, param);
    cexpr **made = emit_once_in_file(e, "as it is %zu", emit_tensor(e, p));
    if (*made) return *made;
    size_t elements = (size_t)ir_param_elements(p);
    bool finite = true;
    for (size_t i = 0; i < elements && finite; i++) finite = isfinite(data[i]);
    return *made = emit_table(e, p->key, elements, finite, fill_param, p,
                              arena_printf(e->arena, "%s %s", p->key, ir_shape_string(e->arena, &p->type)));
}

static cexpr **once(emit_context *e, name_set *set, const char *format, va_list args) {
    return (cexpr **)name_set_value(set, arena_vprintf(e->arena, format, args));
}

cexpr **emit_once_in_file(emit_context *e, const char *format, ...) {
    va_list args;
    va_start(args, format);
    cexpr **place = once(e, e->file->once, format, args);
    va_end(args);
    return place;
}

static void fill_literal(void *context, float *values) {
    const ir_node *n = context;
    bool is_float = n->results[0]->type.dtype == IR_F32;
    for (size_t i = 0; i < n->attrs.values.count; i++) {
        int32_t whole = is_float ? 0 : (int32_t)n->attrs.values.numbers[i];
        values[i] = (float)n->attrs.values.numbers[i];
        if (!is_float) memcpy(&values[i], &whole, sizeof whole);
    }
}

cexpr *emit_literal(emit_context *e, const ir_node *n) {
    cexpr **made = emit_once(e, "literal %u", n->results[0]->id);
    if (*made) return *made;
    const ir_type *type = &n->results[0]->type;
    const ir_values *values = &n->attrs.values;
    const char *name = n->results[0]->name ? n->results[0]->name : "tensor";
    const char *comment = arena_printf(e->arena, "tensor %s", ir_shape_string(e->arena, type));
    void *context = (void *)(uintptr_t)n;
    if (type->dtype != IR_F32)
        return *made = c_table(e->unit, emit_name(e, "%s", name), values->count, CTABLE_INTS, fill_literal, context,
                               comment);
    bool finite = true;
    for (size_t i = 0; i < values->count; i++) finite = finite && isfinite((float)values->numbers[i]);
    return *made = c_table(e->unit, emit_name(e, "%s", name), values->count, style_for(e, finite), fill_literal,
                           context, comment);
}

cexpr **emit_once(emit_context *e, const char *format, ...) {
    va_list args;
    va_start(args, format);
    cexpr **place = once(e, e->once, format, args);
    va_end(args);
    return place;
}

/* --- comments --- */

/* Shapes as the .nn file would write them; a loop's symbols as they are in the code. */
static const char *shape_text(emit_context *e, const ir_type *type) {
    const char *from = ir_shape_string(e->arena, type);
    text to = text_new(e->arena);
    while (*from) {
        size_t n = strcspn(from, ".");
        text_add_n(&to, from, n);
        from += n;
        if (!*from) break;
        const char *number = strchr(from + 1, '.') + 1;
        size_t digits = strspn(number, "0123456789");
        text_printf(&to, "_%.*s", (int)(number - 1 - (from + 1)), from + 1);
        if (digits != 1 || *number != '0') text_printf(&to, "_%.*s", (int)digits, number);
        from = number + digits;
    }
    return text_string(&to);
}

typedef struct {
    const char *const *names;
    size_t count;
} name_list;

/* Each memory operand once, those of inlined kernels too. */
static void add_shapes(emit_context *e, const plan_operand *o, text *to, name_list *seen) {
    if (o->kind == PLAN_INLINE)
        for (unsigned i = 0; i < o->inlined->input_count; i++) add_shapes(e, &o->inlined->inputs[i], to, seen);
    if (o->kind != PLAN_MEMORY) return;
    for (size_t i = 0; i < seen->count; i++)
        if (strcmp(seen->names[i], o->name) == 0) return;
    const char **grown = ARENA_ARRAY(e->arena, const char *, seen->count + 1);
    if (seen->count) memcpy(grown, seen->names, seen->count * sizeof *grown);
    grown[seen->count++] = o->name;
    seen->names = grown;
    text_printf(to, "%s%s %s", seen->count > 1 ? ", " : "", o->name, shape_text(e, &o->view.type));
}

const char *emit_shapes_comment(emit_context *e, const plan_kernel *k) {
    text from = text_new(e->arena), to = text_new(e->arena);
    name_list inputs = {NULL, 0}, results = {NULL, 0};
    for (unsigned i = 0; i < k->input_count; i++) add_shapes(e, &k->inputs[i], &from, &inputs);
    for (unsigned i = 0; i < k->result_count; i++) add_shapes(e, &k->results[i], &to, &results);
    const ir_node *n = k->kind == PLAN_NODE ? k->node : NULL;
    const char *what = "";
    if (n && n->source) what = arena_printf(e->arena, "%s = %s: ", n->label, n->source);
    else if (k->fused) what = arena_printf(e->arena, "%s: ", n->label);
    else if (n) what = arena_printf(e->arena, "%s: ", ir_op_name(n->op));
    else if (k->kind != PLAN_CHECK) what = inputs.count ? "copy: " : "fill: ";
    return arena_printf(e->arena, "%s%s%s%s", what, text_string(&from), inputs.count ? " -> " : "", text_string(&to));
}
