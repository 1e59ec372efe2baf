/* weight_grad: WEIGHT_GRAD, dy' x added to a gradient: row-major, or in panels (plan/pack.h), without biases. */
#include "kernels/matmul.h"

/* A loop over blocks of rows of dy, where there are several: p->terms becomes a block's, `from` its first row. */
static cblock *open_blocks(matmul *p, cblock *b, cexpr **from) {
    cunit *u = p->e->unit;
    int64_t known, block = p->choice->block;
    cexpr *all = emit_dim(p->e, p->of.inner);
    *from = c_int(u, 0);
    p->terms = all;
    if (dim_max(p->of.inner) <= block) return b;
    b = c_for(b, "done", c_int(u, 0), all, block);
    cexpr *done = c_name(u, "done"), *left = c_sub(u, all, done);
    p->terms = c_int(u, block);
    if (!dim_is_const(p->of.inner, &known) || known % block) {
        c_declare(b, "const size_t", "terms", c_smaller(u, left, p->terms));
        p->terms = c_name(u, "terms");
    }
    *from = done;
    if (!p->backwards) return b;
    c_declare(b, "const size_t", "from", c_sub(u, left, p->terms));
    *from = c_name(u, "from");
    return b;
}

/* --- row-major --- */

/* Row first + n of a, from where a is on, to the work space. */
static void copy_rows(const matmul *p, cblock *b, cexpr *first) {
    cunit *u = p->e->unit;
    cexpr *n = c_name(u, "n"), *m = c_name(u, "m");
    cexpr *from = c_add(u, p->a, matmul_scaled(p, c_add(u, first, n), p->of.a_k));
    cexpr *to = c_at(u, "work", c_mul(u, n, c_int(u, p->choice->distance)));
    cexpr *outputs = c_int(u, p->choice->outputs);
    if (dim_is(p->of.a_m, 1)) {
        c_do(b, c_call(u, "memcpy", 3, to, from, emit_bytes(p->e, outputs, IR_F32)));
        return;
    }
    b = c_for(b, "m", c_int(u, 0), outputs, 1);
    c_assign(b, c_element(u, c_add(u, to, m)), "=", c_element(u, c_add(u, from, matmul_scaled(p, m, p->of.a_m))));
}

static void emit_rows(const matmul *p, cblock *b) {
    if (p->choice->way == CHOICE_BY_ELEMENTS) matmul_emit_elements(p, b);
    else matmul_emit_tiles(p, b);
}

/* Some rows of dy at a time, and of these some columns: copied to the work space, and then the product of these. */
static void emit_blocks(matmul *p, cblock *b) {
    cunit *u = p->e->unit;
    const choice_matmul *c = p->choice;
    dim_table *t = p->e->plan->dims;
    cexpr *from;
    b = open_blocks(p, b, &from);
    matmul block = *p;
    block.b = c_add(u, p->b, matmul_scaled(p, from, p->of.b_k));
    if (dim_max(p->all_rows) > c->outputs) {
        cexpr *first = c_name(u, "first");
        b = c_for(b, "first", c_int(u, 0), emit_dim(p->e, p->all_rows), c->outputs);
        block.a = c_add(u, p->a, matmul_scaled(p, first, p->of.a_m));
        block.y = c_add(u, p->y, matmul_scaled(p, first, p->of.y_m));
    }
    copy_rows(&block, c_for(b, "n", c_int(u, 0), p->terms, 1), from);
    block.a = c_name(u, "work");
    block.of.a_m = dim_const(t, 1);
    block.of.a_k = dim_const(t, c->distance);
    block.room = c_add(u, block.a, c_int(u, c->block * c->distance));
    emit_rows(&block, b);
}

/* --- in panels: x' times those columns of dy that a panel's rows belong to --- */

/* Rows of dy, those of the panel's units, side by side in the work space as in the panel. */
static void copy_panel(const matmul *p, cblock *b, int64_t panel) {
    const pack *w = p->choice->packing;
    cunit *u = p->e->unit;
    cexpr *n = c_name(u, "n"), *group, *units = c_int(u, pack_units(w, panel));
    b = matmul_open_gates(p, c_for(b, "n", c_int(u, 0), p->terms, 1), &group);
    cexpr *from = c_add(u, p->b, c_add(u, matmul_scaled(p, n, p->of.b_k),
                                       matmul_scaled(p, matmul_gate(p, group), p->of.b_n)));
    cexpr *to = c_add(u, p->room, c_add(u, c_mul(u, n, c_int(u, p->choice->distance)),
                                        c_mul(u, group, c_int(u, pack_width(w, panel)))));
    if (dim_is(p->of.b_n, 1)) {
        c_do(b, c_call(u, "memcpy", 3, to, from, emit_bytes(p->e, units, IR_F32)));
        return;
    }
    cexpr *j = c_name(u, "j");
    b = c_for(b, "j", c_int(u, 0), units, 1);
    c_assign(b, c_element(u, c_add(u, to, j)), "=", c_element(u, c_add(u, from, matmul_scaled(p, j, p->of.b_n))));
}

/* The gradient of a panel like `panel`, at y; b is its first unit in dy. Columns lie side by side in the whole of a row
 * that was copied and is full, or in a gate's part of it. */
static void emit_panel(const matmul *p, cblock *b, int64_t panel) {
    const pack *w = p->choice->packing;
    emit_context *e = p->e;
    cunit *u = e->unit;
    dim_table *t = e->plan->dims;
    int64_t width = pack_width(w, panel), units = pack_units(w, panel);
    bool copies = p->choice->block > 0, joined = w->gates == 1 || (copies && width == units);
    matmul part = *p;
    cexpr *group = c_int(u, 0);
    if (copies) copy_panel(p, b, panel);
    if (!joined) b = matmul_open_gates(p, b, &group);
    cexpr *column = c_mul(u, group, c_int(u, width));
    if (copies) {
        part.b = c_add(u, p->room, column);
        part.of.b_k = dim_const(t, p->choice->distance);
    } else {
        part.b = c_add(u, p->b, matmul_gate(p, group));
    }
    part.y = c_add(u, p->y, column);
    part.of.b_n = part.of.y_n = dim_const(t, 1);
    part.of.y_m = dim_const(t, pack_row(w, panel));
    part.of.columns = dim_const(t, joined ? w->gates * units : units);
    matmul_emit_tiles(&part, b);
}

/* Some rows of dy and x at a time; then panel by panel. */
static void emit_panels(const matmul *p, cblock *b) {
    emit_context *e = p->e;
    cunit *u = e->unit;
    const pack *w = p->choice->packing;
    int64_t full = w->units / w->panel, last = pack_panels(w) - 1, panel_floats = pack_offset(w, 1, PACK_FLOATS);
    matmul rows = *p;
    cexpr *dy = p->a, *x = p->b, *from = c_int(u, 0);
    if (p->choice->block) b = open_blocks(&rows, b, &from);
    rows.a = c_add(u, x, matmul_scaled(p, from, p->of.a_k));
    dy = c_add(u, dy, matmul_scaled(p, from, p->of.b_k));
    for (int i = 0; i < 2; i++) {
        int64_t like = i ? last : 0;
        if (i ? last < full : !full) continue;
        bool loops = !i && full > 1;
        cblock *inner = loops ? c_for(b, "panel", c_int(u, 0), c_int(u, full), 1) : c_scope(b);
        cexpr *panel = loops ? c_name(u, "panel") : c_int(u, like);
        rows.b = c_add(u, dy, matmul_scaled(p, c_mul(u, panel, c_int(u, w->panel)), p->of.b_n));
        rows.y = c_add(u, p->y, c_mul(u, panel, c_int(u, panel_floats)));
        emit_panel(&rows, inner, like);
    }
}

/* dy' x, added to a gradient row by row. */
void emit_weight_grad(emit_context *e, const plan_kernel *k, cfunction *f) {
    matmul p = matmul_of(e, k);
    p.adds = true;
    p.backwards = k->node->attrs.backwards;
    p.all_rows = k->results[0].view.type.dims[0];
    if (p.choice->packing) emit_panels(&p, c_body(f));
    else if (p.choice->block) emit_blocks(&p, c_body(f));
    else emit_rows(&p, c_body(f));
}
