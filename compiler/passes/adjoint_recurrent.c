/* adjoint_recurrent: RNN, LSTM and GRU, backwards through time.
 *
 * The layer keeps the sums of which its activations are taken (and c); the slopes by which a step's gradient is
 * multiplied are made of them for all steps at once. What is left for the loop over time, a REPEAT that runs against
 * the layer's direction, is a step's own: the gradient of h comes from out, and from the step behind by W_hh. It
 * collects dz, the gradients of the sums of all gates; those of weights, biases and x are products of all rows behind
 * it.
 *
 * With lengths, a row that has ended hands on what it gets (its slopes are 0, its factor is 1).
 */
#include "passes/adjoint.h"

typedef struct {
    differentiation *d;
    const ir_node *n;
    ir_value *const *in;       /* the layer's operands */
    const dim *steps, *batch, *hidden, *projected, *rows; /* rows: steps times batch */
    int64_t gates;
    ir_value *dout, *dh, *dc;  /* of its results; NULL: zero */
    ir_value *before;          /* h before each step, [T, B, P] */
    ir_value *last;            /* backwards with lengths: is this a sequence's last step? bool [T, B, 1]; or NULL */
    ir_value *sums;            /* that the layer kept; NULL: it did not have to */
    ir_value *summed, *summed_of; /* a bias's gradient, and the dz that it is the sum of; or NULL */
    ir_value *valid;           /* with lengths: has a sequence this step? bool [T, B, 1]; else NULL */
} layer;

/* --- shapes ------------------------------------------------------------------------------------------------------- */

static ir_type shape2(const dim *a, const dim *b) { return (ir_type){.dtype = IR_F32, .rank = 2, .dims = {a, b}}; }

static ir_type shape3(const dim *a, const dim *b, const dim *c) {
    return (ir_type){.dtype = IR_F32, .rank = 3, .dims = {a, b, c}};
}

static const dim *times(const layer *l, int64_t n, const dim *size) {
    return dim_mul(l->d->model->dims, adj_dim(l->d, n), size);
}

/* [T * B, F] as [T, B, F] */
static ir_value *by_step(const layer *l, ir_value *rows) {
    ir_type type = shape3(l->steps, l->batch, rows->type.dims[1]);
    return adj_reshape(l->d, rows, &type);
}

/* Gates [from, from + count) of [T, B, G * H] */
static ir_value *gates_of(const layer *l, ir_value *z, int64_t from, int64_t count) {
    return adj_slice(l->d, z, 2, times(l, from, l->hidden), times(l, count, l->hidden), 1);
}

/* Of what activation number g was taken. */
static ir_value *sums_of(const layer *l, int64_t g) { return gates_of(l, l->sums, g, 1); }

static ir_value *mul(const layer *l, ir_value *x, ir_value *y) { return adj_both(l->d, IR_MUL, x, y); }

static ir_value *add(const layer *l, ir_value *x, ir_value *y) { return adj_both(l->d, IR_ADD, x, y); }

static ir_value *integer(differentiation *d, int64_t number) {
    ir_type type = ir_type_scalar(IR_I32);
    ir_value *v = adj_value(d, IR_CONST, NULL, 0, &type);
    v->producer->attrs.number = (double)number;
    return v;
}

/* What the generated code calls a new value: lstm_NAME. */
static ir_value *named(const layer *l, ir_value *v, const char *name) {
    if (l->n->label) v->producer->label = arena_printf(l->d->model->arena, "%s_%s", l->n->label, name);
    return v;
}

/* --- what the steps began with ------------------------------------------------------------------------------------ */

/* What each step begins with, [T, B, N]: the first value [B, N] (NULL: zeros), then what each step ends with, as far as
 * it is not the last one's. Backwards, a row with a length begins where that ends. */
static ir_value *moved_on(layer *l, ir_value *first, ir_value *each, const char *name) {
    differentiation *d = l->d;
    bool reverse = l->n->attrs.reverse;
    ir_type all = shape3(adj_dim(d, 1), l->batch, each->type.dims[2]);
    first = first ? adj_reshape(d, first, &all) : adj_zeros(d, &all);
    if (dim_is(l->steps, 1)) return first;
    ir_value *const parts[] = {reverse ? each : first, reverse ? first : each};
    ir_value *all_steps = named(l, adj_cat(d, parts, 2, 0), name);
    ir_value *moved = adj_slice(d, all_steps, 0, adj_dim(d, reverse), l->steps, 1);
    if (!reverse || !l->in[IR_REC_LENGTHS]) return moved;
    if (!l->last) {
        ir_type column = shape3(adj_dim(d, 1), l->batch, adj_dim(d, 1));
        ir_value *behind = adj_both(d, IR_ADD, adj_places(d, l->steps, 3, 0), integer(d, 1));
        l->last = adj_both(d, IR_EQUAL, behind, adj_reshape(d, l->in[IR_REC_LENGTHS], &column));
    }
    return adj_where(d, l->last, first, moved);
}

static void find_valid(layer *l) {
    differentiation *d = l->d;
    ir_type column = shape3(adj_dim(d, 1), l->batch, adj_dim(d, 1));
    if (!l->in[IR_REC_LENGTHS]) return;
    ir_value *lengths = adj_reshape(d, l->in[IR_REC_LENGTHS], &column);
    l->valid = adj_both(d, IR_LESS, adj_places(d, l->steps, 3, 0), lengths);
}

/* v where a sequence has the step, else a number. */
static ir_value *masked(const layer *l, ir_value *v, double otherwise) {
    return l->valid ? adj_where(l->d, l->valid, v, adj_number(l->d, otherwise)) : v;
}

static ir_value *activated(const layer *l, ir_activation a, ir_value *z, const char *name) {
    if (a.function == IR_LINEAR_ACTIVATION) return z;
    return named(l, adj_unary(l->d, a.function, a.scalar[0], a.scalar[1], z), name);
}

/* dy times the slope of y = a(z). */
static ir_value *through(const layer *l, ir_activation a, ir_value *dy, ir_value *z, ir_value *y) {
    if (a.function == IR_LINEAR_ACTIVATION) return dy;
    return adjoint_through_function(l->d, a.function, a.scalar, dy, z, y);
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

enum { MOST_ROWS = 8, MOST_CARRIED = 2, MOST_COLLECTED = 3 };

/* A loop over time: rows are one step's of tensors [T, …], carried values go on to the next step. A layer of one step
 * needs no loop: its body stands in the graph itself. */
typedef struct {
    const layer *layer;
    bool backwards;
    ir_value *all[MOST_ROWS], *rows[MOST_ROWS];
    unsigned row_count;
    ir_value *initial[MOST_CARRIED], *carried[MOST_CARRIED], *next[MOST_CARRIED], *last[MOST_CARRIED];
    unsigned carried_count;
    ir_value *collect[MOST_COLLECTED], *collected[MOST_COLLECTED];
    unsigned collected_count;
    ir_block *block;
    ir_graph *graph;           /* around it */
    ir_node *at;
} time_loop;

static bool is_one_step(const time_loop *t) { return dim_is(t->layer->steps, 1); }

static ir_type without_first(const ir_type *type) {
    ir_type row = {.dtype = type->dtype, .rank = type->rank - 1};
    for (unsigned i = 0; i < row.rank; i++) row.dims[i] = type->dims[i + 1];
    return row;
}

static ir_value *source_of(time_loop *t, ir_op op, unsigned index, const ir_type *type) {
    ir_value *v = adj_value(t->layer->d, op, NULL, 0, type);
    v->producer->attrs.index = index;
    v->producer->block = t->block;
    return v;
}

/* From here on new nodes are the body's. t->all and t->initial are set. */
static void open_loop(time_loop *t) {
    differentiation *d = t->layer->d;
    t->block = ARENA_NEW(d->model->arena, ir_block);
    if (!is_one_step(t)) {
        t->graph = d->graph;
        t->at = d->at;
        d->graph = &t->block->body;
        d->at = NULL;
    }
    for (unsigned i = 0; i < t->row_count; i++) {
        ir_type row = without_first(&t->all[i]->type);
        t->rows[i] = is_one_step(t) ? adj_reshape(d, t->all[i], &row) : source_of(t, IR_ROW, i, &row);
    }
    for (unsigned i = 0; i < t->carried_count; i++)
        t->carried[i] =
            is_one_step(t) ? t->initial[i] : source_of(t, IR_CARRIED, i, &t->initial[i]->type);
}

/* [1, …] of a step's value. */
static ir_value *as_all(differentiation *d, ir_value *v) {
    ir_type type = {.dtype = v->type.dtype, .rank = v->type.rank + 1, .dims = {adj_dim(d, 1)}};
    for (unsigned i = 0; i < v->type.rank; i++) type.dims[i + 1] = v->type.dims[i];
    return adj_reshape(d, v, &type);
}

static ir_value **copied(differentiation *d, ir_value *const *values, unsigned count) {
    ir_value **copy = ARENA_ARRAY(d->model->arena, ir_value *, count);
    for (unsigned i = 0; i < count; i++) copy[i] = values[i];
    return copy;
}

/* t->next and t->collect are set; fills t->last and t->collected. */
static void close_loop(time_loop *t) {
    differentiation *d = t->layer->d;
    if (is_one_step(t)) {
        for (unsigned i = 0; i < t->carried_count; i++) t->last[i] = t->next[i];
        for (unsigned i = 0; i < t->collected_count; i++) t->collected[i] = as_all(d, t->collect[i]);
        return;
    }
    d->graph = t->graph;
    d->at = t->at;
    ir_block *b = t->block;
    b->rows = copied(d, t->rows, t->row_count);
    b->carried = copied(d, t->carried, t->carried_count);
    b->next = copied(d, t->next, t->carried_count);
    b->collected = copied(d, t->collect, t->collected_count);
    ir_value *inputs[MOST_ROWS + MOST_CARRIED];
    for (unsigned i = 0; i < t->row_count; i++) inputs[i] = t->all[i];
    for (unsigned i = 0; i < t->carried_count; i++) inputs[t->row_count + i] = t->initial[i];
    ir_node *n = ir_insert_repeat(d->model, d->graph, d->at, b, inputs, t->row_count + t->carried_count, t->row_count,
                                  t->layer->steps, t->collected_count, d->node->where);
    n->label = d->node->label;
    n->attrs.backwards = t->backwards;
    d->at = n;
    for (unsigned i = 0; i < t->carried_count; i++) t->last[i] = n->results[i];
    for (unsigned i = 0; i < t->collected_count; i++) t->collected[i] = n->results[t->carried_count + i];
}

static unsigned add_row(time_loop *t, ir_value *all) {
    t->all[t->row_count] = all;
    return t->row_count++;
}

/* A loop backwards through the layer's time that carries the gradient of h. */
static time_loop gradient_loop(const layer *l) {
    ir_type state = shape2(l->batch, l->projected);
    time_loop t = {.layer = l, .backwards = !l->n->attrs.reverse};
    t.initial[t.carried_count++] = l->dh ? l->dh : adj_zeros(l->d, &state);
    return t;
}

/* What comes from out and what comes from the step behind. */
static ir_value *joined(const layer *l, ir_value *dout, ir_value *carried) {
    return dout ? named(l, add(l, dout, carried), "dh") : carried;
}

/* What a row that has no such step hands on; kept: float [B, 1], 1 for those. */
static ir_value *handed_on(const layer *l, ir_value *dh, ir_value *carried, ir_value *kept) {
    return kept ? add(l, dh, mul(l, carried, kept)) : dh;
}

/* 1 for rows that have no such step, [T, B, 1]; NULL without lengths. */
static ir_value *ended(const layer *l) {
    return l->valid ? adj_cast(l->d, adj_of(l->d, IR_NOT, l->valid), IR_F32) : NULL;
}

/* --- what all cells end with -------------------------------------------------------------------------------------- */

/* dz summed up over all rows; both biases may ask for the same. */
static void add_bias(layer *l, unsigned bias, ir_value *dz) {
    if (!adjoint_wanted(l->d, l->in[bias])) return;
    if (l->summed_of != dz) l->summed = adj_reduce(l->d, IR_SUM, dz, 3, false);
    l->summed_of = dz;
    adjoint_add(l->d, l->in[bias], l->summed);
}

/* Is v 0 past each length, as a layer with lengths leaves it? */
static bool ends_with_zeros(const ir_value *v) {
    const ir_node *n = v->producer;
    if (n->op == IR_RECURRENT) return n->inputs[IR_REC_LENGTHS] && v->result == 0;
    if (n->op != IR_CAT || n->attrs.axis != 2) return false;
    for (unsigned i = 0; i < n->input_count; i++)
        if (!ends_with_zeros(n->inputs[i])) return false;
    return true;
}

/* dz of the sums that come from x, [T, B, G * H]. What x has past a length is never used: a NaN would outlive dz's 0.
 */
static void input_side(layer *l, ir_value *dz) {
    differentiation *d = l->d;
    ir_value *rows = adj_rows(d, dz), *x = l->in[IR_REC_X], *w = l->in[IR_REC_W_IH];
    ir_value *used = l->valid && !ends_with_zeros(x) ? masked(l, x, 0) : x;
    if (adjoint_wanted(d, w)) adjoint_add_product(d, w, rows, adj_rows(d, used));
    add_bias(l, IR_REC_B_IH, dz);
    if (adjoint_wanted(d, x)) adjoint_add(d, x, by_step(l, adj_matmul(d, rows, w)));
}

/* … from h. */
static void hidden_side(layer *l, ir_value *dz) {
    differentiation *d = l->d;
    ir_value *rows = adj_rows(d, dz), *w = l->in[IR_REC_W_HH];
    if (adjoint_wanted(d, w)) adjoint_add_product(d, w, rows, adj_rows(d, l->before));
    add_bias(l, IR_REC_B_HH, dz);
}

/* --- RNN: h = act(z) ---------------------------------------------------------------------------------------------- */

static void of_rnn(layer *l, ir_value *out) {
    differentiation *d = l->d;
    ir_activation act = l->n->attrs.activation;
    ir_value *z = l->sums ? sums_of(l, 0) : NULL;
    ir_value *slope = masked(l, adj_expand(d, through(l, act, adj_number(d, 1), z, out), &out->type), 0);
    ir_value *kept = ended(l);
    time_loop t = gradient_loop(l);
    unsigned at_slope = add_row(&t, slope), at_out = l->dout ? add_row(&t, masked(l, l->dout, 0)) : 0,
             at_kept = kept ? add_row(&t, kept) : 0;
    open_loop(&t);
    ir_value *dh = joined(l, l->dout ? t.rows[at_out] : NULL, t.carried[0]);
    ir_value *dz = mul(l, dh, t.rows[at_slope]);
    t.next[0] = handed_on(l, adj_matmul(d, dz, l->in[IR_REC_W_HH]), t.carried[0], kept ? t.rows[at_kept] : NULL);
    t.collect[t.collected_count++] = dz;
    close_loop(&t);
    input_side(l, t.collected[0]);
    hidden_side(l, t.collected[0]);
    adjoint_add(d, l->in[IR_REC_H0], t.last[0]);
}

/* --- LSTM: c' = f c + i g, h = o act(c') -------------------------------------------------------------------------- */

typedef struct {
    ir_value *z[4], *gate[4]; /* i, f, g, o: sums, and what the activations make of them */
    ir_value *before, *cell, *active; /* c before and after each step, act(c) after it; [T, B, H] */
} lstm;

static void lstm_again(layer *l, lstm *s) {
    static const char *const names[] = {"i", "f", "g", "o"};
    const ir_attrs *a = &l->n->attrs;
    for (int g = 0; g < 4; g++) {
        s->z[g] = sums_of(l, g);
        s->gate[g] = activated(l, g == 2 ? a->activation : a->recurrent_activation, s->z[g], names[g]);
    }
    s->cell = l->n->results[ir_kept_from(l->n) + 1];
    s->before = moved_on(l, l->in[IR_REC_C0], s->cell, "all_c");
    s->active = activated(l, a->activation, s->cell, "act_c");
}

/* v times the slope of gate g, where a sequence has the step. */
static ir_value *slope_of(const layer *l, const lstm *s, int g, ir_value *v) {
    const ir_attrs *a = &l->n->attrs;
    return masked(l, through(l, g == 2 ? a->activation : a->recurrent_activation, v, s->z[g], s->gate[g]), 0);
}

static void of_lstm(layer *l) {
    differentiation *d = l->d;
    const dim *H = l->hidden;
    bool projects = l->in[IR_REC_W_HR] != NULL;
    ir_type state = shape2(l->batch, H);
    lstm s;
    lstm_again(l, &s);
    /* by dc: those of i, f, g; by the gradient of o act(c'): that of o, and what goes to c' */
    ir_value *parts[] = {slope_of(l, &s, 0, s.gate[2]), slope_of(l, &s, 1, s.before), slope_of(l, &s, 2, s.gate[0])};
    ir_value *by_cell = adj_cat(d, parts, 3, 2), *by_output = slope_of(l, &s, 3, s.active);
    ir_value *to_cell = masked(l, through(l, l->n->attrs.activation, s.gate[3], s.cell, s.active), 0);
    ir_value *kept = ended(l);
    time_loop t = gradient_loop(l);
    t.initial[t.carried_count++] = l->dc ? l->dc : adj_zeros(d, &state);
    ir_type apart = {.dtype = IR_F32, .rank = 4, .dims = {l->steps, l->batch, adj_dim(d, 3), H}};
    add_row(&t, adj_reshape(d, named(l, by_cell, "slopes"), &apart));
    add_row(&t, named(l, by_output, "slope_o"));
    add_row(&t, named(l, to_cell, "slope_c"));
    add_row(&t, masked(l, s.gate[1], 1));
    unsigned at_out = l->dout ? add_row(&t, masked(l, l->dout, 0)) : 0, at_kept = kept ? add_row(&t, kept) : 0;
    open_loop(&t);
    ir_value *dh = joined(l, l->dout ? t.rows[at_out] : NULL, t.carried[0]);
    ir_value *dy = projects ? adj_matmul(d, dh, l->in[IR_REC_W_HR]) : dh;
    ir_value *dc = add(l, t.carried[1], mul(l, dy, t.rows[2]));
    ir_type single = shape3(l->batch, adj_dim(d, 1), H), flat = shape2(l->batch, times(l, 3, H));
    ir_value *inner = adj_reshape(d, mul(l, adj_reshape(d, dc, &single), t.rows[0]), &flat);
    ir_value *const gates[] = {inner, mul(l, dy, t.rows[1])};
    ir_value *dz = named(l, adj_cat(d, gates, 2, 1), "dz");
    named(l, dc, "dc");
    t.next[0] = handed_on(l, adj_matmul(d, dz, l->in[IR_REC_W_HH]), t.carried[0], kept ? t.rows[at_kept] : NULL);
    t.next[1] = mul(l, dc, t.rows[3]);
    t.collect[t.collected_count++] = dz;
    if (projects) t.collect[t.collected_count++] = dh;
    close_loop(&t);
    input_side(l, t.collected[0]);
    hidden_side(l, t.collected[0]);
    adjoint_add(d, l->in[IR_REC_H0], t.last[0]);
    adjoint_add(d, l->in[IR_REC_C0], t.last[1]);
    if (adjoint_wanted(d, l->in[IR_REC_W_HR])) {
        ir_value *h = masked(l, mul(l, s.gate[3], s.active), 0);
        adjoint_add_product(d, l->in[IR_REC_W_HR], adj_rows(d, t.collected[1]), adj_rows(d, h));
    }
}

/* --- GRU: h' = (1 - z) n + z h, n = act(x's part + r (h's part)) -------------------------------------------------- */

static void of_gru(layer *l) {
    differentiation *d = l->d;
    const ir_attrs *a = &l->n->attrs;
    ir_value *sum_r = sums_of(l, 0), *sum_z = sums_of(l, 1);
    ir_value *r = activated(l, a->recurrent_activation, sum_r, "r");
    ir_value *z = activated(l, a->recurrent_activation, sum_z, "z");
    ir_value *share = sums_of(l, 2); /* h's share of n's sum */
    ir_value *sum_n = add(l, sums_of(l, 3), mul(l, r, share)), *n = activated(l, a->activation, sum_n, "n");
    /* by dh: those of n's sum, r's, z's, and of h's share */
    ir_value *by_n = masked(l, through(l, a->activation, adj_minus_from(d, 1, z), sum_n, n), 0);
    ir_value *by_r = masked(l, through(l, a->recurrent_activation, mul(l, by_n, share), sum_r, r), 0);
    ir_value *change = adj_both(d, IR_SUB, l->before, n);
    ir_value *by_z = masked(l, through(l, a->recurrent_activation, change, sum_z, z), 0);
    ir_value *const parts[] = {by_r, by_z, masked(l, mul(l, by_n, r), 0)};
    ir_type apart = {.dtype = IR_F32, .rank = 4, .dims = {l->steps, l->batch, adj_dim(d, 3), l->hidden}};
    time_loop t = gradient_loop(l);
    add_row(&t, adj_reshape(d, named(l, adj_cat(d, parts, 3, 2), "slopes"), &apart));
    add_row(&t, masked(l, z, 1));
    unsigned at_out = l->dout ? add_row(&t, masked(l, l->dout, 0)) : 0;
    open_loop(&t);
    ir_value *dh = joined(l, l->dout ? t.rows[at_out] : NULL, t.carried[0]);
    ir_type single = shape3(l->batch, adj_dim(d, 1), l->hidden), flat = shape2(l->batch, times(l, 3, l->hidden));
    ir_value *dz = adj_reshape(d, mul(l, adj_reshape(d, dh, &single), t.rows[0]), &flat);
    t.next[0] = add(l, adj_matmul(d, dz, l->in[IR_REC_W_HH]), mul(l, dh, t.rows[1]));
    t.collect[t.collected_count++] = dz;
    t.collect[t.collected_count++] = dh;
    close_loop(&t);
    hidden_side(l, t.collected[0]);
    ir_value *const of_x[] = {gates_of(l, t.collected[0], 0, 2), mul(l, t.collected[1], by_n)};
    input_side(l, adj_cat(d, of_x, 2, 2));
    adjoint_add(d, l->in[IR_REC_H0], t.last[0]);
}

/* --- GRU that resets before its product: n = act(x's part + W_n (r h) + b)
 * -------------------------------------------- */

/* Rows of a matrix or bias of all gates. */
static ir_value *part_of(const layer *l, ir_value *v, int64_t from, int64_t count) {
    return adj_slice(l->d, v, 0, times(l, from, l->hidden), times(l, count, l->hidden), 1);
}

/* Gates [from, from + count) of v [T, B, N] times a matrix of all gates, and its bias: [T, B, count * H]. */
static ir_value *share_of(const layer *l, ir_value *v, unsigned matrix, unsigned bias, int64_t from, int64_t count) {
    differentiation *d = l->d;
    ir_value *w = adj_swap(d, part_of(l, l->in[matrix], from, count), 0, 1);
    ir_value *share = by_step(l, adj_matmul(d, adj_rows(d, v), w));
    return l->in[bias] ? add(l, share, part_of(l, l->in[bias], from, count)) : share;
}

/* It keeps nothing: before each step h is known, and so all sums are products of all rows. */
static void of_gru_reset_before(layer *l) {
    differentiation *d = l->d;
    const ir_attrs *a = &l->n->attrs;
    ir_value *w = l->in[IR_REC_W_HH];
    ir_value *x = share_of(l, l->in[IR_REC_X], IR_REC_W_IH, IR_REC_B_IH, 0, 3);
    ir_value *sums = add(l, gates_of(l, x, 0, 2), share_of(l, l->before, IR_REC_W_HH, IR_REC_B_HH, 0, 2));
    ir_value *sum_r = gates_of(l, sums, 0, 1), *sum_z = gates_of(l, sums, 1, 1);
    ir_value *r = activated(l, a->recurrent_activation, sum_r, "r");
    ir_value *z = activated(l, a->recurrent_activation, sum_z, "z");
    ir_value *reset = masked(l, mul(l, r, l->before), 0);
    ir_value *sum_n = add(l, gates_of(l, x, 2, 1), share_of(l, reset, IR_REC_W_HH, IR_REC_B_HH, 2, 1));
    ir_value *n = activated(l, a->activation, sum_n, "n"), *change = adj_both(d, IR_SUB, l->before, n);
    time_loop t = gradient_loop(l);
    add_row(&t, masked(l, through(l, a->activation, adj_minus_from(d, 1, z), sum_n, n), 0));
    add_row(&t, masked(l, through(l, a->recurrent_activation, change, sum_z, z), 0));
    add_row(&t, masked(l, through(l, a->recurrent_activation, l->before, sum_r, r), 0)); /* by the gradient of r h */
    add_row(&t, masked(l, r, 0));
    add_row(&t, masked(l, z, 1));
    unsigned at_out = l->dout ? add_row(&t, masked(l, l->dout, 0)) : 0;
    open_loop(&t);
    ir_value *dh = joined(l, l->dout ? t.rows[at_out] : NULL, t.carried[0]);
    ir_value *dn = mul(l, dh, t.rows[0]), *dreset = adj_matmul(d, dn, part_of(l, w, 2, 1));
    ir_value *const parts[] = {mul(l, dreset, t.rows[2]), mul(l, dh, t.rows[1])};
    ir_value *gates = adj_cat(d, parts, 2, 1);
    ir_value *through_n = add(l, mul(l, dreset, t.rows[3]), mul(l, dh, t.rows[4]));
    t.next[0] = add(l, adj_matmul(d, gates, part_of(l, w, 0, 2)), through_n);
    ir_value *const all[] = {gates, dn};
    t.collect[t.collected_count++] = adj_cat(d, all, 2, 1);
    close_loop(&t);
    ir_value *dz = t.collected[0];
    input_side(l, dz);
    add_bias(l, IR_REC_B_HH, dz);
    adjoint_add(d, l->in[IR_REC_H0], t.last[0]);
    if (!adjoint_wanted(d, w)) return;
    ir_value *const products[] = {
        adj_matmul(d, adj_swap(d, adj_rows(d, gates_of(l, dz, 0, 2)), 0, 1), adj_rows(d, l->before)),
        adj_matmul(d, adj_swap(d, adj_rows(d, gates_of(l, dz, 2, 1)), 0, 1), adj_rows(d, reset))};
    adjoint_add(d, w, adj_cat(d, products, 2, 0));
}

/* -------------------------------------------------------------------------------------------------------------------
 */

static void of_recurrent(differentiation *d, const ir_node *n, ir_value *const *dy) {
    const ir_type *x = &n->inputs[IR_REC_X]->type, *w = &n->inputs[IR_REC_W_HH]->type;
    layer l = {.d = d, .n = n, .in = n->inputs, .steps = x->dims[0], .batch = x->dims[1]};
    l.gates = (int64_t)ir_cell_gates(n->attrs.cell);
    l.hidden = dim_divide_exact(d->model->dims, w->dims[0], adj_dim(d, l.gates));
    l.projected = w->dims[1];
    l.dout = dy[0];
    l.dh = dy[1];
    l.dc = n->attrs.cell == IR_LSTM ? dy[2] : NULL;
    bool resets_before = n->attrs.cell == IR_GRU && !n->attrs.reset_after;
    bool reads = !resets_before && (n->attrs.cell != IR_RNN || adjoint_function_reads_x(n->attrs.activation.function));
    if (reads && !n->attrs.keeps) ir_keep(d->model, (ir_node *)n);
    if (reads) l.sums = n->results[ir_kept_from(n)];
    l.before = moved_on(&l, n->inputs[IR_REC_H0], n->results[0], "all_h");
    find_valid(&l);
    switch (n->attrs.cell) {
    case IR_RNN: of_rnn(&l, n->results[0]); return;
    case IR_LSTM: of_lstm(&l); return;
    case IR_GRU:
        if (resets_before) of_gru_reset_before(&l);
        else of_gru(&l);
        return;
    }
}

adjoint_rule *adjoint_rule_recurrent(ir_op op) { return op == IR_RECURRENT ? of_recurrent : NULL; }
