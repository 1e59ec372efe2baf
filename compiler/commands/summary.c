/* summary: nnc summary, what a model has, does and takes, as a table or as JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "commands/command.h"
#include "commands/count.h"
#include "commands/given_dims.h"
#include "commands/pipeline.h"
#include "emit/target.h"

typedef struct {
    const ir_model *model;
    const int64_t *dims;
    model_counts counts;
    emit_members members;
    size_t tables;
} summary;

/* --- what there is --- */

/* Sizes do not depend on the numbers: without a file, any will do. */
static bool without_weights(const lowered_file *f) {
    for (size_t i = 0; i < f->count; i++)
        if (f->models[i]->weights) return false;
    return true;
}

static bool summarize(pipeline *p, options *o, given_dims *given, summary *all) {
    for (size_t i = 0; i < p->file.count; i++) {
        all[i].model = p->file.models[i];
        int64_t *dims = ARENA_ARRAY(p->arena, int64_t, all[i].model->symbol_count);
        for (size_t k = 0; k < all[i].model->symbol_count; k++) dims[k] = dim_max(all[i].model->symbols[k]);
        given_dims_set(given, all[i].model, dims, p->diags);
        all[i].dims = dims;
    }
    given_dims_unused(given, o->input, p->diags);
    if (diag_error_count(p->diags)) return false;
    for (size_t i = 0; i < p->file.count; i++) all[i].counts = count_model(p->arena, all[i].model, all[i].dims);
    if (!o->weights && without_weights(&p->file)) o->random_weights = true;
    if (!pipeline_bind(p)) return false;
    pipeline_passes(p);
    if (!pipeline_plan(p)) return false;
    for (size_t i = 0; i < p->file.count; i++) {
        all[i].members = emit_struct_members(p->arena, p->plans[i], p->apis[i], options_target(o));
        all[i].tables = emit_table_bytes(options_target(o), &p->plans[i], &p->apis[i], 1);
    }
    return true;
}

static int64_t struct_bytes(const summary *s) {
    int64_t bytes = 0;
    for (size_t i = 0; i < s->members.count; i++) bytes += 4 * s->members.items[i].elements;
    return bytes;
}

static int64_t array_bytes(const summary *s, const ir_value *v) {
    return 4 * count_elements(s->model, &v->type, s->dims);
}

/* --- as text --- */

enum { NUMBER = 15 };

static int wider(int width, const char *s) { return (int)strlen(s) > width ? (int)strlen(s) : width; }

static void print_layers(const summary *s, arena *a, text *to) {
    const model_counts *c = &s->counts;
    int name = 5, layer = 0, shape = 12;
    for (size_t i = 0; i < c->count; i++) {
        name = wider(name, c->rows[i].name);
        layer = wider(layer, c->rows[i].layer);
        shape = wider(shape, ir_shape_string(a, c->rows[i].output));
    }
    text_printf(to, "%-*s  %-*s  %-*s%*s%*s\n", name, "layer", layer, "", shape, "output shape", NUMBER, "parameters",
                NUMBER, "multiply-adds");
    for (size_t i = 0; i < c->count; i++) {
        const count_row *r = &c->rows[i];
        text_printf(to, "%-*s  %-*s  %-*s%*" PRId64 "%*" PRId64, name, r->name, layer, r->layer, shape,
                    ir_shape_string(a, r->output), NUMBER, r->parameters, NUMBER, r->multiply_adds);
        if (r->buffers) text_printf(to, "  and %" PRId64 " of buffers", r->buffers);
        text_add(to, "\n");
    }
    text_printf(to, "%-*s  %-*s  %-*s%*" PRId64 "%*" PRId64, name, "total", layer, "", shape, "", NUMBER, c->parameters,
                NUMBER, c->multiply_adds);
    if (c->buffers) text_printf(to, "  and %" PRId64 " of buffers", c->buffers);
    text_add(to, "\n");
}

static void print_arrays(const summary *s, arena *a, text *to) {
    const ir_model *m = s->model;
    for (size_t i = 0; i < m->input_count + m->output_count; i++) {
        bool in = i < m->input_count;
        const ir_value *v = in ? m->inputs[i].value : m->outputs[i - m->input_count].value;
        text_printf(to, "  %12" PRId64 "  %s %s: %s\n", array_bytes(s, v), in ? "input" : "output",
                    in ? m->inputs[i].name : m->outputs[i - m->input_count].name, ir_type_string(a, &v->type));
    }
}

static void print_text(const summary *s, arena *a, text *to) {
    const ir_model *m = s->model;
    text_printf(to, "model %s", m->name);
    for (size_t i = 0; i < m->symbol_count; i++)
        text_printf(to, "%s %s=%" PRId64 " of %" PRId64 "..%" PRId64, i ? "," : " at", dim_symbol_name(m->symbols[i]),
                    s->dims[i], dim_min(m->symbols[i]), dim_max(m->symbols[i]));
    text_add(to, "\n\n");
    print_layers(s, a, to);
    text_printf(to, "\nbytes\n  %12zu  weights: tables of the C\n  %12" PRId64 "  struct %s\n", s->tables,
                struct_bytes(s), m->name);
    for (size_t i = 0; i < s->members.count; i++) {
        const emit_member *e = &s->members.items[i];
        text_printf(to, "  %12" PRId64 "    %s %s[%" PRId64 "]\n", 4 * e->elements, e->type, e->name, e->elements);
    }
    print_arrays(s, a, to);
}

/* --- as JSON --- */

static json_t *json_arrays(const summary *s, arena *a, bool in) {
    const ir_model *m = s->model;
    json_t *list = json_array();
    for (size_t i = 0; i < (in ? m->input_count : m->output_count); i++) {
        const ir_value *v = in ? m->inputs[i].value : m->outputs[i].value;
        json_array_append_new(list, json_pack("{ss ss sI}", "name", in ? m->inputs[i].name : m->outputs[i].name, "type",
                                              ir_type_string(a, &v->type), "bytes", (json_int_t)array_bytes(s, v)));
    }
    return list;
}

static json_t *json_layers(const summary *s, arena *a) {
    json_t *list = json_array();
    for (size_t i = 0; i < s->counts.count; i++) {
        const count_row *r = &s->counts.rows[i];
        json_t *sizes = json_array();
        for (unsigned k = 0; k < r->output->rank; k++)
            json_array_append_new(sizes, json_integer(ir_dim_at(s->model, r->output->dims[k], s->dims)));
        json_array_append_new(
            list, json_pack("{ss ss ss so sI sI sI}", "name", r->name, "layer", r->layer, "output_shape",
                            ir_shape_string(a, r->output), "output_sizes", sizes, "parameters",
                            (json_int_t)r->parameters, "buffers", (json_int_t)r->buffers, "multiply_adds",
                            (json_int_t)r->multiply_adds));
    }
    return list;
}

static json_t *json_model(const summary *s, arena *a) {
    json_t *dims = json_object(), *members = json_array();
    for (size_t i = 0; i < s->model->symbol_count; i++) {
        const dim *d = s->model->symbols[i];
        json_object_set_new(dims, dim_symbol_name(d),
                            json_pack("{sI sI sI}", "value", (json_int_t)s->dims[i], "min", (json_int_t)dim_min(d),
                                      "max", (json_int_t)dim_max(d)));
    }
    for (size_t i = 0; i < s->members.count; i++) {
        const emit_member *e = &s->members.items[i];
        json_array_append_new(members, json_pack("{ss ss sI sb}", "name", e->name, "type", e->type, "bytes",
                                                 (json_int_t)(4 * e->elements), "state", e->is_state));
    }
    return json_pack("{ss so so sI sI sI sI sI so so so}", "name", s->model->name, "dims", dims, "layers",
                     json_layers(s, a), "parameters", (json_int_t)s->counts.parameters, "buffers",
                     (json_int_t)s->counts.buffers, "multiply_adds", (json_int_t)s->counts.multiply_adds,
                     "weights_bytes", (json_int_t)s->tables, "struct_bytes", (json_int_t)struct_bytes(s), "struct",
                     members, "inputs", json_arrays(s, a, true), "outputs", json_arrays(s, a, false));
}

static void print_json(const summary *all, size_t count, size_t tables, arena *a, text *to) {
    json_t *models = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(models, json_model(&all[i], a));
    json_t *file = json_pack("{so sI}", "models", models, "weights_bytes", (json_int_t)tables);
    char *shown = json_dumps(file, JSON_INDENT(2));
    if (!shown) ice("a summary that is no JSON");
    text_printf(to, "%s\n", shown);
    free(shown);
    json_decref(file);
}

/* --- the command line --- */

enum { DIM, JSON, TARGET, WEIGHTS, WEIGHTS_KEY };
static const command_option rows[] = {
    [DIM] = {0, "dim", "NAME=N", "multiply-adds and arrays at this size of a run-time dim, not its largest"},
    [JSON] = {0, "json", NULL, "as JSON"},
    [TARGET] = {0, "target", "NAME", "what the C would be compiled with (default: all)"},
    [WEIGHTS] = {0, "weights", "FILE", "parameters, instead of the model's weights statement"},
    [WEIGHTS_KEY] = {0, "weights-key", "KEY", "which dict of that file"},
};

static int show(options *o, given_dims *given, bool json) {
    pipeline p;
    bool good = pipeline_open(&p, o) && pipeline_lower(&p, pipeline_parse(&p));
    summary *all = good ? ARENA_ARRAY(p.arena, summary, p.file.count) : NULL;
    if (good && summarize(&p, o, given, all)) {
        text t = text_new(p.arena);
        size_t count = p.file.count, tables = emit_table_bytes(options_target(o), p.plans, p.apis, count);
        if (json) print_json(all, count, tables, p.arena, &t);
        for (size_t i = 0; i < count && !json; i++) {
            if (i) text_add(&t, "\n");
            print_text(&all[i], p.arena, &t);
        }
        if (!json && count > 1) text_printf(&t, "\nall models\n  %12zu  weights: tables that are alike are there once\n", tables);
        good = command_print(text_string(&t), p.diags);
    } else {
        good = false;
    }
    pipeline_close(&p);
    return good ? STATUS_DONE : STATUS_INPUT;
}

static int read_and_show(arena *a, command_line *line) {
    options o = options_default();
    given_dims given = {0};
    bool json = false;
    for (int option; (option = command_next(line)) >= 0;) {
        if (option == DIM && !given_dims_add(a, &given, line->value))
            return command_usage(line, "--dim takes NAME=N, not %s", line->value);
        if (option == JSON) json = true;
        if (option == TARGET) o.target = line->value;
        if (option == WEIGHTS) o.weights = line->value;
        if (option == WEIGHTS_KEY) o.weights_key = line->value;
    }
    if (line->status >= 0) return line->status;
    if (o.target && !target_exists(o.target)) return command_usage(line, "--target does not know %s", o.target);
    if (line->word_count != 1) return command_usage(line, "%s", line->word_count ? "one model at a time" : "no model given");
    o.input = line->words[0];
    o.diagnostics = line->settings;
    return show(&o, &given, json);
}

static int run(command_line *line) {
    arena *a = arena_new();
    int status = read_and_show(a, line);
    arena_free(a);
    return status;
}

const command command_summary = {
    .name = "summary",
    .arguments = "MODEL.nn [options]",
    .summary = "layers, shapes, parameters, multiply-adds, and bytes of everything",
    .about = "Shows each layer with its output's shape, parameters and multiply-adds, then bytes: the weights as the C has\n"
             "them, the struct by part, the caller's arrays. Parameters count once, where they are used first; running\n"
             "means and variances are buffers. Multiply-adds are terms of products (Linear, matmul, convolutions,\n"
             "recurrent layers), without biases, activations and whatever is elementwise.",
    .options = rows,
    .option_count = sizeof rows / sizeof *rows,
    .run = run,
};
