/* kernel: what all emitters share: sizes and elements as C, names of file scope, tables of params. */
#include "emit/kernel.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "emit/emit.h"

/* --- names of file scope --- */

void emit_begin_model(emit_context *e) {
    e->param_tables = ARENA_ARRAY(e->arena, cexpr *, e->plan->model->param_count + 1);
    e->once = name_set_new(e->arena);
}

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
    return name_set_give(e->names, emit_is_reserved(name) ? arena_printf(e->arena, "%s_", name) : name);
}

/* --- run-time dims --- */

/* May a run-time dim have this name in a kernel? Emitters' locals begin in lower case; macros of the headers that
 * generated code includes, and the interface's own, have an underscore or are known as reserved. */
static bool is_plain_name(const char *name) {
    return isupper((unsigned char)name[0]) && !strchr(name, '_') && !emit_is_reserved(name);
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
    if (!dim_is_floordiv(factor, &numerator, &by)) return c_name(e->unit, "%s", emit_symbol(e, factor));
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
    bool is_float = o->view.type.dtype == IR_F32;
    if (o->size) return c_cast(e->unit, is_float ? "float" : "int32_t", emit_dim(e, o->size));
    return is_float ? c_float(e->unit, (float)o->number) : c_int(e->unit, (int64_t)o->number);
}

cexpr *emit_offset(emit_context *e, const plan_view *v, cexpr *const *index) {
    cexpr *sum = c_int(e->unit, 0);
    for (unsigned i = 0; i < v->type.rank; i++)
        if (index[i]) sum = c_add(e->unit, sum, c_mul(e->unit, index[i], emit_dim(e, v->strides[i])));
    return sum;
}

cexpr *emit_element(emit_context *e, const char *name, const plan_view *v, cexpr *const *index) {
    return c_index(e->unit, c_name(e->unit, "%s", name), emit_offset(e, v, index));
}

const char *emit_function_name(emit_context *e, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *name = arena_vprintf(e->arena, format, args);
    va_end(args);
    return emit_name(e, "%s%s", name, e->target->suffix);
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

typedef struct {
    const float *data;
    size_t elements;
} param_values;

static void fill_param(void *context, float *values) {
    const param_values *p = context;
    memcpy(values, p->data, p->elements * sizeof *values);
}

cexpr *emit_param(emit_context *e, size_t param) {
    if (e->param_tables[param]) return e->param_tables[param];
    const ir_param *p = &e->plan->model->params[param];
    param_values *values = ARENA_NEW(e->arena, param_values);
    *values = (param_values){emit_param_data(e, param), (size_t)dim_max(ir_type_elements(e->plan->dims, &p->type))};
    ctable_style style = e->tables;
    for (size_t i = 0; i < values->elements && style != CTABLE_BITS; i++)
        if (!isfinite(values->data[i])) style = CTABLE_BITS;
    const char *comment = arena_printf(e->arena, "%s %s", p->key, ir_shape_string(e->arena, &p->type));
    return e->param_tables[param] =
               c_table(e->unit, emit_name(e, "%s", p->key), values->elements, style, fill_param, values, comment);
}

cexpr **emit_once(emit_context *e, const char *format, ...) {
    va_list args;
    va_start(args, format);
    const char *key = arena_vprintf(e->arena, format, args);
    va_end(args);
    return (cexpr **)name_set_value(e->once, key);
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
    else if (n) what = arena_printf(e->arena, "%s: ", ir_op_name(n->op));
    return arena_printf(e->arena, "%s%s%s%s", what, text_string(&from), inputs.count ? " -> " : "", text_string(&to));
}
