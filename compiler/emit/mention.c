/* mention: see mention.h. */
#include "emit/mention.h"

#include "emit/call.h"

mentioned mention_nothing(const emit_context *e) {
    const ir_model *model = e->plan->model;
    return (mentioned){.arena = e->arena,
                       .inputs = ARENA_ARRAY(e->arena, bool, model->input_count + 1),
                       .outputs = ARENA_ARRAY(e->arena, bool, model->output_count + 1)};
}

bool mention_has(const mentioned *m, const dim *symbol) {
    for (size_t i = 0; i < m->count; i++)
        if (m->symbols[i] == symbol) return true;
    return false;
}

static void mention_dim(mentioned *m, const dim *d) {
    size_t count;
    const dim **symbols = dim_symbol_list(m->arena, d, &count);
    for (size_t i = 0; i < count; i++)
        if (!mention_has(m, symbols[i])) ARENA_PUSH(m->arena, m->symbols, m->count, m->capacity, symbols[i]);
}

static void mention_view(mentioned *m, const plan_view *v) {
    mention_dim(m, v->offset);
    for (unsigned i = 0; i < v->type.rank; i++) {
        mention_dim(m, v->type.dims[i]);
        mention_dim(m, v->strides[i]);
    }
}

static void mention_operand(void *context, const plan_operand *o, bool constant) {
    (void)constant;
    mentioned *m = context;
    const plan_buffer *b = o->view.buffer;
    mention_view(m, &o->view);
    if (b->place == PLAN_INPUT) m->inputs[b->index] = true;
    if (b->place == PLAN_OUTPUT) m->outputs[b->index] = true;
}

/* The kernel's own parameters, of sizes in numbers too. */
static void mention_parameters(mentioned *m, const plan_kernel *k) {
    for (size_t i = 0; i < k->symbol_count; i++) mention_dim(m, k->symbols[i]);
}

void mention_items(mentioned *m, const plan_item *item) {
    for (; item; item = item->next) {
        if (item->kernel) {
            mention_parameters(m, item->kernel);
            call_operands(m->arena, item->kernel, mention_operand, m);
            continue;
        }
        if (item->repeat) mention_dim(m, item->rounds);
        else if (item->symbol) mention_dim(m, item->symbol);
        mention_items(m, item->items);
    }
}

void mention_check(mentioned *m, const plan_check *c) {
    if (c->computed) {
        mention_parameters(m, c->computed);
        return;
    }
    mention_view(m, &c->view);
    mention_dim(m, c->check->high);
}
