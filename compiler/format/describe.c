/* describe: formats in words: of one matrix, and of a model. */
#include "format/round.h"

#include <math.h>
#include <string.h>

void format_describe_matrix(const ir_node *n, const ir_param *p, text *to) {
    weight_format f = format_choose(n, p);
    int64_t rows = format_param_rows(p), terms = format_param_terms(p);
    text_printf(to, "%s %s: %lld bytes, as float32 %lld", p->key, format_row_of(f)->name, (long long)format_bytes(f, rows, terms),
                (long long)(4 * rows * terms));
    if (!p->data || f == FORMAT_FLOAT32) return;
    arena *a = arena_new();
    round_quality q = round_measure(a, f, p);
    if (isinf(q.decibels)) text_add(to, ", exact");
    else text_printf(to, ", kept at %.1f dB", q.decibels);
    arena_free(a);
}

typedef struct {
    arena *arena;
    weight_format format;
    text list;
    const char *last;
    size_t count;
} describer;

/* "lstm" of "layer lstm = LSTM(6, 6)". */
static const char *layer_of(arena *a, const ir_param *p) {
    const char *name = p->wanted_by && strncmp(p->wanted_by, "layer ", 6) == 0 ? p->wanted_by + 6 : p->key;
    const char *end = strstr(name, " = ");
    return end ? arena_strndup(a, name, (size_t)(end - name)) : name;
}

static void add_layer(void *context, const ir_node *n, const ir_param *p) {
    describer *d = context;
    if (format_choose(n, p) != d->format) return;
    const char *layer = layer_of(d->arena, p);
    if (d->last && strcmp(d->last, layer) == 0) return;
    text_printf(&d->list, "%s%s", d->count++ ? ", " : "", layer);
    d->last = layer;
}

static void add_layers(const ir_model *m, const ir_graph *g, describer *d) {
    for (const ir_node *n = g->first; n; n = n->next) {
        format_each_matrix(m, n, add_layer, d);
        if (n->op == IR_REPEAT) add_layers(m, &n->block->body, d);
    }
}

const char *format_describe(arena *a, const ir_model *m) {
    text all = text_new(a);
    bool any = false;
    for (weight_format f = FORMAT_FLOAT16; f < FORMATS; f++) {
        describer d = {.arena = a, .format = f, .list = text_new(a)};
        add_layers(m, &m->run, &d);
        add_layers(m, &m->reset, &d);
        if (d.count) text_printf(&all, "%s%s (%s)", any ? ", " : "", format_row_of(f)->name, text_string(&d.list));
        any = any || d.count;
    }
    return any ? text_string(&all) : NULL;
}
