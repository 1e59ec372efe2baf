/* adjoint_recurrent: RNN, LSTM and GRU, backwards through time.
 *
 * The layer keeps the sums of which its activations are taken (and c). The loop over time, a REPEAT that runs against
 * the layer's direction, does what is sequential: the gradient of h comes from out, and from the step behind by W_hh;
 * the cell's derivative makes dz of it, the gradients of the sums of all gates, which the planner puts where the sums
 * were; and dz goes back to the step before by W_hh. Gradients of weights, biases and x are products of the dz of all
 * rows behind the loop.
 *
 * With lengths, a row that has ended hands on what it gets, and has a dz of 0.
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

/* Gates [from, from + count) of [..., G * H] */
static ir_value *gates_of(const layer *l, ir_value *z, int64_t from, int64_t count) {
    return adj_slice(l->d, z, z->type.rank - 1, times(l, from, l->hidden), times(l, count, l->hidden), 1);
}

static ir_value *mul(const layer *l, ir_value *x, ir_value *y) { return adj_both(l->d, IR_MUL, x, y); }

static ir_value *add(const layer *l, ir_value *x, ir_value *y) { return adj_both(l->d, IR_ADD, x, y); }

static ir_value *integer(differentiation *d, int64_t number) {
    ir_type type = ir_type_scalar(IR_I32);
    ir_value *v = adj_value(d, IR_CONST, NULL, 0, &type);
    v->producer->attrs.number = (double)number;
    return v;
}

/* What the generated code calls a value that has memory of its own, and the function that makes it: lstm_NAME. */
static ir_value *labelled(const layer *l, ir_value *v, const char *name) {
    if (l->n->label) v->producer->label = arena_printf(l->d->model->arena, "%s_%s", l->n->label, name);
    return v;
}

/* What a step's function calls it. */
static ir_value *named(ir_value *v, const char *name) {
    if (!v->name) v->name = name;
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
    ir_value *all_steps = labelled(l, adj_cat(d, parts, 2, 0), name);
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

/* v where a sequence has the step, valid; else `otherwise`, NULL: 0. */
static ir_value *where_valid(const layer *l, ir_value *valid, ir_value *v, ir_value *otherwise) {
    return valid ? adj_where(l->d, valid, v, otherwise ? otherwise : adj_number(l->d, 0)) : v;
}

static ir_value *activated(const layer *l, ir_activation a, ir_value *z, const char *name) {
    if (a.function == IR_LINEAR_ACTIVATION) return z;
    return named(adj_unary(l->d, a.function, a.scalar[0], a.scalar[1], z), name);
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
    const char *names[MOST_CARRIED];
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
    for (unsigned i = 0; i < t->carried_count; i++) {
        t->carried[i] = is_one_step(t) ? t->initial[i] : source_of(t, IR_CARRIED, i, &t->initial[i]->type);
        if (!is_one_step(t)) t->carried[i]->name = t->names[i];
    }
}

/* [1, …] of a step's value. */
static ir_value *as_all(differentiation *d, ir_value *v) {
    const ir_type type = ir_type_stacked(adj_dim(d, 1), &v->type);
    return adj_reshape(d, v, &type);
}

static ir_value **copied(differentiation *d, ir_value *const *values, unsigned count) {
    ir_value **copy = ARENA_ARRAY(d->model->arena, ir_value *, count);
    for (unsigned i = 0; i < count; i++) copy[i] = values[i];
    return copy;
}

/* lstm_dh, lstm_dc: where they lie in scratch. */
static void name_results(const time_loop *t, const ir_node *repeat) {
    const differentiation *d = t->layer->d;
    if (!repeat->label) return;
    for (unsigned i = 0; i < t->carried_count; i++)
        repeat->results[i]->name = arena_printf(d->model->arena, "%s_%s", repeat->label, t->names[i]);
}

/* The elementwise operators of a step become one function (plan/fuse.c). */
static void label_step(const time_loop *t) {
    const layer *l = t->layer;
    for (ir_node *n = t->block->body.first; n; n = n->next)
        if (ir_op_is_elementwise(n->op)) labelled(l, n->results[0], "backward_step");
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
    name_results(t, n);
    label_step(t);
    for (unsigned i = 0; i < t->carried_count; i++) t->last[i] = n->results[i];
    for (unsigned i = 0; i < t->collected_count; i++) t->collected[i] = n->results[t->carried_count + i];
}

/* Which row it is; of nothing, NO_ROW. */
enum { NO_ROW = MOST_ROWS };

static unsigned add_row(time_loop *t, ir_value *all) {
    if (!all) return NO_ROW;
    t->all[t->row_count] = all;
    return t->row_count++;
}

static ir_value *row(const time_loop *t, unsigned i, const char *name) {
    return i == NO_ROW ? NULL : named(t->rows[i], name);
}

static void carry(time_loop *t, ir_value *initial, const dim *size, const char *name) {
    const layer *l = t->layer;
    ir_type type = shape2(l->batch, size);
    t->names[t->carried_count] = name;
    t->initial[t->carried_count++] = initial ? initial : adj_zeros(l->d, &type);
}

/* The way back through the layer's time. What each cell's begins with: the gradient of h, which comes from out and from
 * the step behind. */
typedef struct {
    time_loop t;
    unsigned out_row, valid_row;
    ir_value *valid; /* of the step: bool [B, 1]; NULL without lengths */
    ir_value *behind; /* what the step behind hands to h, [B, P] */
    ir_value *dh;    /* with what comes from out */
} way_back;

static way_back begin_back(const layer *l) {
    way_back w = {.t = {.layer = l, .backwards = !l->n->attrs.reverse}};
    carry(&w.t, l->dh, l->projected, "dh");
    w.out_row = add_row(&w.t, l->dout);
    w.valid_row = add_row(&w.t, l->valid);
    return w;
}

/* All rows and what is carried are there. past: is there a second part of what comes from the step behind? */
static void open_back(way_back *w, bool past) {
    const layer *l = w->t.layer;
    open_loop(&w->t);
    w->valid = row(&w->t, w->valid_row, "valid");
    ir_value *dout = row(&w->t, w->out_row, "dout");
    w->behind = past ? add(l, w->t.carried[0], w->t.carried[1]) : w->t.carried[0];
    w->dh = dout ? named(add(l, dout, w->behind), "dh") : w->behind;
}

/* --- what all cells end with -------------------------------------------------------------------------------------- */

/* Rows of dz, and those that they are multiplied with (NULL: of a bias), to the gradient of an operand. */
static void add_steps(const layer *l, unsigned operand, ir_value *dz, ir_value *x) {
    if (x) dz = adj_rows(l->d, dz);
    adjoint_add_steps(l->d, l->in[operand], dz, x ? adj_rows(l->d, x) : NULL, !l->n->attrs.reverse);
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
    ir_value *used = l->valid && !ends_with_zeros(x) ? where_valid(l, l->valid, x, NULL) : x;
    add_steps(l, IR_REC_W_IH, dz, used);
    add_steps(l, IR_REC_B_IH, dz, NULL);
    if (!adjoint_wanted(d, x)) return;
    ir_value *dx = labelled(l, adj_matmul(d, rows, w), "dx");
    dx->producer->attrs.pieces = true;
    adjoint_add(d, x, by_step(l, dx));
}

/* … from h. */
static void hidden_side(layer *l, ir_value *dz) {
    add_steps(l, IR_REC_W_HH, dz, l->before);
    add_steps(l, IR_REC_B_HH, dz, NULL);
}

/* dz, gate by gate, is what the loop collects. Past a length it is 0. */
static ir_value *collect_dz(way_back *w, ir_value *const *gates, const char *const *names, unsigned count) {
    const layer *l = w->t.layer;
    ir_value *parts[4];
    for (unsigned i = 0; i < count; i++) parts[i] = named(where_valid(l, w->valid, gates[i], NULL), names[i]);
    ir_value *dz = count > 1 ? labelled(l, adj_cat(l->d, parts, count, 1), "dz") : parts[0];
    w->t.collect[w->t.collected_count++] = dz;
    return dz;
}

/* What h of the step before gets by a matrix, and what a row that has no such step hands on. */
static void hand_on(way_back *w, ir_value *dz, ir_value *matrix) {
    const layer *l = w->t.layer;
    ir_value *by_matrix = labelled(l, adj_matmul(l->d, dz, matrix), "dh");
    w->t.next[0] = where_valid(l, w->valid, by_matrix, w->behind);
}

/* --- RNN: h = act(z) ---------------------------------------------------------------------------------------------- */

static void of_rnn(layer *l, ir_value *out) {
    differentiation *d = l->d;
    static const char *const names[] = {"dz"};
    way_back w = begin_back(l);
    unsigned at_sum = add_row(&w.t, l->sums), at_out = add_row(&w.t, out);
    open_back(&w, false);
    ir_value *z = row(&w.t, at_sum, "z"), *h = row(&w.t, at_out, "h");
    ir_value *da = through(l, l->n->attrs.activation, w.dh, z, h);
    hand_on(&w, collect_dz(&w, &da, names, 1), l->in[IR_REC_W_HH]);
    close_loop(&w.t);
    input_side(l, w.t.collected[0]);
    hidden_side(l, w.t.collected[0]);
    adjoint_add(d, l->in[IR_REC_H0], w.t.last[0]);
}

/* --- LSTM: c' = f c + i g, h = o act(c') -------------------------------------------------------------------------- */

/* The rows of the loop. */
typedef struct {
    unsigned sums, before, cell; /* before, cell: c before the step and behind it */
} lstm_rows;

static lstm_rows rows_of_lstm(layer *l, way_back *w) {
    ir_value *cell = l->n->results[ir_kept_from(l->n) + 1];
    ir_value *before = moved_on(l, l->in[IR_REC_C0], cell, "all_c");
    return (lstm_rows){.sums = add_row(&w->t, l->sums), .before = add_row(&w->t, before), .cell = add_row(&w->t, cell)};
}

static void of_lstm(layer *l) {
    static const char *const gate_names[] = {"i", "f", "g", "o"}, *const sum_names[] = {"z_i", "z_f", "z_g", "z_o"},
                      *const dz_names[] = {"dz_i", "dz_f", "dz_g", "dz_o"};
    differentiation *d = l->d;
    const ir_attrs *a = &l->n->attrs;
    ir_value *w_hr = l->in[IR_REC_W_HR], *z[4], *gate[4];
    way_back w = begin_back(l);
    carry(&w.t, l->dc, l->hidden, "dc");
    lstm_rows rows = rows_of_lstm(l, &w);
    open_back(&w, false);
    ir_value *before = row(&w.t, rows.before, "c_before"), *c = row(&w.t, rows.cell, "c");
    ir_value *sums = row(&w.t, rows.sums, "sums"), *dc_behind = w.t.carried[1];
    for (int g = 0; g < 4; g++) {
        z[g] = named(gates_of(l, sums, g, 1), sum_names[g]);
        gate[g] = activated(l, g == 2 ? a->activation : a->recurrent_activation, z[g], gate_names[g]);
    }
    ir_value *i = gate[0], *f = gate[1], *g = gate[2], *o = gate[3];
    ir_value *act_c = activated(l, a->activation, c, "act_c");
    ir_value *dh = w_hr ? where_valid(l, w.valid, w.dh, NULL) : w.dh;
    ir_value *dy = w_hr ? labelled(l, adj_matmul(d, dh, w_hr), "dy") : dh; /* the gradient of o act(c') */
    ir_value *dc = named(add(l, dc_behind, through(l, a->activation, mul(l, dy, o), c, act_c)), "dc");
    ir_value *const dz[] = {
        through(l, a->recurrent_activation, mul(l, dc, g), z[0], i),
        through(l, a->recurrent_activation, mul(l, dc, before), z[1], f),
        through(l, a->activation, mul(l, dc, i), z[2], g),
        through(l, a->recurrent_activation, mul(l, dy, act_c), z[3], o),
    };
    hand_on(&w, collect_dz(&w, dz, dz_names, 4), l->in[IR_REC_W_HH]);
    w.t.next[1] = named(where_valid(l, w.valid, mul(l, dc, f), dc_behind), "dc_before");
    if (adjoint_wanted(d, w_hr)) {
        w.t.collect[w.t.collected_count++] = dh;
        w.t.collect[w.t.collected_count++] = where_valid(l, w.valid, mul(l, o, act_c), NULL);
    }
    close_loop(&w.t);
    input_side(l, w.t.collected[0]);
    hidden_side(l, w.t.collected[0]);
    adjoint_add(d, l->in[IR_REC_H0], w.t.last[0]);
    adjoint_add(d, l->in[IR_REC_C0], w.t.last[1]);
    if (adjoint_wanted(d, w_hr)) add_steps(l, IR_REC_W_HR, w.t.collected[1], w.t.collected[2]);
}

/* --- GRU: h' = (1 - z) n + z h, n = act(x's part + r (h's part)) -------------------------------------------------- */

/* What h of the step before gets beside. A row that has no such step has handed all on by then. */
static void hand_past(way_back *w, ir_value *past) {
    w->t.next[1] = named(where_valid(w->t.layer, w->valid, past, NULL), "dh_past");
}

static void of_gru(layer *l) {
    static const char *const names[] = {"dz_r", "dz_z", "dz_share", "dz_n"};
    differentiation *d = l->d;
    const ir_attrs *a = &l->n->attrs;
    way_back w = begin_back(l);
    carry(&w.t, NULL, l->hidden, "dh_past");
    unsigned at_sums = add_row(&w.t, l->sums), at_before = add_row(&w.t, l->before);
    open_back(&w, true);
    ir_value *sums = row(&w.t, at_sums, "sums"), *before = row(&w.t, at_before, "h_before");
    ir_value *z_r = named(gates_of(l, sums, 0, 1), "z_r"), *z_z = named(gates_of(l, sums, 1, 1), "z_z");
    ir_value *share = named(gates_of(l, sums, 2, 1), "share"); /* h's, of n's sum */
    ir_value *r = activated(l, a->recurrent_activation, z_r, "r"), *z = activated(l, a->recurrent_activation, z_z, "z");
    ir_value *z_n = named(add(l, named(gates_of(l, sums, 3, 1), "z_x"), mul(l, r, share)), "z_n");
    ir_value *n = activated(l, a->activation, z_n, "n");
    ir_value *dn = through(l, a->activation, mul(l, w.dh, adj_one_minus(d, z)), z_n, n);
    ir_value *dz[] = {
        through(l, a->recurrent_activation, mul(l, dn, share), z_r, r),
        through(l, a->recurrent_activation, mul(l, w.dh, adj_both(d, IR_SUB, before, n)), z_z, z),
        mul(l, dn, r),
        dn,
    };
    ir_value *all = collect_dz(&w, dz, names, 4);
    hand_on(&w, gates_of(l, all, 0, 3), l->in[IR_REC_W_HH]);
    hand_past(&w, mul(l, w.dh, z));
    close_loop(&w.t);
    ir_value *collected = w.t.collected[0];
    hidden_side(l, gates_of(l, collected, 0, 3));
    ir_value *const of_x[] = {gates_of(l, collected, 0, 2), gates_of(l, collected, 3, 1)};
    input_side(l, adj_cat(d, of_x, 2, 2));
    adjoint_add(d, l->in[IR_REC_H0], add(l, w.t.last[0], w.t.last[1]));
}

/* --- GRU that resets before its product: n = act(x's part + W_n (r h) + b) ---------------------------------------- */

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
    static const char *const names[] = {"dz_r", "dz_z"};
    differentiation *d = l->d;
    const ir_attrs *a = &l->n->attrs;
    ir_value *w_hh = l->in[IR_REC_W_HH];
    ir_value *x = share_of(l, l->in[IR_REC_X], IR_REC_W_IH, IR_REC_B_IH, 0, 3);
    ir_value *all_sums = add(l, gates_of(l, x, 0, 2), share_of(l, l->before, IR_REC_W_HH, IR_REC_B_HH, 0, 2));
    ir_value *all_r = activated(l, a->recurrent_activation, gates_of(l, all_sums, 0, 1), "r");
    ir_value *reset = where_valid(l, l->valid, mul(l, all_r, l->before), NULL);
    ir_value *all_n = add(l, gates_of(l, x, 2, 1), share_of(l, reset, IR_REC_W_HH, IR_REC_B_HH, 2, 1));
    way_back w = begin_back(l);
    carry(&w.t, NULL, l->hidden, "dh_past");
    unsigned at_sums = add_row(&w.t, all_sums), at_n = add_row(&w.t, all_n), at_before = add_row(&w.t, l->before);
    open_back(&w, true);
    ir_value *sums = row(&w.t, at_sums, "sums"), *z_n = row(&w.t, at_n, "z_n");
    ir_value *before = row(&w.t, at_before, "h_before");
    ir_value *z_r = named(gates_of(l, sums, 0, 1), "z_r"), *z_z = named(gates_of(l, sums, 1, 1), "z_z");
    ir_value *r = activated(l, a->recurrent_activation, z_r, "r"), *z = activated(l, a->recurrent_activation, z_z, "z");
    ir_value *n = activated(l, a->activation, z_n, "n");
    ir_value *dn = through(l, a->activation, mul(l, w.dh, adj_one_minus(d, z)), z_n, n);
    dn = named(where_valid(l, w.valid, dn, NULL), "dz_n");
    ir_value *dreset = labelled(l, adj_matmul(d, dn, part_of(l, w_hh, 2, 1)), "dreset"); /* the gradient of r h */
    ir_value *const dz[] = {
        through(l, a->recurrent_activation, mul(l, dreset, before), z_r, r),
        through(l, a->recurrent_activation, mul(l, w.dh, adj_both(d, IR_SUB, before, n)), z_z, z),
    };
    ir_value *gates = collect_dz(&w, dz, names, 2);
    w.t.collect[w.t.collected_count++] = dn;
    hand_on(&w, gates, part_of(l, w_hh, 0, 2));
    hand_past(&w, add(l, mul(l, dreset, r), mul(l, w.dh, z)));
    close_loop(&w.t);
    ir_value *const all[] = {w.t.collected[0], w.t.collected[1]}, *all_dz = adj_cat(d, all, 2, 2);
    input_side(l, all_dz);
    add_steps(l, IR_REC_B_HH, all_dz, NULL);
    adjoint_add(d, l->in[IR_REC_H0], add(l, w.t.last[0], w.t.last[1]));
    if (!adjoint_wanted(d, w_hh)) return;
    ir_value *const products[] = {
        adj_matmul(d, adj_swap(d, adj_rows(d, all[0]), 0, 1), adj_rows(d, l->before)),
        adj_matmul(d, adj_swap(d, adj_rows(d, all[1]), 0, 1), adj_rows(d, reset))};
    adjoint_add(d, w_hh, adj_cat(d, products, 2, 0));
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
