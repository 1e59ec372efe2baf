/* matmul_panels: dy W with the matrix of a trained param, which lies in panels (plan/pack.h), without biases.
 *
 * A panel's row has, gate by gate, the factors of one term for neighbouring units; what belongs to these units lies as
 * densely in rows of dy (dz). So lanes lie along the units, and a row of the panel is a column of the product. */
#include "kernels/matmul.h"
#include "kernels/vectors.h"

/* Gates are in the param's order, or rotated. */
cexpr *matmul_gate(const matmul *p, cexpr *group) {
    const pack *w = p->choice->packing;
    cunit *u = p->e->unit;
    cexpr *gate = group;
    if (w->gate[0]) gate = c_binary(u, "%", c_add(u, group, c_int(u, w->gate[0])), c_int(u, w->gates));
    return c_mul(u, gate, c_int(u, w->units));
}

cblock *matmul_open_gates(const matmul *p, cblock *b, cexpr **group) {
    unsigned gates = p->choice->packing->gates;
    *group = gates > 1 ? c_name(p->e->unit, "g") : c_int(p->e->unit, 0);
    return gates > 1 ? c_for(b, "g", c_int(p->e->unit, 0), c_int(p->e->unit, gates), 1) : b;
}

typedef struct {
    const matmul *matmul;
    const dots *dots;
    cexpr *n; /* the first column */
} panel_sums;

/* The terms of a panel like `panel`, whose number is index. */
static void add_panel(const panel_sums *s, emit_context *e, cblock *b, const char *const *sums, int64_t panel,
                      cexpr *index) {
    const matmul *p = s->matmul;
    const pack *w = p->choice->packing;
    cunit *u = e->unit;
    cexpr *group, *row = c_int(u, pack_row(w, panel));
    cexpr *first = c_add(u, p->b, c_mul(u, index, c_int(u, pack_offset(w, 1, PACK_FLOATS))));
    c_declare(b, "const float *", "w", c_add(u, first, c_mul(u, s->n, row)));
    b = matmul_open_gates(p, b, &group);
    dots d = *s->dots;
    d.count = pack_units(w, panel);
    cexpr *unit = c_add(u, matmul_gate(p, group), c_mul(u, index, c_int(u, w->panel)));
    for (unsigned r = 0; r < d.rows; r++) d.row[r] = c_add(u, d.row[r], matmul_scaled(p, unit, p->of.a_k));
    for (unsigned c = 0; c < d.columns; c++)
        d.column[c] =
            c_add(u, c_at(u, "w", c_mul(u, c_int(u, c), row)), c_mul(u, group, c_int(u, pack_width(w, panel))));
    dots_add_more(e, b, &d, sums);
}

static void add_panels(const void *context, emit_context *e, cblock *b, const char *const *sums,
                       const sum_range *range) {
    const panel_sums *s = context;
    add_panel(s, e, c_for(b, "panel", range->from, range->to, 1), sums, 0, c_name(e->unit, "panel"));
}

int64_t matmul_panel_blocks(const matmul *p) {
    const pack *w = p->choice->packing;
    return (w->units / w->panel + p->choice->panels - 1) / p->choice->panels;
}

/* Those of a block, of which the last has the narrow one, too. */
static void add_block(const panel_sums *s, cblock *b, const char *const *sums) {
    const matmul *p = s->matmul;
    const pack *w = p->choice->packing;
    emit_context *e = p->e;
    cunit *u = e->unit;
    int64_t full = w->units / w->panel, last = pack_panels(w) - 1, panels = p->choice->panels;
    cexpr *from = c_mul(u, p->block, c_int(u, panels)), *to = c_add(u, from, c_int(u, panels));
    if (full % panels) to = c_conditional(u, c_binary(u, "<", to, c_int(u, full)), to, c_int(u, full));
    add_panel(s, e, c_for(b, "panel", from, to, 1), sums, 0, c_name(u, "panel"));
    if (last < full) return;
    cexpr *is_last = c_binary(u, "==", p->block, c_int(u, matmul_panel_blocks(p) - 1));
    add_panel(s, e, c_if(b, is_last), sums, last, c_int(u, last));
}

void matmul_add_panels(const matmul *p, cblock *b, const dots *d, cexpr *n, const char *const *sums) {
    emit_context *e = p->e;
    cunit *u = e->unit;
    const pack *w = p->choice->packing;
    panel_sums s = {p, d, n};
    unsigned count = d->rows * d->columns;
    int64_t full = w->units / w->panel, last = pack_panels(w) - 1,
            block = COST_BLOCK * e->target->lanes / pack_row(w, 0);
    sum_declare(e, b, count, sums, NULL);
    if (p->block) {
        add_block(&s, b, sums);
        return;
    }
    if (full > 1) {
        sum_terms panels = {c_int(u, full), full, full, block < 1 ? 1 : block, "panel", NULL};
        sum_add(e, b, &panels, count, sums, add_panels, &s);
    }
    if (full == 1) add_panel(&s, e, c_scope(b), sums, 0, c_int(u, 0));
    if (last == full) add_panel(&s, e, c_scope(b), sums, last, c_int(u, last));
}
