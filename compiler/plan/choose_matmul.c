/* choose_matmul: products of run-time values: MATMUL, WEIGHT_GRAD and BIAS_GRAD. */
#include "plan/choose.h"

enum {
    ROWS_WORTH_PACKING = 2, /* columns that are not dense */
    ROWS_WORTH_COPYING = 16, /* dense ones */
    MOST_ROOM = 1 << 14,     /* floats of work space, where it is not needed but saves time */
    GRAD_BLOCK = 128,        /* rows of dy that are copied at a time, */
    GRAD_APART = 1 << 12     /* where dy has more floats than lie well as they are */
};

static choice_matrices matrices_of(const plan_view *a, const plan_view *b, const plan_view *y) {
    unsigned a_last = a->type.rank - 1, b_last = b->type.rank - 1, last = y->type.rank - 1;
    return (choice_matrices){.rows = y->type.dims[last - 1],
                             .inner = a->type.dims[a_last],
                             .columns = y->type.dims[last],
                             .a_m = a->strides[a_last - 1],
                             .a_k = a->strides[a_last],
                             .b_k = b->strides[b_last - 1],
                             .b_n = b->strides[b_last],
                             .y_m = y->strides[last - 1],
                             .y_n = y->strides[last]};
}

static int64_t known_or(const dim *d, int64_t unknown) {
    int64_t n;
    return dim_is_const(d, &n) ? n : unknown;
}

static choice_matrices turned(const choice_matrices *o) {
    return (choice_matrices){.rows = o->columns,
                             .inner = o->inner,
                             .columns = o->rows,
                             .a_m = o->b_n,
                             .a_k = o->b_k,
                             .b_k = o->a_k,
                             .b_n = o->a_m,
                             .y_m = o->y_n,
                             .y_n = o->y_m};
}

/* One column is a row of the product turned round, and so are few for which a's rows are neighbours, and no terms. */
static bool turning_pays(const choice_matrices *o) {
    enum { MANY_ROWS = 8 };
    int64_t columns = known_or(o->columns, COST_DOTS);
    bool few = columns < COST_DOTS && dim_is(o->a_m, 1) && !dim_is(o->a_k, 1) && dim_max(o->rows) >= MANY_ROWS;
    return columns == 1 || few;
}

/* --- tiles --- */

/* A lone row's few terms, along which they lie, would fill no lanes: b's rows become columns for it alone. */
static bool lone_row_packs(const chooser *c, const choice_matrices *o) {
    enum { FEW = 4 };
    int64_t terms = dim_max(o->inner), lanes = c->body->lanes;
    return dim_is(o->rows, 1) && dim_is(o->b_k, 1) && terms <= FEW && terms < lanes && known_or(o->columns, 0) >= lanes;
}

/* Dense columns are worth it for many rows, where a tile's are strips of a large matrix whose pieces begin amid the
 * lines of a cache, or lie so far apart that they fall on few of its sets. */
static bool packing_pays(const chooser *c, const choice_matmul *m, cost_tile tile) {
    enum { LARGE = 1 << 12, LINE = 16, FAR = 256 /* floats */ };
    int64_t stride = known_or(m->of.b_k, 0), wide = tile.vectors * (int64_t)c->body->lanes;
    int64_t terms = dim_max(m->of.inner);
    bool large = stride * terms > LARGE && dim_max(m->of.columns) > wide && terms * wide <= MOST_ROOM;
    return large && (stride % LINE || stride >= FAR) && !c->body->rolled && dim_max(m->of.rows) >= ROWS_WORTH_COPYING;
}

/* Rows too few for a tile go one by one, and with few columns the processor waits for additions:
 * then one or two lower tiles take them. With more columns that saves nothing. */
static void choose_lower(const chooser *c, choice_matmul *m, cost_tile tile) {
    enum { SOME_ROWS = 3 };
    if (c->body->rolled || tile.rows <= SOME_ROWS) return;
    tile.rows = (tile.rows + 1) / 2;
    m->lower = (choice_tile){.size = tile, .clamped = true, .narrows = true, .held = m->heights.tile.held};
}

enum { PAIR = 2, THREE = 3 };

/* Tiles half as high for what is left of rows of run time. */
static void choose_rest(choice_heights *h) {
    if (h->rows >= 0 || h->tile.size.rows == 1) return;
    h->rest = h->tile;
    h->rest.size.rows = (h->tile.size.rows + 1) / 2;
}

/* Tiles so many vectors wide, of `most` rows at most. */
static choice_heights choose_wide(const chooser *c, unsigned vectors, int64_t rows, int64_t most, int64_t terms) {
    cost_tile size = cost_wide_tile(c->body, vectors, terms);
    size.rows = (unsigned)smaller(size.rows, most);
    choice_tile tile = choose_tile(c, size, terms, COST_BLOCK);
    choice_heights h = choose_heights(rows, tile, (choice_tile){0});
    choose_rest(&h);
    return h;
}

/* block: terms of a running sum; packed_from: columns are packed if rows are so many; 0: never. */
static void choose_tiles(const chooser *c, cost_tile tile, int64_t block, int64_t packed_from, plan_choice *to) {
    choice_matmul *m = &to->matmul;
    int64_t columns = dim_max(m->of.columns), terms = m->terms, rows = known_or(m->of.rows, -1);
    bool known = dim_is_const(m->of.columns, NULL);
    if (!known) tile = cost_any_columns(c->body, tile, terms, dim_max(m->of.rows));
    else tile = cost_even_columns(c->body, tile, columns);
    cost_tile row = {1, tile.vectors, tile.chains};
    if (packed_from != 1 && rows < 0) row = cost_matmul_row(c->body, columns, terms);
    if (!known) row = cost_any_columns(c->body, row, terms, 1);
    choice_tile of_tile = choose_tile(c, tile, terms, block), of_row = choose_tile(c, row, terms, block);
    /* vectors are read as they lie, or made of terms that are neighbours */
    bool whole = !packed_from || (packed_from == 1 && dim_is(m->of.b_k, 1));
    bool odd = whole && !known && tile.vectors == PAIR && tile.chains == 1;
    odd = odd && columns > PAIR * (int64_t)c->body->lanes && !cost_large_vectors(c->body);
    of_tile.narrows = !known && !odd;
    of_row.narrows = !known;
    m->heights = choose_heights(rows, of_tile, of_row);
    if (!known && rows < 0) choose_lower(c, m, tile);
    if (odd) {
        choose_rest(&m->heights);
        m->odd = choose_wide(c, THREE, rows, tile.rows, terms);
    }
    if (!packed_from) return;
    m->packed = (odd ? THREE : tile.vectors) * (int64_t)c->body->lanes;
    m->packed_from = packed_from;
    to->work = terms * m->packed;
}

/* --- the other ways --- */

/* What is less than that goes another way. */
static void take_few(const chooser *c, choice_matmul *m, const choice_matmul *way, choice_below below) {
    choice_matmul *few = ARENA_NEW(c->arena, choice_matmul);
    *few = *way;
    m->few = few;
    m->few_below = below;
}

static void choose_one_by_one(const chooser *c, plan_choice *to) {
    choice_matmul *m = &to->matmul;
    int64_t terms = known_or(m->of.inner, INT32_MAX);
    m->way = CHOICE_BY_ELEMENTS;
    m->fused = false;
    m->heights.tile = (choice_tile){.size = {1, 1, 1}, .unrolled = terms <= COST_BLOCK && terms <= c->unroll};
}

/* Few sums of few terms: to fill vectors would take longer than all of it. */
static bool choose_few(const chooser *c, plan_choice *to) {
    enum { FEW = 4 };
    const choice_matrices *o = &to->matmul.of;
    if (c->body->rolled || dim_is(o->b_k, 1) || dim_max(o->inner) > FEW) return false;
    if (known_or(o->columns, COST_DOTS) >= COST_DOTS) return false;
    choose_one_by_one(c, to);
    return true;
}

/* One row of a: b's rows go by as they lie where they are longer than a tile, whose sums are the registers. Tiles add
 * the same terms in the same order, so that the running program may choose where it alone knows how large b is. */
static bool choose_stream(const chooser *c, const plan_kernel *k, plan_choice *to) {
    enum { ROWS = 8, LARGE = 1 << 13 /* floats of b that are worth it */ };
    choice_matmul *m = &to->matmul;
    int64_t columns = dim_max(m->of.columns), terms = dim_max(m->of.inner);
    bool known = dim_is_const(m->of.columns, NULL), terms_known = dim_is_const(m->of.inner, NULL);
    cost_tile row = cost_matmul_row(c->body, columns, terms);
    if (!known) row = cost_any_columns(c->body, row, terms, 1);
    int64_t strip = row.vectors * (int64_t)c->body->lanes;
    bool dense = dim_is(m->of.b_n, 1) && dim_is(m->of.y_n, 1), wide = columns > strip && columns * terms >= LARGE;
    if (!dense || !wide || row.chains > 1 || c->body->rolled || !dim_is(m->of.rows, 1)) return false;
    if (!known || !terms_known) {
        plan_choice tiles = *to;
        choice_below below = {.columns = known ? 0 : strip + 1, .floats = LARGE};
        tiles.matmul.fused = true;
        if (known) tiles.matmul.terms = smaller(terms, LARGE / columns);
        choose_tiles(c, row, COST_BLOCK, 0, &tiles);
        take_few(c, m, &tiles.matmul, below);
    }
    m->way = CHOICE_BY_STREAM;
    m->streamed = ROWS;
    m->blocks = (terms + COST_BLOCK - 1) / COST_BLOCK;
    m->zigzag = k->in_rounds && dim_is_const(m->of.inner, NULL) && m->blocks > 1 && terms * columns >= COST_CACHE;
    if (m->blocks > 1) to->work = columns * (m->zigzag ? m->blocks : 1);
    return true;
}

static choice_tile dot_tile(const chooser *c, const choice_matrices *o, int64_t rows) {
    choice_tile t = {.size = cost_dot_tile(c->body, known_or(o->inner, 0), dim_max(o->columns), rows)};
    int64_t columns = known_or(o->columns, 1), vectors = known_or(o->inner, INT32_MAX) / c->body->lanes;
    if (dim_max(o->columns) < t.size.vectors) t.size.vectors = (unsigned)columns;
    int64_t terms = 2 * vectors * t.size.rows * t.size.vectors;
    t.unrolled = vectors <= 1 || (vectors <= COST_BLOCK && terms <= c->unroll);
    return t;
}

/* Each lane of the sums adds the terms that it would of columns taken apart. Of four lanes three columns take six
 * shuffles, a row three. */
static unsigned repeated_rows(const chooser *c, const choice_matrices *o) {
    enum { FOUR = 4, THREE_COLUMNS = 3, FEW = 2 };
    int64_t columns = known_or(o->columns, 0);
    if (columns <= 1 || !dim_is(o->b_n, 1) || !dim_is(o->b_k, columns)) return 0;
    return c->body->lanes == FOUR && columns == THREE_COLUMNS ? FEW : 1;
}

/* Lanes along the terms. Columns of which there are few are packed unless two tiles take all rows: then they are loaded
 * as they lie. */
static void take_dots(const chooser *c, plan_choice *to) {
    choice_matmul *m = &to->matmul;
    int64_t rows = known_or(m->of.rows, -1), most = dim_max(m->of.rows);
    m->way = CHOICE_BY_DOTS;
    m->heights = choose_heights(rows, dot_tile(c, &m->of, most), dot_tile(c, &m->of, 1));
    int64_t height = m->heights.taller_count ? m->heights.taller.size.rows : m->heights.tile.size.rows;
    bool packs = !dim_is(m->of.b_k, 1) && most > (rows < 0 ? 1 : 2) * height;
    unsigned lowest = rows < 0 ? 1 : m->heights.tile_count ? m->heights.tile.size.rows : m->heights.taller.size.rows;
    if (!packs || rows < 0) m->repeated = repeated_rows(c, &m->of);
    if (m->repeated < lowest) m->repeated = 0;
    if (!packs) return;
    m->packed = dim_max(m->of.inner);
    m->packed_from = height;
    to->work = m->packed * dim_max(m->of.columns);
}

enum { TERMS_A_ROW = 4, SOME_ROWS = 2, FEW_ROWS = 4 };

/* To add a sum's lanes takes a row as long as packing does that many terms. Rows that fill no vectors begin amid them,
 * and fall on more of the cache's lines: then twice as long. */
static int64_t terms_a_row(const chooser *c, int64_t terms) {
    enum { FOUR = 4, FEWER = 3 /* to be added */ };
    int64_t many = c->body->lanes > FOUR ? TERMS_A_ROW : FEWER;
    return terms % c->body->lanes ? 2 * many : many;
}

/* Rows of a and columns of b along which the terms lie, or few columns, which are packed so that they do. To pack b
 * and to use tiles costs less where rows are many beside the terms, as each sum's lanes are to be added. All rows take
 * the same way, to the same bits, where only the running program knows how many there are. */
static bool choose_dots(const chooser *c, plan_choice *to) {
    const choice_matmul *m = &to->matmul;
    int64_t rows = known_or(m->of.rows, -1), most = dim_max(m->of.rows), terms = dim_max(m->of.inner);
    int64_t some = rows < 0 ? smaller(most, SOME_ROWS) : rows, each = rows < 0 ? TERMS_A_ROW : terms_a_row(c, terms);
    bool dense = dim_is(m->of.b_k, 1), few = known_or(m->of.columns, COST_DOTS) < COST_DOTS;
    few = few && (dense || terms * dim_max(m->of.columns) <= MOST_ROOM);
    bool pays = few || (dense && ((some <= 1 && !lone_row_packs(c, &m->of)) || terms > each * some));
    if (!dim_is(m->of.a_k, 1) || c->body->rolled || !pays) return false;
    take_dots(c, to);
    return true;
}

/* Do rows and columns grow together, as in the scores of self-attention, and are columns no fewer? A run of some rows
 * is then no part of a run of more, and few rows may go another way than many, to other bits. The rows here may be some
 * of the node's. */
static bool grows_squarely(const chooser *c, const plan_kernel *k, const choice_matmul *m) {
    const ir_type *y = &k->node->results[0]->type;
    const dim *rows = y->dims[y->rank - 2], *columns = y->dims[y->rank - 1];
    if (m->turned || !dim_same(columns, m->of.columns) || !dim_less_equal(c->dims, rows, columns)) return false;
    for (size_t i = 0; i < c->model->symbol_count; i++) {
        const dim *symbol = c->model->symbols[i];
        if (dim_mentions(rows, symbol) && dim_mentions(columns, symbol)) return true;
    }
    return false;
}

/* From how many rows on that is worth it: of few terms as soon as they fill a tile, and columns more than a vector. */
static int64_t square_from(const chooser *c, int64_t terms) {
    enum { ROWS = 12 };
    int64_t lanes = c->body->lanes, tile = cost_wide_tile(c->body, PAIR, terms).rows;
    bool few = terms <= FEW_ROWS * terms_a_row(c, terms);
    return few ? lanes < tile ? tile : lanes + 1 : ROWS;
}

/* Many such rows are worth packing b for, if lanes along the terms load more than tiles do, or the terms are too few to
 * make up for adding lanes. Columns then fill pairs of vectors, and three of them. */
static bool choose_square(const chooser *c, const plan_kernel *k, plan_choice *to) {
    enum { LONG = 16 /* vectors of terms */ };
    choice_matmul *m = &to->matmul;
    int64_t most = dim_max(m->of.rows), terms = dim_max(m->of.inner), lanes = c->body->lanes;
    int64_t rows = square_from(c, terms);
    bool pays = dot_tile(c, &m->of, most).size.rows == 1 || terms < LONG * lanes;
    bool dense = dim_is(m->of.a_k, 1) && dim_is(m->of.b_k, 1);
    if (c->body->rolled || !pays || !dense || most < rows || !grows_squarely(c, k, m)) return false;
    if (terms * THREE * lanes > MOST_ROOM || cost_large_vectors(c->body)) return false;
    take_dots(c, to);
    choice_matmul few = *m;
    *m = (choice_matmul){.of = m->of,
                         .turned = m->turned,
                         .terms = terms,
                         .way = CHOICE_BY_TILES,
                         .fused = true,
                         .heights = choose_wide(c, PAIR, -1, most, terms),
                         .odd = choose_wide(c, THREE, -1, most, terms),
                         .packed = THREE * lanes};
    take_few(c, m, &few, (choice_below){.rows = rows});
    to->work = terms * m->packed;
    return true;
}

/* y = dz W: rows of packed weights, a term's, lie as the units of dz do, gate by gate, and lanes along them. */
static void choose_panels(const chooser *c, const plan_kernel *k, const pack *p, plan_choice *to) {
    choice_matmul *m = &to->matmul;
    int64_t rows = known_or(m->of.rows, -1), most = dim_max(m->of.rows);
    int64_t vectors = smaller(p->panel, p->units) / c->body->lanes;
    choice_tile tile = {.size = cost_dot_tile(c->body, 0, COST_DOTS, most)},
                row = {.size = cost_dot_tile(c->body, 0, COST_DOTS, 1)};
    tile.unrolled = vectors <= 1 || 2 * vectors * tile.size.rows * tile.size.vectors <= c->unroll;
    row.unrolled = vectors <= 1 || 2 * vectors * row.size.vectors <= c->unroll;
    m->packing = p;
    m->way = CHOICE_BY_DOTS;
    m->heights = choose_heights(rows, tile, row);
    int64_t full = p->units / p->panel, panel = pack_offset(p, 1, PACK_FLOATS);
    m->panels = panel < COST_CACHE ? COST_CACHE / panel : 1;
    m->zigzag = k->in_rounds && rows == 1 && !c->body->rolled && full >= 2 * m->panels;
    if (m->zigzag) to->work = dim_max(m->of.columns) * ((full + m->panels - 1) / m->panels);
}

/* Of a matrix that lies row-major, for any number of rows: one chain in every tile. */
static void choose_for_pieces(const chooser *c, plan_choice *to) {
    choice_matmul *m = &to->matmul;
    int64_t most = dim_max(m->of.rows);
    cost_tile tile = cost_unchained(c->body, dim_max(m->of.columns), dim_max(m->of.inner), most < 2 ? 2 : most);
    tile.rows = (unsigned)smaller(tile.rows, most);
    m->fused = true;
    cost_tile row = {1, tile.vectors, 1};
    int64_t terms = dim_max(m->of.inner);
    m->heights = choose_heights(known_or(m->of.rows, -1), choose_tile(c, tile, terms, COST_BLOCK),
                                choose_tile(c, row, terms, COST_BLOCK));
}

void choose_matmul(const chooser *c, const plan_kernel *k, plan_choice *to) {
    choice_matmul *m = &to->matmul;
    to->kind = CHOICE_MATMUL;
    to->vectors = true;
    m->of = matrices_of(&k->inputs[0].view, &k->inputs[1].view, &k->results[0].view);
    m->terms = dim_max(m->of.inner);
    const plan_buffer *of_b = k->inputs[1].view.buffer;
    if (of_b->place == PLAN_TRAINED && c->params->of[of_b->index].packed) {
        choose_panels(c, k, c->params->of[of_b->index].packed, to);
        return;
    }
    if (k->node->attrs.pieces) {
        choose_for_pieces(c, to);
        return;
    }
    m->turned = turning_pays(&m->of);
    if (m->turned) m->of = turned(&m->of);
    if (choose_few(c, to) || choose_square(c, k, to) || choose_dots(c, to) || choose_stream(c, k, to)) return;
    bool dense = dim_is(m->of.b_n, 1);
    m->fused = dense || dim_max(m->of.rows) >= ROWS_WORTH_PACKING || lone_row_packs(c, &m->of);
    cost_tile tile = cost_matmul(c->body, dim_max(m->of.columns), dim_max(m->of.inner), known_or(m->of.rows, 0),
                                 dim_max(m->of.rows));
    dense = dense || c->body->lanes == 1;
    int64_t packed_from = !dense ? 1 : packing_pays(c, m, tile) ? ROWS_WORTH_COPYING : 0;
    if (m->fused) choose_tiles(c, tile, COST_BLOCK, packed_from, to);
    else choose_one_by_one(c, to);
}

/* So many that the cache holds their part of dy; an even part of all, for one shape of tiles. Of a small dy fewer, so
 * that the work space is a part of it. */
static int64_t outputs_at_a_time(int64_t outputs, int64_t rows) {
    enum { MOST = 256, LEAST = 64, SMALL = 1 << 13 /* floats of dy */ };
    for (int64_t n = rows * outputs > SMALL ? MOST : LEAST; n >= LEAST; n--)
        if (outputs % n == 0) return n;
    return outputs;
}

/* Into packed order: a panel is x' times those columns of dy, which are copied side by side, gate by gate, where dy's
 * rows are long or many, as below. */
static void choose_grad_of_panels(const chooser *c, const plan_kernel *k, const pack *p, plan_choice *to) {
    const plan_view *dy = &k->inputs[0].view, *x = &k->inputs[1].view;
    int64_t rows = dim_max(dy->type.dims[0]), whole = pack_row(p, 0);
    choice_matmul *m = &to->matmul;
    m->packing = p;
    m->of = (choice_matrices){.rows = dim_const(c->dims, p->terms),
                              .inner = dy->type.dims[0],
                              .a_m = x->strides[1],
                              .a_k = x->strides[0],
                              .b_k = dy->strides[0],
                              .b_n = dy->strides[1],
                              .y_n = dim_const(c->dims, 1)};
    m->terms = rows;
    bool copies = !dim_is(dy->strides[1], 1) || (!c->body->rolled && rows * p->gates * p->units > GRAD_APART);
    int64_t columns = copies || p->gates == 1 ? whole : pack_units(p, 0);
    m->fused = true;
    cost_tile tile = cost_even_columns(c->body, cost_unchained(c->body, columns, rows, p->terms), columns);
    m->heights = choose_heights(p->terms, (choice_tile){.size = tile}, (choice_tile){.size = {1, tile.vectors, 1}});
    if (!copies) return;
    m->block = smaller(rows, GRAD_BLOCK);
    m->distance = whole + c->body->padding * 4;
    to->work = m->block * m->distance;
}

/* dy' x: the terms are dy's rows. Where these are long, or many, a tile goes down columns at distances that fall on few
 * sets of the cache: then some rows at a time are put side by side, at a distance of their own. */
void choose_weight_grad(const chooser *c, const plan_kernel *k, plan_choice *to) {
    const plan_view *dy = &k->inputs[0].view, *x = &k->inputs[1].view, *y = &k->results[0].view;
    int64_t rows = dim_max(dy->type.dims[0]), outputs = dim_max(dy->type.dims[1]);
    choice_matmul *m = &to->matmul;
    to->kind = CHOICE_MATMUL;
    to->vectors = true;
    const pack *packing = c->params->of[k->node->attrs.index].packed;
    if (packing) {
        choose_grad_of_panels(c, k, packing, to);
        return;
    }
    m->of = matrices_of(dy, x, y);
    m->of.inner = dy->type.dims[0];
    m->terms = rows;
    m->of.a_m = dy->strides[1];
    m->of.a_k = dy->strides[0];
    bool dense = dim_is(m->of.b_n, 1);
    if (dim_is(m->of.columns, 1) || (!dense && outputs < ROWS_WORTH_PACKING)) {
        choose_one_by_one(c, to);
        return;
    }
    m->fused = dense && dim_is(m->of.y_n, 1);
    bool copies = !c->body->rolled && rows * outputs > GRAD_APART;
    m->outputs = copies ? outputs_at_a_time(outputs, rows) : outputs;
    m->of.rows = dim_const(c->dims, m->outputs);
    choose_tiles(c, cost_unchained(c->body, dim_max(m->of.columns), rows, m->outputs), rows, !dense, to);
    if (!copies) return;
    m->block = smaller(rows, GRAD_BLOCK);
    m->distance = m->outputs + c->body->padding * 4;
    m->packed = m->heights.tile.size.vectors * (int64_t)c->body->lanes;
    m->packed_from = 1;
    to->work = m->block * (m->distance + m->packed);
}

/* Its rows are added to the gradient in vectors. */
void choose_bias_grad(const chooser *c, const plan_kernel *k, plan_choice *to) {
    (void)c, (void)k;
    to->vectors = true;
}
