/* choose_recurrent: RECURRENT: packs, the way through time, tiles, and where the work space is divided. */
#include "plan/choose.h"

static int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

/* A large function, and one with sums of integers besides those of floats, stands apart from its caller: their frames
 * would add up. A call of a small one would cost more than it brings. */
static bool stands_apart(const choice_recurrent *r, const pack *p) {
    return p->format == FORMAT_INT8 || r->hidden * r->projected >= COST_APART;
}

static void choose_packs(const chooser *c, const plan_kernel *k, choice_recurrent *r) {
    recurrent_packs packs = choose_recurrent_packs(c, k->node);
    r->input = packs.all[RECURRENT_INPUT];
    r->hidden_pack = packs.all[RECURRENT_HIDDEN];
    r->candidate = packs.all[RECURRENT_CANDIDATE];
    r->output = packs.all[RECURRENT_OUTPUT];
    r->halved = packs.halved;
    r->apart = stands_apart(r, r->hidden_pack);
    r->shared = r->shared || packs.lives; /* whose tables then are parameters */
}

/* --- the way through time --- */

static void choose_sizes(const plan_kernel *k, choice_recurrent *r) {
    const ir_attrs *attrs = &k->node->attrs;
    r->has_cell = attrs->cell == IR_LSTM;
    r->has_out = k->results[0].kind == PLAN_MEMORY;
    r->projects = k->inputs[IR_REC_W_HR].kind != PLAN_NONE;
    r->resets_before = attrs->cell == IR_GRU && !attrs->reset_after;
    r->gates = ir_cell_gates(attrs->cell);
    r->columns = attrs->cell == IR_GRU && !r->resets_before ? 4 : r->gates;
    r->inputs = dim_max(k->inputs[IR_REC_W_IH].view.type.dims[1]);
    r->hidden = dim_max(k->inputs[IR_REC_W_IH].view.type.dims[0]) / r->gates;
    r->projected = dim_max(k->inputs[IR_REC_W_HH].view.type.dims[1]);
    r->shared = r->hidden * r->projected >= COST_SHARED;
}

static choice_rows choose_rows(const chooser *c, const plan_view *x, int64_t steps) {
    const dim *batch = x->type.dims[1];
    if (dim_is(batch, 1)) return CHOICE_ROWS_OF_STEPS;
    if (dim_is(x->type.dims[0], 1)) return CHOICE_ROWS_OF_BATCH;
    if (dim_same(x->strides[0], dim_mul(c->dims, x->strides[1], batch))) return CHOICE_ROWS_OF_ALL;
    return dim_min(batch) >= steps ? CHOICE_ROWS_OF_BATCH : CHOICE_ROWS_OF_STEPS_BY_ROW;
}

/* --train-tape of the model, or of the one that it trains for. */
static int64_t tape_of(const ir_model *m) {
    const ir_training *t = m->base ? m->base->training : m->training;
    return t ? t->tape : 0;
}

/* As many steps as fill the tiles of the projection: a large batch does that with fewer. Beside the gates that are kept
 * half as many must do, and with a smaller tape room counts for more: a quarter of a piece's. */
static int64_t choose_steps(const chooser *c, const ir_attrs *attrs, int64_t T, int64_t batch) {
    enum { LEAST = 2 };
    int64_t filling = COST_ROW_CHUNK / batch, tape = tape_of(c->model);
    int64_t most = tape ? (tape / 4 > LEAST ? tape / 4 : LEAST) : COST_STEP_CHUNK / (attrs->keeps ? 2 : 1);
    if (c->body->rolled) return 1;
    return smaller(smaller(filling < 1 ? 1 : filling, smaller(most, COST_STEP_CHUNK)), T);
}

static void choose_way(const chooser *c, const plan_kernel *k, choice_recurrent *r) {
    const plan_view *x = &k->inputs[IR_REC_X].view;
    int64_t batch = dim_max(x->type.dims[1]), T = dim_max(x->type.dims[0]);
    bool lengths = k->inputs[IR_REC_LENGTHS].kind != PLAN_NONE;
    r->one_row = dim_is(x->type.dims[1], 1);
    r->fused = r->one_row && (dim_is(x->type.dims[0], 1) || c->body->rolled) && !lengths && !r->resets_before;
    r->chained = r->one_row && r->has_out && !r->projects && !r->resets_before && !lengths;
    int64_t weights = r->gates * r->hidden *
                      (r->projected * (int64_t)format_row_of(r->hidden_pack->format)->bytes +
                       (r->fused ? r->inputs * (int64_t)format_row_of(r->input->format)->bytes : 0)) / 4;
    r->zigzag =
        !c->body->rolled && !r->resets_before && r->hidden >= 2 * r->hidden_pack->panel && weights >= COST_CACHE;
    r->steps = choose_steps(c, &k->node->attrs, T, batch);
    r->unroll_steps = dim_is_const(x->type.dims[0], NULL) && T <= r->steps && 4 * T <= c->unroll;
    r->input_rows = choose_rows(c, x, r->steps);
}

/* --- one row --- */

/* Of plain columns of a pack. */
static choice_tile columns_tile(const chooser *c, cost_tile size, const pack *p) {
    return choose_tile(c, size, p->terms, pack_block(p));
}

static choice_sweep choose_sweep(const chooser *c, const pack *w) {
    int64_t full = w->units / w->panel, lanes = c->body->lanes, last = pack_panels(w) - 1, tiles = 0;
    choice_sweep p = {.pack = w};
    p.tile = cost_sweep(c->body, w->gates, full ? full * w->panel : w->units, w->terms);
    p.together = cost_together(c->body, w->gates, p.tile.vectors);
    p.span = p.tile.vectors * lanes > w->panel ? p.tile.vectors * lanes / w->panel : 1;
    p.by_columns =
        pack_units(w, last) < w->panel && cost_by_columns(c->body, w->gates, pack_width(w, last), w->terms);
    p.columns_tile = columns_tile(c, cost_columns_tile(c->body, w->gates * pack_width(w, last), w->terms), w);
    for (int64_t i = 0; i <= last; i++)
        tiles += ((pack_units(w, i) + lanes - 1) / lanes + p.tile.vectors - 1) / p.tile.vectors;
    int64_t sums = w->gates * p.tile.vectors;
    bool short_sums = w->terms <= COST_BLOCK;
    p.unroll_units = short_sums && (tiles == 1 || tiles * (3 * sums + 8 * p.tile.vectors) <= c->unroll);
    int64_t written = p.unroll_units ? tiles : 2;
    p.unroll_terms = short_sums && w->format != FORMAT_INT8 && written * w->terms * sums <= c->unroll;
    return p;
}

static void choose_one_row(const chooser *c, choice_recurrent *r) {
    const pack *x = r->input;
    r->step = choose_sweep(c, r->hidden_pack);
    if (r->resets_before) r->candidate_step = choose_sweep(c, r->candidate);
    r->input_chains = cost_product_row(c->body, 0, x->gates * x->units, x->terms).chains;
    cost_tile row = cost_product_row(c->body, pack_row(x, pack_panels(x) - 1), x->gates * x->units, x->terms);
    r->columns_input = columns_tile(c, row, x);
    r->hidden_place = r->projects            ? CHOICE_H_IN_NEXT
                      : r->resets_before     ? CHOICE_H_AT_ONCE
                      : r->chained           ? CHOICE_H_IN_OUT
                      : r->step.unroll_units ? CHOICE_H_IN_VARIABLES
                                             : CHOICE_H_IN_NEXT;
}

/* --- many rows --- */

/* Rows of one call of the input's product: -1 if not always the same. */
static int64_t input_rows_of(const plan_kernel *k, const choice_recurrent *r, int64_t *most) {
    const plan_view *x = &k->inputs[IR_REC_X].view;
    int64_t T, batch = -1, most_batch = dim_max(x->type.dims[1]), count = -1;
    dim_is_const(x->type.dims[1], &batch);
    /* steps is T, where T is smaller */
    if (r->steps == 1 || (dim_is_const(x->type.dims[0], &T) && T % r->steps == 0)) count = r->steps;
    *most = r->steps;
    switch (r->input_rows) {
    case CHOICE_ROWS_OF_BATCH: *most = most_batch; return batch;
    case CHOICE_ROWS_OF_ALL: *most = r->steps * most_batch; return batch < 0 || count < 0 ? -1 : count * batch;
    case CHOICE_ROWS_OF_STEPS:
    case CHOICE_ROWS_OF_STEPS_BY_ROW: break;
    }
    return count;
}

static choice_product choose_part(const chooser *c, const choice_recurrent *r, const pack *p, int64_t rows,
                                  int64_t most, bool padded) {
    choice_product product = choose_product(c, p, rows, most, padded);
    bool tall_tiles = !r->one_row;
    product.apart = tall_tiles || stands_apart(r, p);
    return product;
}

static void choose_products(const chooser *c, const plan_kernel *k, choice_recurrent *r) {
    int64_t most, rows = input_rows_of(k, r, &most), batch = -1;
    const dim *B = k->inputs[IR_REC_X].view.type.dims[1];
    dim_is_const(B, &batch);
    if (!r->fused) r->input_product = choose_part(c, r, r->input, rows, most, true);
    if (r->projects && r->one_row) r->output_product = choose_part(c, r, r->output, 1, 1, false);
    if (r->one_row) return;
    r->one_by_one = cost_unrolls_calls(c->body, batch);
    r->hidden_product = choose_part(c, r, r->hidden_pack, batch, dim_max(B), true);
    if (r->candidate) r->candidate_product = choose_part(c, r, r->candidate, batch, dim_max(B), true);
    if (r->output) r->output_product = choose_part(c, r, r->output, batch, dim_max(B), true);
}

/* --- work space --- */

/* Takes `floats` of work; a last vector may be read wider than they are. */
static int64_t take(const chooser *c, int64_t *work, int64_t floats) {
    int64_t at = *work;
    *work += round_up(floats, c->body->panel) + c->body->tail;
    return at;
}

static int64_t take_quantised(int64_t *work, int64_t rows, int64_t row) {
    int64_t at = *work;
    *work += rows * row;
    return row ? at : -1;
}

static int64_t divide_work(const chooser *c, const plan_kernel *k, choice_recurrent *r) {
    int64_t batch = dim_max(k->inputs[IR_REC_X].view.type.dims[1]), padded = round_up(r->hidden, c->body->padding),
            work = 0;
    const pack *w = r->hidden_pack;
    r->gates_at = r->sums_at = r->next_at = -1;
    r->gates_row = r->columns * padded;
    r->sums_row = w->gates * padded;
    r->next_row = round_up(r->hidden, c->body->panel);
    bool by_columns = r->one_row && r->step.by_columns;
    bool next = r->projects || r->resets_before || (r->one_row && r->hidden_place == CHOICE_H_IN_NEXT);
    if (!r->fused) r->gates_at = take(c, &work, r->steps * batch * r->gates_row);
    else if (by_columns) r->gates_at = take(c, &work, r->columns * pack_width(w, pack_panels(w) - 1));
    if (!r->one_row) r->sums_at = take(c, &work, batch * r->sums_row);
    if (next) {
        r->next_at = work;
        work += batch * r->next_row;
    }
    r->quantised_x_at = take_quantised(&work, r->fused ? 1 : r->steps * batch, pack_quantised(r->input));
    int64_t row = pack_quantised(w);
    if (r->candidate && pack_quantised(r->candidate) > row) row = pack_quantised(r->candidate);
    if (r->output && pack_quantised(r->output) > row) row = pack_quantised(r->output);
    r->quantised_at = take_quantised(&work, batch, row);
    return work;
}

void choose_recurrent(const chooser *c, const plan_kernel *k, plan_choice *to) {
    choice_recurrent *r = &to->recurrent;
    to->kind = CHOICE_RECURRENT;
    to->vectors = true;
    choose_sizes(k, r);
    choose_packs(c, k, r);
    choose_way(c, k, r);
    if (r->one_row) choose_one_row(c, r);
    choose_products(c, k, r);
    to->work = divide_work(c, k, r);
}
