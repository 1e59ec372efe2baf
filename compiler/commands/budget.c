/* budget: see budget.h. */
#include "commands/budget.h"

#include <inttypes.h>

#include "emit/emit.h"

bool budget_is_asked(const options *o) {
    return o->max_ram >= 0 || o->max_flash >= 0 || o->max_macs >= 0;
}

/* What costs most, so far. */
typedef struct {
    const char *name;
    span where;
    int64_t cost;
} most;

static void weigh(most *m, const char *name, span where, int64_t cost) {
    if (!m->name || cost > m->cost) *m = (most){name, where, cost};
}

static void show_table(const pipeline *p, const summary *s, diag *d) {
    text t = text_new(p->arena);
    summary_print_layers(s, p->arena, &t);
    diag_note_lines(d, text_string(&t));
}

/* --- multiply-adds --- */

static void hold_macs(const pipeline *p, const summary *s) {
    int64_t allowed = p->options->max_macs;
    most m = {.where = s->model->where};
    if (allowed < 0 || s->counts.multiply_adds <= allowed) return;
    for (size_t i = 0; i < s->counts.count; i++)
        weigh(&m, s->counts.rows[i].name, s->counts.rows[i].where, s->counts.rows[i].multiply_adds);
    diag *d = diag_error(p->diags, m.where,
                         "a run of model %s takes %" PRId64
                         " multiply-adds, and --max-macs allows %" PRId64 "; %" PRId64
                         " of them are those of %s",
                         s->model->name, s->counts.multiply_adds, allowed, m.cost, m.name);
    show_table(p, s, d);
}

/* --- RAM: the struct and the caller's arrays --- */

/* Scratch holds what layers give, so that the largest of these is what to look at. */
static most largest_in_ram(const pipeline *p, const summary *s) {
    const ir_model *m = s->model;
    most found = {0};
    for (size_t i = 0; i < m->input_count; i++)
        weigh(&found, arena_printf(p->arena, "input %s", m->inputs[i].name), m->inputs[i].where,
              summary_array_bytes(s, m->inputs[i].value));
    for (size_t i = 0; i < m->output_count; i++)
        weigh(&found, arena_printf(p->arena, "output %s", m->outputs[i].name), m->outputs[i].where,
              summary_array_bytes(s, m->outputs[i].value));
    for (size_t i = 0; i < m->state_count; i++)
        weigh(&found, arena_printf(p->arena, "state %s", m->states[i].name), m->states[i].where,
              4 * count_elements(m, &m->states[i].type, s->dims));
    for (size_t i = 0; i < s->counts.count; i++) {
        const count_row *r = &s->counts.rows[i];
        if (r->value)
            weigh(&found, arena_printf(p->arena, "what %s gives", r->name), r->where,
                  4 * count_elements(m, r->output, s->dims));
    }
    return found;
}

static void hold_ram(const pipeline *p, const summary *s) {
    int64_t allowed = p->options->max_ram, own = summary_struct_bytes(s),
            arrays = summary_arrays_bytes(s);
    if (allowed < 0 || own + arrays <= allowed) return;
    most m = largest_in_ram(p, s);
    diag *d = diag_error(
        p->diags, m.name ? m.where : s->model->where,
        "model %s takes %" PRId64 " bytes of RAM, %" PRId64 " of its struct and %" PRId64
        " of its inputs and outputs, and --max-ram allows %" PRId64 "; %s has %" PRId64,
        s->model->name, own + arrays, own, arrays, allowed, m.name ? m.name : "nothing", m.cost);
    show_table(p, s, d);
}

/* --- flash: the tables of the whole file --- */

static void hold_flash(const pipeline *p, const summary *all) {
    int64_t allowed = p->options->max_flash;
    if (allowed < 0) return;
    size_t bytes = emit_table_bytes(options_target(p->options), p->plans, p->apis, p->file.count);
    if (bytes <= (uint64_t)allowed) return;
    most m = {.where = all[0].model->where};
    size_t model = 0;
    for (size_t k = 0; k < p->file.count; k++)
        for (size_t i = 0; i < all[k].counts.count; i++) {
            const count_row *r = &all[k].counts.rows[i];
            int64_t before = m.cost;
            weigh(&m, r->name, r->where, r->parameters + r->buffers);
            if (m.cost > before) model = k;
        }
    const char *what = p->options->weights_beside ? "the weights beside the C" : "the tables of the C";
    diag *d = diag_error(p->diags, m.where,
                         "%s take %zu bytes, and --max-flash allows %" PRId64 "; %s has %" PRId64
                         " of the parameters",
                         what, bytes, allowed, m.name ? m.name : "nothing", m.cost);
    show_table(p, &all[model], d);
}

bool budget_hold(const pipeline *p, const summary *all) {
    size_t errors = diag_error_count(p->diags);
    for (size_t i = 0; i < p->file.count; i++) {
        hold_macs(p, &all[i]);
        hold_ram(p, &all[i]);
    }
    hold_flash(p, all);
    return diag_error_count(p->diags) == errors;
}
