/* choice_print: what was chosen for a kernel, and why, body by body: a part of --dump=plan. */
#include "plan/choice.h"

typedef struct {
    text *to;
    int depth;
} printer;

static void begin_line(const printer *p) { text_printf(p->to, "%*s", p->depth, ""); }

static void print_size(const printer *p, int64_t floats) {
    if (floats < 256) text_printf(p->to, "%lld B", (long long)(4 * floats));
    else text_printf(p->to, "%lld KiB", (long long)((4 * floats + 1023) / 1024));
}

static void print_tile(const printer *p, const choice_tile *t) {
    text_printf(p->to, "%u x %u", t->size.rows, t->size.vectors);
    for (unsigned next = t->size.vectors; t->narrows && (next = choice_narrower(next)) > 0;)
        text_printf(p->to, "/%u", next);
    if (t->size.chains > 1) text_printf(p->to, " in %u chains", t->size.chains);
    if (t->unrolled) text_add(p->to, " unrolled");
    if (choice_sums_wait(t, t->size.rows * t->size.vectors)) text_add(p->to, " with sums in memory");
    if (t->anew) text_add(p->to, " with weights anew");
}

static void print_heights(const printer *p, const choice_heights *h) {
    if (h->rows < 0) {
        print_tile(p, &h->tile);
        if (h->rest.size.rows) {
            text_add(p->to, " and ");
            print_tile(p, &h->rest);
        }
        if (h->tile.size.rows == 1 || !h->row.size.rows) return;
        text_add(p->to, " (or ");
        print_tile(p, &h->row);
        text_add(p->to, ")");
        return;
    }
    if (h->taller_count) {
        text_printf(p->to, "%lld of ", (long long)h->taller_count);
        print_tile(p, &h->taller);
        text_add(p->to, " and ");
    }
    text_printf(p->to, "%lld of ", (long long)h->tile_count);
    print_tile(p, &h->tile);
}

static void print_panel(const printer *p, const choice_panel *panel) {
    print_heights(p, &panel->heights);
    if (panel->by_columns) text_add(p->to, " by columns");
}

/* Tiles are rows x vectors. */
static void print_product(const printer *p, const char *what, const choice_product *of) {
    text_printf(p->to, "%s tiles ", what);
    if (of->full.columns) print_panel(p, &of->full);
    if (of->full.columns && of->last.columns) text_add(p->to, "; the last panel ");
    if (of->last.columns) print_panel(p, &of->last);
}

/* --- RECURRENT --- */

static void print_sweep(const printer *p, const char *what, const choice_sweep *s) {
    const pack *w = s->pack;
    text_printf(p->to, "%s of %u sums", what, s->tile.vectors * w->gates);
    if (s->tile.chains > 1) text_printf(p->to, " in %u chains", s->tile.chains);
    if (s->span > 1) text_printf(p->to, ", %lld panels side by side", (long long)s->span);
    if (s->together < s->tile.vectors) text_printf(p->to, ", %u in a loop", s->together * w->gates);
    if (s->unroll_units) text_add(p->to, s->unroll_terms ? ", units and terms unrolled" : ", units unrolled");
    else if (s->unroll_terms) text_add(p->to, ", terms unrolled");
    if (!s->by_columns) return;
    text_printf(p->to, ", the last %lld units as %lld columns in %u vectors",
                (long long)pack_units(w, pack_panels(w) - 1), (long long)pack_row(w, pack_panels(w) - 1),
                s->columns_tile.size.vectors);
    if (s->columns_tile.size.chains > 1) text_printf(p->to, " in %u chains", s->columns_tile.size.chains);
}

static void print_recurrent_body(const printer *p, const choice_recurrent *r) {
    static const char *const places[] = {"variables", "next", "out", "h at once"};
    if (r->one_row) {
        print_sweep(p, " step", &r->step);
        if (r->candidate) print_sweep(p, "; then", &r->candidate_step);
        text_printf(p->to, "; new h in %s", places[r->hidden_place]);
    }
    if (!r->fused) print_product(p, r->one_row ? "; input" : " input", &r->input_product);
    if (!r->one_row) print_product(p, "; hidden", &r->hidden_product);
    if (r->one_by_one) text_add(p->to, "; rows one by one");
    if (!r->one_row && r->candidate) print_product(p, "; candidate", &r->candidate_product);
    if (r->projects) print_product(p, "; output", &r->output_product);
    if (r->gates_at >= 0 || r->sums_at >= 0 || r->next_at >= 0) text_add(p->to, "; work");
    if (r->gates_at >= 0) text_printf(p->to, " gates at %lld", (long long)r->gates_at);
    if (r->sums_at >= 0) text_printf(p->to, " sums at %lld", (long long)r->sums_at);
    if (r->next_at >= 0) text_printf(p->to, " next at %lld", (long long)r->next_at);
}

static void print_recurrent(const printer *p, const choice_recurrent *r) {
    static const char *const rows[] = {"", ", the batch's rows of one step after another", ", all rows at once",
                                       ", one batch row after another"};
    int64_t weights = r->gates * r->hidden * r->projected;
    begin_line(p);
    text_printf(p->to, "%s x %u gates, W_hh ", pack_order(p->to->arena, r->hidden_pack, "unit"), r->gates);
    print_size(p, weights);
    if (r->fused) text_add(p->to, "; one step: x and h in one stream");
    else if (r->unroll_steps) text_printf(p->to, "; %lld steps unrolled", (long long)r->steps);
    else text_printf(p->to, "; input projected %lld steps at a time", (long long)r->steps);
    if (!r->fused) text_add(p->to, rows[r->input_rows]);
    if (!r->shared) text_add(p->to, "; functions of its own");
    if (r->zigzag) {
        text_add(p->to, "; every other step backwards, as ");
        print_size(p, weights + (r->fused ? r->gates * r->hidden * r->inputs : 0));
        text_add(p->to, " are more than the first cache holds");
    }
    text_add(p->to, "\n");
}

/* --- the others --- */

static void print_linear(const printer *p, const choice_linear *l) {
    begin_line(p);
    if (l->dots)
        text_printf(p->to, "fewer than %d outputs: lanes along the %lld terms\n", COST_DOTS, (long long)l->pack->terms);
    else {
        text_printf(p->to, "%s, weight ", pack_order(p->to->arena, l->pack, "output"));
        print_size(p, l->pack->units * l->pack->terms);
        if (l->product.rows >= 0) text_printf(p->to, ", %lld rows", (long long)l->product.rows);
        text_add(p->to, "\n");
    }
}

static void print_channels(const printer *p, const choice_channels *c) {
    text_printf(p->to, "%lld positions x %lld vectors", (long long)c->positions, (long long)c->vectors);
    if (c->unrolled) text_add(p->to, " unrolled");
    if (c->anew) text_add(p->to, " with weights anew");
}

static void print_conv_way(const printer *p, const choice_conv *c) {
    if (c->by_windows) {
        text_printf(p->to, " windows of %lld terms, %lld positions at a time at %lld;", (long long)c->pack->terms,
                    (long long)c->chunk, (long long)c->windows_at);
        print_product(p, "", &c->product);
        text_printf(p->to, "; results at %lld", (long long)c->results_at);
        if (pack_quantised(c->pack)) text_printf(p->to, ", quantised at %lld", (long long)c->quantised_at);
        if (c->by_floats) text_add(p->to, "; windows and results move float by float");
        return;
    }
    if (c->by_positions) {
        text_add(p->to, " tiles of channels by positions ");
        print_heights(p, &c->channels);
        if (c->sums_at >= 0) text_printf(p->to, "; sums %sat %lld", c->apart ? "" : "so far ", (long long)c->sums_at);
        if (c->apart) text_add(p->to, ", for a function of what follows");
        return;
    }
    if (c->lanes == 1) {
        text_printf(p->to, " tiles of %lld positions in plain floats%s%s", (long long)c->full.positions,
                    c->full.unrolled ? " unrolled" : "", c->full.anew ? " with weights anew" : "");
        return;
    }
    text_add(p->to, " tiles ");
    if (c->full.width) print_channels(p, &c->full);
    if (c->full.width && c->last.width) text_add(p->to, "; the last panel ");
    if (c->last.width) print_channels(p, &c->last);
}

static void print_conv(const printer *p, const choice_conv *c) {
    print_conv_way(p, c);
    if (c->rows_in_vectors) text_add(p->to, "; rows of x copied in vectors");
}

/* The way of all that are not too few for it. */
static void print_matmul_way(const printer *p, const choice_matmul *m) {
    if (m->turned) text_add(p->to, " turned, columns as rows:");
    switch (m->way) {
    case CHOICE_BY_ELEMENTS:
        text_add(p->to, " element by element");
        if (m->heights.tile.unrolled) text_add(p->to, ", terms unrolled");
        return;
    case CHOICE_BY_STREAM:
        text_printf(p->to, " %lld rows of b at a time", (long long)m->streamed);
        if (m->zigzag) text_add(p->to, ", every other round backwards");
        return;
    case CHOICE_BY_DOTS: text_add(p->to, " lanes along the terms, rows x columns "); break;
    case CHOICE_BY_TILES: text_add(p->to, " tiles "); break;
    }
    print_heights(p, &m->heights);
    if (m->odd.tile.size.rows) {
        text_add(p->to, ", of the last three vectors if odd ");
        print_heights(p, &m->odd);
    }
    if (m->lower.size.rows) {
        text_add(p->to, ", of no more columns few rows by ");
        print_tile(p, &m->lower);
    }
    if (m->packing && m->zigzag)
        text_printf(p->to, ", %lld panels at a time, every other round backwards", (long long)m->panels);
    else if (m->packing) text_add(p->to, ", panel by panel");
    if (m->block) text_printf(p->to, ", %lld terms at a time", (long long)m->block);
    if (m->block && !m->packing) text_printf(p->to, ", of %lld outputs", (long long)m->outputs);
    const char *rows = m->repeated > 1 ? "one or two rows" : "a lone row";
    if (m->repeated) text_printf(p->to, ", %s repeated as columns lie", rows);
    if (m->packed) text_add(p->to, ", columns packed first");
    if (m->packed_from > 1 && m->heights.rows < 0)
        text_printf(p->to, " for %lld rows or more", (long long)m->packed_from);
}

static void print_matmul(const printer *p, const choice_matmul *m) {
    print_matmul_way(p, m);
    if (!m->few) return;
    const choice_below *below = &m->few_below;
    text_add(p->to, "; fewer than ");
    if (below->rows) text_printf(p->to, "%lld rows", (long long)below->rows);
    if (below->columns) text_printf(p->to, "%lld columns or ", (long long)below->columns);
    if (below->floats) text_printf(p->to, "%lld floats of b", (long long)below->floats);
    text_add(p->to, " by");
    print_matmul(p, m->few);
}

static void print_body(const printer *p, const plan_choice *c) {
    static const char *const elements[] = {" a vector of elements at a time",
                                           " an element at a time, in a vector of equal lanes",
                                           " an element at a time, in plain C"};
    static const char *const reductions[] = {" an element at a time, in plain C", " vectors along what is summed up",
                                             " vectors of results"};
    switch (c->kind) {
    case CHOICE_RECURRENT: print_recurrent_body(p, &c->recurrent); return;
    case CHOICE_LINEAR:
        if (!c->linear.dots) print_product(p, "", &c->linear.product);
        else text_add(p->to, c->linear.unroll_dots ? " terms unrolled" : " a loop over the terms");
        if (c->linear.chunk) text_printf(p->to, "; %lld rows quantised at a time", (long long)c->linear.chunk);
        return;
    case CHOICE_MATMUL: print_matmul(p, &c->matmul); return;
    case CHOICE_CONV: print_conv(p, &c->conv); return;
    case CHOICE_EMBEDDING:
        text_printf(p->to, " rows are the units of %s, %s", c->embedding.linear->label,
                    pack_order(p->to->arena, c->embedding.pack, "output"));
        return;
    case CHOICE_ELEMENTWISE: text_add(p->to, elements[c->elementwise.mode]); return;
    case CHOICE_REDUCE:
        text_add(p->to, reductions[c->reduce.way]);
        if (c->reduce.unrolled)
            text_printf(p->to, ", %lld element%s unrolled", (long long)c->reduce.unrolled,
                        c->reduce.unrolled > 1 ? "s" : "");
        if (c->reduce.in_turns) text_add(p->to, ", four sums at a time");
        return;
    case CHOICE_PLAIN:
    case CHOICE_OTHER: return;
    }
}

static void print_format(void *context, const ir_node *n, const ir_param *param) {
    const printer *p = context;
    const kept_matrix k = format_keep(n, param);
    if (k.format == FORMAT_FLOAT32) return;
    begin_line(p);
    format_describe_matrix(&k, p->to);
    text_add(p->to, "\n");
}

void choice_print(const plan *p, const plan_kernel *k, int depth, text *to) {
    const printer out = {to, depth};
    const plan_choice *first = &k->choices[0];
    if (first->kind == CHOICE_RECURRENT) print_recurrent(&out, &first->recurrent);
    if (first->kind == CHOICE_LINEAR) print_linear(&out, &first->linear);
    if (k->kind == PLAN_NODE) format_each_matrix(p->model, k->node, print_format, (void *)(uintptr_t)&out);
    if (first->kind == CHOICE_OTHER || first->kind == CHOICE_PLAIN) return;
    if (first->kind == CHOICE_EMBEDDING && !first->embedding.linear) return;
    for (size_t i = 0; i < (k->by_body ? p->body_count : 1); i++) {
        begin_line(&out);
        text_printf(to, "%s:", k->by_body ? p->bodies[i]->name : "all bodies");
        print_body(&out, &k->choices[i]);
        text_add(to, "\n");
    }
}
