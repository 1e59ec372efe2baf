/* cost_print: what the cost model chose for a kernel, and why, body by body: a part of --dump=plan. */
#include "plan/cost.h"

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static void print_tile(const char *what, cost_tile t, text *to) {
    text_printf(to, "%s %u x %u vectors", what, t.rows, t.vectors);
    if (t.chains > 1) text_printf(to, " in %u chains", t.chains);
}

static void print_size(int64_t floats, text *to) {
    if (floats < 256) text_printf(to, "%lld B", (long long)(4 * floats));
    else text_printf(to, "%lld KiB", (long long)((4 * floats + 1023) / 1024));
}

static void print_recurrent(const plan_kernel *k, int depth, text *to) {
    cost_recurrent c = cost_of_recurrent(k);
    bool fused = cost_fused(k);
    int64_t batch = dim_max(k->inputs[IR_REC_X].view.type.dims[1]);
    int64_t weights = c.gates * c.hidden * (c.projected + (fused ? c.inputs : 0)), tail = c.hidden % c.panel;
    text_printf(to, "%*spanels of %lld units x %u gates, W_hh ", depth, "", (long long)c.panel, c.gates);
    print_size(c.gates * c.hidden * c.projected, to);
    if (fused) text_add(to, "; one step: x and h in one stream");
    else text_printf(to, "; input projected %lld steps at a time", (long long)c.steps);
    if (cost_zigzag(k)) {
        text_add(to, "; every other step backwards, as ");
        print_size(weights, to);
        text_add(to, " are more than the first cache holds");
    }
    text_add(to, "\n");
    for (unsigned i = 0; i < COST_BODIES; i++) {
        const cost_body *body = &cost_bodies[i];
        int64_t full = c.hidden / c.panel, width = (tail + COST_PADDING - 1) / COST_PADDING * COST_PADDING;
        int64_t units = full ? full * c.panel : c.hidden;
        cost_tile one = cost_pass(body, c.gates, units, c.projected);
        int64_t columns = smaller(c.panel, c.hidden) * c.gates;
        text_printf(to, "%*s%s:", depth, "", body->name);
        if (c.single) {
            text_printf(to, " step of %u sums", one.vectors * c.gates * one.chains);
            if (one.chains > 1) text_printf(to, " (%u chains each, to keep additions apart)", one.chains);
            if (tail && cost_flat(body, c.gates, width, c.projected))
                text_printf(to, ", the last %lld units with all gates side by side", (long long)tail);
        } else {
            print_tile(" batch in tiles of", cost_product(body, columns, c.gates * c.hidden, c.projected, batch), to);
        }
        if (!fused) {
            int64_t rows = c.steps * batch;
            print_tile(", input in tiles of", cost_product(body, columns, c.gates * c.hidden, c.inputs, rows), to);
        }
        text_add(to, "\n");
    }
}

static void print_linear(const plan_kernel *k, int depth, text *to) {
    const ir_type *x = &k->inputs[0].view.type, *matrix = &k->inputs[1].view.type;
    int64_t units = dim_max(matrix->dims[0]), terms = dim_max(matrix->dims[1]), rows = 1;
    if (units < COST_DOTS) {
        text_printf(to, "%*sfewer than %d outputs: lanes along the %lld terms\n", depth, "", COST_DOTS,
                    (long long)terms);
        return;
    }
    for (unsigned i = 0; i + 1 < x->rank; i++) rows = rows * dim_max(x->dims[i]);
    text_printf(to, "%*spanels of %d columns, weight ", depth, "", COST_COLUMNS);
    print_size(units * terms, to);
    text_add(to, "\n");
    for (unsigned i = 0; i < COST_BODIES; i++) {
        text_printf(to, "%*s%s:", depth, "", cost_bodies[i].name);
        print_tile(" tiles of", cost_product(&cost_bodies[i], smaller(units, COST_COLUMNS), units, terms, rows), to);
        text_add(to, "\n");
    }
}

void cost_print(const plan_kernel *k, int depth, text *to) {
    if (k->kind != PLAN_NODE) return;
    if (k->node->op == IR_RECURRENT) print_recurrent(k, depth, to);
    if (k->node->op == IR_LINEAR) print_linear(k, depth, to);
}
