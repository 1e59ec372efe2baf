/* watch: see watch.h. */
#include "commands/watch.h"

#include "commands/count.h"

typedef struct {
    arena *arena;
    ir_model *model;
    const source *source;
    bool *passed_over; /* by id of the value: an output already, or not to be one */
    watched_values found;
} watching;

/* Sources are what the run is given. A bool is no output. */
static bool is_watched(const watching *w, const ir_value *v) {
    return !w->passed_over[v->id] && v->type.dtype != IR_BOOL &&
           ir_op_class_of(v->producer->op) != IR_SOURCE;
}

static void add(watching *w, ir_value *v, const char *name) {
    ir_model *m = w->model;
    watched_value found = {name, &v->type, v->where};
    /* users' names never begin so */
    ir_output output = {arena_printf(w->arena, "nnc_watched_%zu", w->found.count), v, v->where};
    w->passed_over[v->id] = true;
    ARENA_PUSH(w->arena, w->found.items, w->found.count, w->found.capacity, found);
    ARENA_PUSH(m->arena, m->outputs, m->output_count, m->output_capacity, output);
}

/* Of names that stand there twice, all get their lines. */
static void tell_apart(watching *w) {
    watched_value *all = w->found.items;
    const char **names = ARENA_ARRAY(w->arena, const char *, w->found.count);
    for (size_t i = 0; i < w->found.count; i++) {
        names[i] = all[i].name;
        for (size_t k = 0; k < w->found.count; k++)
            if (k != i && strcmp(all[k].name, all[i].name) == 0)
                names[i] = arena_printf(w->arena, "%s, line %zu", all[i].name,
                                        source_place_of(w->source, all[i].where.begin).line);
    }
    for (size_t i = 0; i < w->found.count; i++) all[i].name = names[i];
}

watched_values watch_model(arena *a, ir_model *m, const source *s) {
    watching w = {.arena = a, .model = m, .source = s};
    w.passed_over = ARENA_ARRAY(a, bool, m->value_count);
    for (size_t i = 0; i < m->output_count; i++) w.passed_over[m->outputs[i].value->id] = true;
    int64_t *dims = ARENA_ARRAY(a, int64_t, m->symbol_count);
    for (size_t i = 0; i < m->symbol_count; i++) dims[i] = dim_max(m->symbols[i]);
    model_counts layers = count_model(a, m, dims);
    for (ir_node *n = m->run.first; n; n = n->next)
        for (unsigned i = 0; i < n->result_count; i++) {
            ir_value *v = n->results[i];
            const char *name = v->name;
            for (size_t k = 0; !name && k < layers.count; k++)
                if (layers.rows[k].value == v) name = arena_printf(a, "%s(…)", layers.rows[k].name);
            if (name && is_watched(&w, v)) add(&w, v, name);
        }
    tell_apart(&w);
    return w.found;
}
