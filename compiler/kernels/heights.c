/* heights: see heights.h. */
#include "kernels/heights.h"

/* `tiles` tiles from row `first` on. */
static void loop_known(const heights *h, cblock *b, int64_t first, int64_t tiles, const choice_tile *tile) {
    cunit *u = h->e->unit;
    int64_t height = tile->size.rows;
    if (tiles == 1) {
        h->body(h->context, b, c_int(u, first), tile);
        return;
    }
    cblock *loop = c_for(b, h->index, c_int(u, first), c_int(u, first + tiles * height), height);
    h->body(h->context, loop, c_name(u, h->index), tile);
}

void heights_loop_unknown(const heights *h, cblock *b, const choice_tile *tile) {
    cunit *u = h->e->unit;
    cexpr *height = c_int(u, tile->size.rows), *n = c_name(u, h->index);
    cblock *loop = c_for(b, h->index, c_int(u, 0), h->rows, tile->size.rows);
    if (tile->size.rows > 1 && !tile->clamped) {
        cexpr *fits = c_binary(u, "<=", c_add(u, n, height), h->rows), *last = c_sub(u, h->rows, height);
        c_declare(loop, "const size_t", "first", c_conditional(u, fits, n, last));
        n = c_name(u, "first");
    }
    h->body(h->context, loop, n, tile);
}

/* As above, but what the last tile has is in the lower one where it fits. */
static void loop_with_rest(const heights *h, cblock *b, const choice_heights *c) {
    cunit *u = h->e->unit;
    cexpr *low = c_int(u, c->rest.size.rows), *tall = c_int(u, c->tile.size.rows), *n = c_name(u, h->index);
    cexpr *before = c_sub(u, h->rows, low), *last = c_sub(u, h->rows, tall);
    cblock *loop = c_for(b, h->index, c_int(u, 0), before, c->tile.size.rows);
    c_declare(loop, "const size_t", "first", c_smaller(u, n, last));
    h->body(h->context, loop, c_name(u, "first"), &c->tile);
    cexpr *left = c_binary(u, "%", c_sub(u, h->rows, c_int(u, 1)), tall);
    cblock *rest = c_if(b, c_binary(u, "<", left, low));
    c_declare(rest, "const size_t", "first", before);
    h->body(h->context, rest, c_name(u, "first"), &c->rest);
}

void heights_loop(const heights *h, cblock *b, const choice_heights *c) {
    if (c->rows < 0 && c->rest.size.rows) {
        loop_with_rest(h, b, c);
        return;
    }
    if (c->rows < 0) {
        heights_loop_unknown(h, b, &c->tile);
        return;
    }
    int64_t taller = c->taller_count;
    if (taller) loop_known(h, taller == 1 ? c_scope(b) : b, 0, taller, &c->taller);
    b = taller && c->tile_count == 1 ? c_scope(b) : b;
    loop_known(h, b, taller * c->taller.size.rows, c->tile_count, &c->tile);
}

cblock *heights_open_few(const heights *h, cblock **b, const choice_heights *c) {
    cunit *u = h->e->unit;
    if (c->rows >= 0 || c->tile.size.rows == 1) return NULL;
    cblock *few = c_if(*b, c_binary(u, "<", h->rows, c_int(u, c->tile.size.rows)));
    *b = c_else(*b);
    return few;
}
