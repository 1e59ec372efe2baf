/* choose_product: tiles of rows for each panel of a product, and LINEAR. */
#include "plan/choose.h"

static bool unrolls(const chooser *c, const pack *p, cost_tile t, int64_t columns) {
    int64_t groups = (columns / c->body->lanes + t.vectors - 1) / t.vectors;
    if (p->format == FORMAT_INT8) return false; /* four terms an instruction, in a loop over their blocks */
    return p->terms <= COST_BLOCK && p->terms * t.rows * t.vectors * (groups > 1 ? 2 : 1) <= c->unroll;
}

/* In tiles of so many columns, and of others what these leave. Of int8 weights what whole blocks, in a loop, leave. */
static bool loads_anew(const chooser *c, const pack *p, cost_tile t, int64_t columns, int64_t others) {
    int64_t terms = p->format == FORMAT_INT8 && p->terms > FORMAT_BLOCK ? p->terms % FORMAT_BLOCK : p->terms;
    int64_t lanes = c->body->lanes, weights = (columns + lanes - 1) / lanes * terms,
            of_others = (others + lanes - 1) / lanes * terms;
    return cost_loads_anew(c->body, weights, weights * t.rows) ||
           cost_loads_anew(c->body, of_others, of_others * t.rows);
}

choice_tile choose_tile(const chooser *c, cost_tile size, int64_t terms, int64_t block) {
    return (choice_tile){.size = size, .held = terms > block ? cost_held(c->body) : 0};
}

choice_heights choose_heights(int64_t rows, choice_tile tile, choice_tile row) {
    choice_heights r = {.rows = rows, .tile = tile, .taller = tile, .row = row};
    if (rows < 0) return r;
    choice_even even = choice_evenly(rows, tile.size.rows);
    r.taller_count = even.larger;
    r.tile_count = even.count;
    r.tile.size.rows = (unsigned)even.size;
    r.taller.size.rows = r.tile.size.rows + 1;
    return r;
}

static choice_panel choose_panel(const chooser *c, const choice_product *of, int64_t panel, int64_t most_rows) {
    const pack *p = of->pack;
    choice_panel r = {.columns = of->padded ? pack_row(p, panel) : pack_units(p, panel)};
    int64_t all = p->gates * p->units, rows = of->rows;
    bool dots = p->format == FORMAT_INT8;
    cost_tile size = dots ? cost_dots(c->body, r.columns, most_rows)
                          : cost_product(c->body, r.columns, all, p->terms, most_rows);
    cost_tile row = dots ? cost_dots(c->body, r.columns, 1) : cost_product_row(c->body, r.columns, all, p->terms);
    int64_t wide = size.vectors * (int64_t)c->body->lanes, even = r.columns / wide * wide;
    r.by_columns = size.rows > 1 && !(rows >= 0 && rows <= size.rows) && even > wide;
    choice_heights *h = &r.heights;
    int64_t block = pack_block(p);
    *h = choose_heights(rows, choose_tile(c, size, p->terms, block), choose_tile(c, row, p->terms, block));
    int64_t columns = r.by_columns ? wide : r.columns, others = r.by_columns ? r.columns - even : 0;
    h->row.anew = loads_anew(c, p, h->row.size, r.columns, 0);
    h->tile.anew = loads_anew(c, p, h->tile.size, columns, others);
    h->taller.anew = loads_anew(c, p, h->taller.size, columns, others);
    h->row.unrolled = unrolls(c, p, h->row.size, r.columns);
    h->tile.unrolled = unrolls(c, p, h->tile.size, columns);
    h->taller.unrolled = unrolls(c, p, h->taller.size, columns);
    return r;
}

choice_product choose_product(const chooser *c, const pack *p, int64_t rows, int64_t most_rows, bool padded) {
    choice_product r = {.pack = p, .rows = rows, .padded = padded};
    int64_t last = pack_panels(p) - 1, most = rows >= 0 ? rows : most_rows ? most_rows : INT64_MAX;
    bool narrow = pack_units(p, last) < p->panel;
    if (last > 0 || !narrow) r.full = choose_panel(c, &r, 0, most);
    if (narrow) r.last = choose_panel(c, &r, last, most);
    return r;
}

/* The dims before the last of x and y, joined where both lie at even distances; those of size 1 are dropped. */
static unsigned collapse(dim_table *t, const plan_view *x, const plan_view *y, choice_loop *loops) {
    unsigned n = 0;
    for (unsigned i = 0; i + 1 < x->type.rank; i++) {
        const dim *extent = x->type.dims[i];
        if (dim_is(extent, 1)) continue;
        choice_loop inner = {extent, x->strides[i], y->strides[i]};
        if (n && plan_runs_on(t, loops[n - 1].x, inner.x, extent) && plan_runs_on(t, loops[n - 1].y, inner.y, extent)) {
            inner.extent = dim_mul(t, loops[n - 1].extent, extent);
            n--;
        }
        loops[n++] = inner;
    }
    return n;
}

void choose_linear(const chooser *c, const plan_kernel *k, plan_choice *to) {
    choice_linear *l = &to->linear;
    to->kind = CHOICE_LINEAR;
    to->vectors = true;
    const pack *p = choose_linear_pack(c, k->node);
    l->pack = p;
    l->loop_count = collapse(c->dims, &k->inputs[0].view, &k->results[0].view, l->loops);
    const dim *extent = l->loop_count ? l->loops[l->loop_count - 1].extent : dim_const(c->dims, 1);
    l->dots = choose_linear_dots(c, p);
    int64_t vectors = p->terms / c->body->lanes;
    if (l->dots) l->unroll_dots = vectors <= 1 || (vectors <= COST_BLOCK && vectors * 2 * p->units <= c->unroll);
    if (l->dots) return;
    int64_t most = dim_max(extent);
    if (p->format == FORMAT_INT8) {
        l->chunk = most > COST_ROW_CHUNK ? COST_ROW_CHUNK : 0;
        most = smaller(most, COST_ROW_CHUNK);
        to->work = most * pack_quantised(p);
    }
    l->product = choose_product(c, p, dim_is_const(extent, NULL) && !l->chunk ? most : -1, most, false);
}
