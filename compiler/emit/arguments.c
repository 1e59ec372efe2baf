/* arguments: see arguments.h. */
#include "emit/arguments.h"

#include "emit/call.h"

static void pass(csignature *s, const char *type, const char *name) {
    c_pass(s, type, name, c_collects(s) ? c_name(s->unit, name) : NULL);
}

/* A part, what it mentions, and the context in which symbols have their names. */
typedef struct {
    emit_context *e;
    const plan_item *item;
    const mentioned *what;
} part_signature;

static bool takes_rounds(const emit_context *e, const plan_item *item) {
    bool takes = false;
    for (; item && !takes; item = item->next)
        takes = item->kernel ? call_mentions_round(e, item->kernel) : !item->repeat && takes_rounds(e, item->items);
    return takes;
}

/* The symbols of the loops around a part. */
static void sign_loops(csignature *s, const part_signature *part) {
    emit_context *e = part->e;
    bool innermost = true;
    for (const plan_item *loop = part->item->around; loop; loop = loop->around) {
        if (loop->symbol && mention_has(part->what, loop->start)) pass(s, "size_t", emit_symbol(e, loop->start));
        if (loop->symbol && mention_has(part->what, loop->extent)) pass(s, "size_t", emit_symbol(e, loop->extent));
        if (!loop->repeat) continue;
        if (mention_has(part->what, loop->round) || (innermost && takes_rounds(e, part->item->items)))
            pass(s, "size_t", emit_symbol(e, loop->round));
        innermost = false;
    }
}

/* part: NULL: all. */
static void sign(csignature *s, arena *a, const ir_model *m, const emit_api *api, const char *lr,
                 const part_signature *part) {
    const mentioned *only = part ? part->what : NULL;
    pass(s, arena_printf(a, "%s *", api->type), "self");
    /* in the C file cunit_hand_weights_on adds them */
    if (s->declared && api->weights) pass(s, arena_printf(a, "const %s *", api->weights), api->weights_argument);
    for (size_t i = 0; i < m->symbol_count; i++)
        if (!part) pass(s, "size_t", api->dims[i]);
        else if (mention_has(only, m->symbols[i])) pass(s, "size_t", emit_symbol(part->e, m->symbols[i]));
    if (part) sign_loops(s, part);
    for (size_t i = 0; i < m->input_count; i++)
        if (!only || only->inputs[i])
            pass(s, emit_pointer_type(m->inputs[i].value->type.dtype, true), api->inputs[i]);
    if (lr) pass(s, "float", lr);
    for (size_t i = 0; i < m->output_count; i++)
        if (!only || only->outputs[i])
            pass(s, emit_pointer_type(m->outputs[i].value->type.dtype, false), api->outputs[i]);
}

void arguments_sign(csignature *s, const ir_model *m, const emit_api *api, const char *lr) {
    sign(s, s->declared ? s->declared->arena : m->arena, m, api, lr, NULL);
}

void arguments_sign_part(csignature *s, emit_context *e, const emit_api *api, const plan_item *part,
                         const mentioned *what) {
    sign(s, e->arena, e->plan->model, api, e->lr, &(part_signature){e, part, what});
}

const char *arguments_declared(arena *a, const ir_model *m, const emit_api *api, const char *lr) {
    text t = text_new(a);
    arguments_sign(&(csignature){.declared = &t}, m, api, lr);
    return text_string(&t);
}

void arguments_print(const ir_model *m, const emit_api *api, FILE *to) {
    arena *a = arena_new();
    for (size_t i = 0; i < m->symbol_count; i++)
        fprintf(to, " *   %-12s %s_MIN to %s_MAX\n", api->dims[i], api->dim_macros[i], api->dim_macros[i]);
    for (size_t i = 0; i < m->input_count; i++)
        fprintf(to, " *   %-12s in:  %s\n", api->inputs[i], ir_type_string(a, &m->inputs[i].value->type));
    for (size_t i = 0; i < m->output_count; i++)
        fprintf(to, " *   %-12s out: %s\n", api->outputs[i], ir_type_string(a, &m->outputs[i].value->type));
    arena_free(a);
}
