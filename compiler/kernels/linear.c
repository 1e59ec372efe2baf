/* linear: LINEAR, packed weights times rows of x. */
#include "kernels/dots.h"
#include "kernels/product.h"
#include "kernels/vectors.h"

/* Loops over all but the last; *x and *y become the names of the pointers to their rows. */
static cblock *open_loops(emit_context *e, cblock *b, const choice_linear *l, const char **x, const char **y) {
    cunit *u = e->unit;
    unsigned count = l->loop_count;
    if (count <= 1) return b;
    cexpr *from = c_name(u, *x), *to = c_name(u, *y);
    for (unsigned i = 0; i + 1 < count; i++) {
        const char *name = arena_printf(e->arena, "i%u", i);
        b = c_for(b, name, c_int(u, 0), emit_dim(e, l->loops[i].extent), 1);
        from = c_add(u, from, c_mul(u, c_name(u, name), emit_dim(e, l->loops[i].x)));
        to = c_add(u, to, c_mul(u, c_name(u, name), emit_dim(e, l->loops[i].y)));
    }
    c_declare(b, "const float *", *x = "x_rows", from);
    c_declare(b, "float *", *y = "y_rows", to);
    return b;
}

/* Few outputs: each is a dot product along the terms, lane by lane, then the lanes are added. The bias comes last. */
static void emit_dots(emit_context *e, cblock *b, const product *p, const choice_linear *l, cexpr *bias) {
    cunit *u = e->unit;
    const pack *w = l->pack;
    int64_t rows;
    cexpr *y = c_name(u, p->y);
    dots d = {.rows = 1,
              .columns = (unsigned)w->units,
              .row = {c_name(u, p->x)},
              .count = w->terms,
              .unrolled = l->unroll_dots};
    if (!c_is_int(p->rows, &rows) || rows > 1) {
        b = c_for(b, "n", c_int(u, 0), p->rows, 1);
        c_declare(b, "const float *", "x_n", c_add(u, d.row[0], c_mul(u, c_name(u, "n"), p->x_row)));
        d.row[0] = c_name(u, "x_n");
        y = c_add(u, y, c_mul(u, c_name(u, "n"), p->y_row));
    }
    const char *sums[COST_DOTS];
    for (int64_t o = 0; o < w->units; o++) {
        sums[o] = arena_printf(e->arena, "s%lld", (long long)o);
        d.column[o] = c_add(u, p->table.codes, c_int(u, o * w->terms));
    }
    dots_add(e, b, &d, sums);
    for (int64_t o = 0; o < w->units; o++) {
        cexpr *value = vectors_call1(e, "sum", c_name(u, sums[o]));
        if (bias) value = c_add(u, value, c_index(u, bias, c_int(u, o)));
        c_assign(b, c_element(u, c_add(u, y, c_int(u, o))), "=", value);
    }
}

/* As many rows at a time as there is room for, quantised. */
static void emit_chunks(emit_context *e, cblock *b, const product *p, int64_t chunk) {
    cunit *u = e->unit;
    product part = *p;
    cexpr *done = c_name(u, "done"), *left = c_sub(u, p->rows, done), *most = c_int(u, chunk);
    b = c_for(b, "done", c_int(u, 0), p->rows, chunk);
    c_declare(b, "const size_t", "rows", c_smaller(u, left, most));
    c_declare(b, "const float *", "x_done", c_at(u, p->x, c_mul(u, done, p->x_row)));
    c_declare(b, "float *", "y_done", c_at(u, p->y, c_mul(u, done, p->y_row)));
    part.rows = c_name(u, "rows");
    part.x = "x_done";
    part.y = "y_done";
    product_emit(e, b, &part);
}

void emit_linear(emit_context *e, const plan_kernel *k, cfunction *f) {
    cunit *u = e->unit;
    const choice_linear *l = &emit_choice(e, k)->linear;
    const choice_loop *rows = l->loop_count ? &l->loops[l->loop_count - 1] : NULL;
    product p = {
        .choice = &l->product, .x = k->inputs[0].name, .y = k->results[0].name, .y_columns = 1, .quantised = "work"};
    p.rows = rows ? emit_dim(e, rows->extent) : c_int(u, 1);
    p.x_row = rows ? emit_dim(e, rows->x) : c_int(u, 0);
    p.y_row = rows ? emit_dim(e, rows->y) : c_int(u, 0);
    if (l->dots) p.table.codes = emit_param(e, k->inputs[1].param);
    else p.table = weights_of_linear(e, l->pack, k->node->label);
    cexpr *bias = l->dots && l->pack->bias ? emit_param(e, k->inputs[2].param) : NULL;
    cblock *b = open_loops(e, c_body(f), l, &p.x, &p.y);
    if (l->dots) emit_dots(e, b, &p, l, bias);
    else if (l->chunk) emit_chunks(e, b, &p, l->chunk);
    else product_emit(e, b, &p);
}
