/* summarize: see summarize.h. */
#include "commands/summarize.h"

#include <math.h>
#include <string.h>

static int64_t *largest_dims(arena *a, const ir_model *m) {
    int64_t *dims = ARENA_ARRAY(a, int64_t, m->symbol_count);
    for (size_t i = 0; i < m->symbol_count; i++) dims[i] = dim_max(m->symbols[i]);
    return dims;
}

summary *summarize_counts(pipeline *p, given_dims *given) {
    summary *all = ARENA_ARRAY(p->arena, summary, p->file.count);
    for (size_t i = 0; i < p->file.count; i++) {
        const ir_model *m = p->file.models[i];
        int64_t *dims = largest_dims(p->arena, m);
        given_dims_set(given, m, dims, p->diags);
        all[i] = (summary){.model = m, .dims = dims, .stack = -1};
    }
    given_dims_unused(given, p->options->input, p->diags);
    if (diag_error_count(p->diags)) return NULL;
    for (size_t i = 0; i < p->file.count; i++)
        all[i].counts = count_model(p->arena, all[i].model, all[i].dims);
    return all;
}

typedef struct {
    arena *arena;
    summary *to;
    bool random, narrow; /* weights that mean nothing; one of them is not float32 */
} keeping;

static void keep(void *context, const ir_node *n, const ir_param *p) {
    keeping *k = context;
    for (size_t i = 0; i < k->to->kept_count; i++)
        if (strcmp(k->to->kept[i].key, p->key) == 0) return;
    kept_matrix m = format_keep(n, p);
    if (k->random) m.decibels = (double)NAN; /* nobody's weights */
    k->narrow = k->narrow || m.format != FORMAT_FLOAT32;
    ARENA_PUSH(k->arena, k->to->kept, k->to->kept_count, k->to->kept_capacity, m);
}

void summarize_kept(const pipeline *p, summary *all) {
    for (size_t i = 0; i < p->file.count; i++) {
        keeping k = {p->arena, &all[i], p->options->random_weights, false};
        format_each(all[i].model, keep, &k);
        if (!k.narrow) all[i].kept_count = 0;
    }
}

static int64_t most_stack(const plan *p) {
    bool int8 = format_is_used(p->model, FORMAT_INT8);
    int64_t most = 0;
    for (size_t i = 0; i < p->body_count; i++) {
        int64_t here = cost_most_stack(p->bodies[i], int8);
        most = here > most ? here : most;
    }
    return most;
}

void summarize_bytes(const pipeline *p, summary *all) {
    const char *target = options_target(p->options);
    for (size_t i = 0; i < p->file.count; i++) {
        all[i].members = emit_struct_members(p->arena, p->plans[i], p->apis[i], target);
        const plan *train = p->plans[i]->train;
        all[i].tape = train ? 4 * plan_tape_floats(train) : -1;
        all[i].tables = emit_table_bytes(target, &p->plans[i], &p->apis[i], 1);
        all[i].most_stack = most_stack(p->plans[i]);
    }
}

int64_t summary_struct_bytes(const summary *s) {
    int64_t bytes = 0;
    for (size_t i = 0; i < s->members.count; i++) bytes += 4 * s->members.items[i].elements;
    return bytes;
}

int64_t summary_array_bytes(const summary *s, const ir_value *v) {
    return 4 * count_elements(s->model, &v->type, s->dims);
}

int64_t summary_arrays_bytes(const summary *s) {
    int64_t bytes = 0;
    for (size_t i = 0; i < s->model->input_count; i++)
        bytes += summary_array_bytes(s, s->model->inputs[i].value);
    for (size_t i = 0; i < s->model->output_count; i++)
        bytes += summary_array_bytes(s, s->model->outputs[i].value);
    return bytes;
}
