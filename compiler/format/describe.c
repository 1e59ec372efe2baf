/* describe: formats in words: of one matrix, and of a model. */
#include "format/round.h"

#include <math.h>
#include <string.h>

kept_matrix format_keep(const ir_node *n, const ir_param *p) {
    weight_format f = format_choose(n, p);
    int64_t rows = format_param_rows(p), terms = format_param_terms(p);
    kept_matrix k = {p->key, f, format_bytes(f, rows, terms), 4 * rows * terms, (double)NAN};
    if (!p->data || f == FORMAT_FLOAT32) return k;
    arena *a = arena_new();
    k.decibels = round_measure(a, f, p).decibels;
    arena_free(a);
    return k;
}

void format_describe_matrix(const kept_matrix *k, text *to) {
    text_printf(to, "%s %s: %lld bytes, as float32 %lld", k->key, format_row_of(k->format)->name, (long long)k->bytes,
                (long long)k->as_float32);
    if (isinf(k->decibels)) text_add(to, ", exact");
    else if (!isnan(k->decibels)) text_printf(to, ", kept at %.1f dB", k->decibels);
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

const char *format_describe(arena *a, const ir_model *m) {
    text all = text_new(a);
    bool any = false;
    for (weight_format f = FORMAT_FLOAT16; f < FORMATS; f++) {
        describer d = {.arena = a, .format = f, .list = text_new(a)};
        format_each(m, add_layer, &d);
        if (d.count) text_printf(&all, "%s%s (%s)", any ? ", " : "", format_row_of(f)->name, text_string(&d.list));
        any = any || d.count;
    }
    return any ? text_string(&all) : NULL;
}
