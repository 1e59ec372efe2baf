/* summary_print: a summary as text and as JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands/summarize.h"
#include "support/table.h"

/* --- as text --- */

static const char *count(arena *a, int64_t n) { return arena_printf(a, "%" PRId64, n); }

static const char *buffers(arena *a, int64_t n) {
    return n ? arena_printf(a, "and %" PRId64 " of buffers", n) : "";
}

void summary_print_layers(const summary *s, arena *a, text *to) {
    const model_counts *c = &s->counts;
    table t = table_new(a, "lllrrl");
    table_row(&t, "layer", "", "output shape", "parameters", "multiply-adds", "");
    for (size_t i = 0; i < c->count; i++) {
        const count_row *r = &c->rows[i];
        table_row(&t, r->name, r->layer, ir_shape_string(a, r->output), count(a, r->parameters),
                  count(a, r->multiply_adds), buffers(a, r->buffers));
    }
    table_row(&t, "total", "", "", count(a, c->parameters), count(a, c->multiply_adds),
              buffers(a, c->buffers));
    table_print(&t, to);
}

static const char *decibels(arena *a, double d) {
    return isnan(d) ? "" : isinf(d) ? "exactly" : arena_printf(a, "%.1f dB", d);
}

static void print_kept(const summary *s, arena *a, text *to) {
    table t = table_new(a, "lrrrr");
    if (!s->kept_count) return;
    table_row(&t, "weights", "kept as", "bytes", "as float32", "how well");
    for (size_t i = 0; i < s->kept_count; i++) {
        const kept_matrix *k = &s->kept[i];
        table_row(&t, k->key, format_row_of(k->format)->name, count(a, k->bytes), count(a, k->as_float32),
                  decibels(a, k->decibels));
    }
    text_add(to, "\n");
    table_print(&t, to);
}

static void array_rows(const summary *s, arena *a, table *t) {
    const ir_model *m = s->model;
    for (size_t i = 0; i < m->input_count + m->output_count; i++) {
        bool in = i < m->input_count;
        const ir_value *v = in ? m->inputs[i].value : m->outputs[i - m->input_count].value;
        table_row(t, "", count(a, summary_array_bytes(s, v)),
                  arena_printf(a, "%s %s: %s", in ? "input" : "output",
                               in ? m->inputs[i].name : m->outputs[i - m->input_count].name,
                               ir_type_string(a, &v->type)));
    }
}

static const char *stack_words(const summary *s, arena *a) {
    if (s->stack < 0)
        return "at most, of a function's stack frame, from -O1 up (--stack measures it)";
    return arena_printf(a, "the largest stack frame, of %s, with $CC and $CFLAGS",
                        s->stack_function);
}

static void print_bytes(const summary *s, arena *a, text *to) {
    table t = table_new(a, "lrl");
    table_row(&t, "", arena_printf(a, "%zu", s->tables), "weights: tables of the C");
    table_row(&t, "", count(a, summary_struct_bytes(s)),
              arena_printf(a, "struct %s", s->model->name));
    for (size_t i = 0; i < s->members.count; i++) {
        const emit_member *e = &s->members.items[i];
        table_row(&t, "", count(a, 4 * e->elements),
                  arena_printf(a, "  %s %s[%" PRId64 "]", e->type, e->name, e->elements));
        if (s->tape >= 0 && strcmp(e->name, "scratch") == 0)
            table_row(&t, "", count(a, s->tape), "    of it the tape, which the backward part reads");
    }
    array_rows(s, a, &t);
    table_row(&t, "", count(a, s->stack < 0 ? s->most_stack : s->stack), stack_words(s, a));
    text_add(to, "\nbytes\n");
    table_print(&t, to);
}

void summary_print(const summary *s, arena *a, text *to) {
    const ir_model *m = s->model;
    text_printf(to, "model %s", m->name);
    for (size_t i = 0; i < m->symbol_count; i++)
        text_printf(to, "%s %s=%" PRId64 " of %" PRId64 "..%" PRId64, i ? "," : " at",
                    dim_symbol_name(m->symbols[i]), s->dims[i], dim_min(m->symbols[i]),
                    dim_max(m->symbols[i]));
    text_add(to, "\n\n");
    summary_print_layers(s, a, to);
    print_kept(s, a, to);
    print_bytes(s, a, to);
}

/* --- as JSON --- */

static json_t *json_arrays(const summary *s, arena *a, bool in) {
    const ir_model *m = s->model;
    json_t *list = json_array();
    for (size_t i = 0; i < (in ? m->input_count : m->output_count); i++) {
        const ir_value *v = in ? m->inputs[i].value : m->outputs[i].value;
        json_array_append_new(
            list,
            json_pack("{ss ss sI}", "name", in ? m->inputs[i].name : m->outputs[i].name, "type",
                      ir_type_string(a, &v->type), "bytes", (json_int_t)summary_array_bytes(s, v)));
    }
    return list;
}

static json_t *json_layers(const summary *s, arena *a) {
    json_t *list = json_array();
    for (size_t i = 0; i < s->counts.count; i++) {
        const count_row *r = &s->counts.rows[i];
        json_t *sizes = json_array();
        for (unsigned k = 0; k < r->output->rank; k++)
            json_array_append_new(sizes,
                                  json_integer(ir_dim_at(s->model, r->output->dims[k], s->dims)));
        json_array_append_new(
            list, json_pack("{ss ss ss so sI sI sI}", "name", r->name, "layer", r->layer,
                            "output_shape", ir_shape_string(a, r->output), "output_sizes", sizes,
                            "parameters", (json_int_t)r->parameters, "buffers",
                            (json_int_t)r->buffers, "multiply_adds", (json_int_t)r->multiply_adds));
    }
    return list;
}

/* decibels: null where weights are kept exactly, or are not there. */
static json_t *json_kept(const summary *s) {
    json_t *list = json_array();
    for (size_t i = 0; i < s->kept_count; i++) {
        const kept_matrix *k = &s->kept[i];
        json_t *well = isfinite(k->decibels) ? json_real(k->decibels) : json_null();
        json_array_append_new(
            list, json_pack("{ss ss sI sI so}", "name", k->key, "format", format_row_of(k->format)->name, "bytes",
                            (json_int_t)k->bytes, "float32_bytes", (json_int_t)k->as_float32, "decibels", well));
    }
    return list;
}

static json_t *json_model(const summary *s, arena *a) {
    json_t *dims = json_object(), *members = json_array();
    for (size_t i = 0; i < s->model->symbol_count; i++) {
        const dim *d = s->model->symbols[i];
        json_object_set_new(dims, dim_symbol_name(d),
                            json_pack("{sI sI sI}", "value", (json_int_t)s->dims[i], "min",
                                      (json_int_t)dim_min(d), "max", (json_int_t)dim_max(d)));
    }
    for (size_t i = 0; i < s->members.count; i++) {
        const emit_member *e = &s->members.items[i];
        json_array_append_new(members,
                              json_pack("{ss ss sI sb}", "name", e->name, "type", e->type, "bytes",
                                        (json_int_t)(4 * e->elements), "state", e->is_state));
    }
    json_t *stack = s->stack < 0 ? json_null()
                                 : json_pack("{sI ss}", "bytes", (json_int_t)s->stack, "function",
                                             s->stack_function);
    json_t *whole =
        json_pack("{ss so so so sI sI sI sI sI so so so so}", "name", s->model->name, "dims", dims, "layers",
                  json_layers(s, a), "matrices", json_kept(s), "parameters", (json_int_t)s->counts.parameters,
                  "buffers", (json_int_t)s->counts.buffers, "multiply_adds", (json_int_t)s->counts.multiply_adds,
                  "weights_bytes", (json_int_t)s->tables, "struct_bytes", (json_int_t)summary_struct_bytes(s), "struct",
                  members, "inputs", json_arrays(s, a, true), "outputs", json_arrays(s, a, false), "stack", stack);
    if (s->tape >= 0) json_object_set_new(whole, "tape_bytes", json_integer(s->tape));
    return whole;
}

void summary_print_json(const summary *all, size_t count, size_t tables, arena *a, text *to) {
    json_t *models = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(models, json_model(&all[i], a));
    json_t *file = json_pack("{so sI}", "models", models, "weights_bytes", (json_int_t)tables);
    char *shown = json_dumps(file, JSON_INDENT(2));
    if (!shown) ice("a summary that is no JSON");
    text_printf(to, "%s\n", shown);
    free(shown);
    json_decref(file);
}
