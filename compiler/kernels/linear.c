/* linear: LINEAR, packed weights times rows of x. */
#include "kernels/product.h"
#include "kernels/vectors.h"

/* Loops over all but the last; *x and *y become the names of the pointers to their rows. */
static cblock *open_loops(emit_context *e, cblock *b, const choice_linear *l, const char **x, const char **y) {
    cunit *u = e->unit;
    unsigned count = l->loop_count;
    if (count <= 1) return b;
    cexpr *from = c_name(u, "%s", *x), *to = c_name(u, "%s", *y);
    for (unsigned i = 0; i + 1 < count; i++) {
        const char *name = arena_printf(e->arena, "i%u", i);
        b = c_for(b, name, c_int(u, 0), emit_dim(e, l->loops[i].extent), 1);
        from = c_add(u, from, c_mul(u, c_name(u, "%s", name), emit_dim(e, l->loops[i].x)));
        to = c_add(u, to, c_mul(u, c_name(u, "%s", name), emit_dim(e, l->loops[i].y)));
    }
    c_declare(b, "const float *", *x = "x_rows", from);
    c_declare(b, "float *", *y = "y_rows", to);
    return b;
}

/* Few outputs: each is a dot product along the terms, lane by lane, then the lanes are added. The bias comes last. */
static void emit_dots(emit_context *e, cblock *b, const product *p, const choice_linear *l, cexpr *bias) {
    cunit *u = e->unit;
    const pack *w = l->pack;
    int64_t lanes = e->target->lanes, whole = w->terms / lanes * lanes, rows;
    cexpr *x = c_name(u, "%s", p->x), *y = c_name(u, "%s", p->y);
    if (!c_is_int(p->rows, &rows) || rows > 1) {
        b = c_for(b, "n", c_int(u, 0), p->rows, 1);
        c_declare(b, "const float *", "x_n", c_add(u, x, c_mul(u, c_name(u, "n"), p->x_row)));
        x = c_name(u, "x_n");
        y = c_add(u, y, c_mul(u, c_name(u, "n"), p->y_row));
    }
    const char *vector = e->target->type;
    bool unroll = l->unroll_dots;
    for (int64_t o = 0; o < w->units; o++)
        c_declare(b, vector, arena_printf(e->arena, "s%lld", (long long)o), vectors_call0(e, "zero"));
    cblock *loop = b;
    cexpr *k = c_int(u, 0);
    bool blocked = !unroll && w->terms > COST_BLOCK * lanes;
    cblock *outer = b;
    cexpr *from = c_int(u, 0), *to = c_int(u, whole);
    const char *sum = "s";
    if (blocked) {
        /* long sums in blocks, as in every product */
        int64_t block = COST_BLOCK * lanes;
        outer = c_for(b, "k0", c_int(u, 0), c_int(u, whole), block);
        from = c_name(u, "k0");
        to = c_add(u, from, c_int(u, block));
        if (whole % block) to = c_conditional(u, c_binary(u, "<", to, c_int(u, whole)), to, c_int(u, whole));
        c_declare(outer, "const size_t", "k_end", to);
        to = c_name(u, "k_end");
        sum = "block";
        for (int64_t o = 0; o < w->units; o++)
            c_declare(outer, vector, arena_printf(e->arena, "block%lld", (long long)o),
                      vectors_call0(e, "zero"));
        loop = outer;
    }
    if (!unroll && whole) {
        loop = c_for(outer, "k", from, to, lanes);
        k = c_name(u, "k");
    }
    for (int64_t at = 0; at < w->terms; at += lanes) {
        bool tail = at == whole;
        if (!unroll && at > 0 && !tail) continue;
        cblock *in = tail ? b : loop;
        cexpr *index = tail || unroll ? c_int(u, at) : k;
        int64_t n = smaller(lanes, w->terms - at);
        for (int64_t o = 0; o < w->units; o++) {
            cexpr *s = c_name(u, "%s%lld", tail ? "s" : sum, (long long)o);
            cexpr *row = c_add(u, p->table, c_add(u, c_int(u, o * w->terms), index));
            c_assign(
                in, s, "=",
                vectors_call3(e, "madd", tile_load_n(e, c_add(u, x, index), n), tile_load_n(e, row, n), s));
        }
    }
    for (int64_t o = 0; blocked && o < w->units; o++) {
        cexpr *s = c_name(u, "s%lld", (long long)o), *block = c_name(u, "block%lld", (long long)o);
        c_assign(outer, s, "=", vectors_call2(e, "add", s, block));
    }
    for (int64_t o = 0; o < w->units; o++) {
        cexpr *value = vectors_call1(e, "sum", c_name(u, "s%lld", (long long)o));
        if (bias) value = c_add(u, value, c_index(u, bias, c_int(u, o)));
        cexpr *to_y =
            c_is_int(p->rows, &rows) && rows == 1
                ? c_index(u, y, c_int(u, o))
                : c_index(u, c_name(u, "%s", p->y), c_add(u, c_mul(u, c_name(u, "n"), p->y_row), c_int(u, o)));
        c_assign(b, to_y, "=", value);
    }
}

static cexpr *panels_table(emit_context *e, const pack *w, const char *label) {
    return product_table(e, w, arena_printf(e->arena, "%s_weights", label),
                         arena_printf(e->arena, "%s: %s [%lld, %lld], in panels of %lld outputs", label,
                                      w->bias ? "bias and weight" : "weight", (long long)w->units,
                                      (long long)w->terms, (long long)smaller(w->panel, w->units)));
}

void emit_linear(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const choice_linear *l = &emit_choice(e, k)->linear;
    const choice_loop *rows = l->loop_count ? &l->loops[l->loop_count - 1] : NULL;
    product p = {.choice = &l->product, .x = k->inputs[0].name, .y = k->results[0].name, .y_columns = 1};
    p.rows = rows ? emit_dim(e, rows->extent) : c_int(u, 1);
    p.x_row = rows ? emit_dim(e, rows->x) : c_int(u, 0);
    p.y_row = rows ? emit_dim(e, rows->y) : c_int(u, 0);
    if (l->dots) p.table = emit_param(e, k->inputs[1].param);
    else p.table = panels_table(e, l->pack, k->node->label);
    cexpr *bias = l->dots && l->pack->bias ? emit_param(e, k->inputs[2].param) : NULL;
    cblock *b = open_loops(e, c_body(f), l, &p.x, &p.y);
    if (l->dots) emit_dots(e, b, &p, l, bias);
    else product_emit(e, b, &p);
}
