/* plan_print: --dump=plan, for people and golden tests: buffers with their life, loops, kernels with their operands. */
#include "plan/planner.h"

static const char *place_name(plan_place p) {
    static const char *const names[] = {"input",   "output",   "state",   "table",
                                        "trained", "gradient", "literal", "scratch"};
    return names[p];
}

static void print_view(const plan *p, arena *a, const plan_view *v, text *to) {
    if (v->buffer->place == PLAN_SCRATCH) text_printf(to, "scratch#%zu", v->buffer->index);
    else if (v->buffer->place >= PLAN_TABLE && v->buffer->place <= PLAN_GRADIENT)
        text_printf(to, "%s \"%s\"", place_name(v->buffer->place), p->model->params[v->buffer->index].key);
    else text_printf(to, "%s %s", place_name(v->buffer->place), v->buffer->name);
    if (!dim_is(v->offset, 0)) text_printf(to, "+%s", dim_string(a, v->offset));
    text_add(to, ir_shape_string(a, &v->type));
    if (plan_view_dense(p->dims, v)) return;
    text_add(to, " strides (");
    for (unsigned i = 0; i < v->type.rank; i++) text_printf(to, "%s%s", i ? ", " : "", dim_string(a, v->strides[i]));
    text_add(to, ")");
}

static void print_operand(const plan *p, arena *a, const plan_operand *o, text *to) {
    switch (o->kind) {
    case PLAN_NONE: text_add(to, "-"); return;
    case PLAN_PARAM: text_printf(to, "param \"%s\"", p->model->params[o->param].key); return;
    case PLAN_NUMBER:
        if (o->size) dim_print(o->size, to);
        else text_printf(to, "%.9g", o->number);
        return;
    case PLAN_INLINE:
        text_printf(to, "%s(", ir_op_name(o->inlined->node->op));
        for (unsigned i = 0; i < o->inlined->input_count; i++) {
            if (i) text_add(to, ", ");
            print_operand(p, a, &o->inlined->inputs[i], to);
        }
        text_add(to, ")");
        return;
    case PLAN_PART: text_printf(to, "part %s", ir_op_name(o->inlined->node->op)); return;
    case PLAN_SUM: text_add(to, "sum"); return;
    case PLAN_MEMORY: break;
    }
    text_printf(to, "%s:", o->name);
    print_view(p, a, &o->view, to);
}

/* What is done to the sums of a convolution. */
static void print_following(const plan *p, arena *a, const plan_kernel *k, text *to) {
    plan_operand what = {.kind = PLAN_INLINE, .inlined = k->follow};
    bool pools = k->pool[0] * k->pool[1] > 1;
    if (k->follow || pools) text_add(to, ", then ");
    if (k->follow) print_operand(p, a, &what, to);
    if (pools && k->follow) text_add(to, ", ");
    if (pools) text_printf(to, "max of %lld x %lld", (long long)k->pool[0], (long long)k->pool[1]);
}

static void print_kernel(const plan *p, arena *a, const plan_kernel *k, unsigned *at, int depth, text *to) {
    const char *what = k->kind == PLAN_COPY    ? "copy"
                       : k->kind == PLAN_ZERO  ? "zero"
                       : k->kind == PLAN_CHECK ? "check"
                       : k->fused              ? "fused"
                                               : ir_op_name(k->node->op);
    text_printf(to, "%*s%u %s = %s(", 2 * depth, "", (*at)++, k->function, what);
    for (unsigned i = 0; i < k->input_count; i++) {
        if (i) text_add(to, ", ");
        print_operand(p, a, &k->inputs[i], to);
    }
    text_add(to, ")");
    if (k->kind == PLAN_NODE && k->node->op == IR_CONV1D) print_following(p, a, k, to);
    text_add(to, " ->");
    for (unsigned i = 0; i < k->result_count; i++) {
        text_add(to, i ? ", " : " ");
        print_operand(p, a, &k->results[i], to);
    }
    if (k->work) text_printf(to, "; work scratch#%zu", k->work->index);
    text_add(to, "\n");
    choice_print(p, k, 2 * depth + 4, to);
}

static void print_items(const plan *p, arena *a, const plan_item *item, unsigned *at, int depth, text *to) {
    for (; item; item = item->next) {
        if (item->kernel) {
            print_kernel(p, a, item->kernel, at, depth, to);
        } else if (item->is_part) {
            text_printf(to, "%*spart {\n", 2 * depth, "");
            print_items(p, a, item->items, at, depth + 1, to);
            text_printf(to, "%*s}\n", 2 * depth, "");
        } else if (item->repeat) {
            text_printf(to, "%*sfor %s of %s rounds", 2 * depth, "", dim_symbol_name(item->round),
                        dim_string(a, item->rounds));
            if (item->until.kind == PLAN_MEMORY) text_add(to, " until ");
            if (item->until.kind == PLAN_MEMORY) print_view(p, a, &item->until.view, to);
            text_add(to, " {\n");
            print_items(p, a, item->items, at, depth + 1, to);
            text_printf(to, "%*s}\n", 2 * depth, "");
        } else {
            text_printf(to, "%*sfor %s in chunks of %lld {\n", 2 * depth, "", dim_symbol_name(item->symbol),
                        (long long)item->chunk);
            print_items(p, a, item->items, at, depth + 1, to);
            text_printf(to, "%*s}\n", 2 * depth, "");
        }
    }
}

void plan_print(const plan *p, text *to) {
    arena *a = arena_new();
    text_printf(to, "plan %s\n", p->model->name);
    int64_t states[2] = {0, 0};
    for (size_t i = 0; i < p->model->state_count; i++)
        states[p->state_buffers[i]->dtype == IR_F32] += dim_max(p->state_buffers[i]->elements);
    text_printf(to, "  memory: %lld floats of state, %lld of scratch, ", (long long)states[1],
                (long long)p->scratch_floats);
    if (states[0]) text_printf(to, "%lld int32 of state, ", (long long)states[0]);
    text_printf(to, "%lld int32 of scratch\n", (long long)p->scratch_ints);
    for (size_t i = 0; i < p->buffer_count; i++) {
        const plan_buffer *b = p->buffers[i];
        text_printf(to, "  scratch#%zu %s %s[%s] at %lld, kernels %u to %u\n", b->index, b->name ? b->name : "value",
                    ir_dtype_name(b->dtype), dim_string(a, b->elements), (long long)b->offset, b->begin, b->end);
    }
    unsigned at = 0;
    if (p->reset.kernel_count) {
        text_add(to, "  reset\n");
        print_items(p, a, p->reset.items, &at, 2, to);
    }
    at = 0;
    text_add(to, "  run\n");
    print_items(p, a, p->run.items, &at, 2, to);
    arena_free(a);
}
