/* adjoint_tape: --train-tape=K. A recurrent layer over more than K steps becomes a loop over pieces of K steps, whose
 * gradient is that of any loop (adjoint_repeat.c): what each piece begins with is kept, and the steps of a piece are
 * computed once more when its turn comes. The last piece may be shorter: it has lengths.
 *
 * No bit changes: a layer over T steps gives the bits of its pieces, and what the steps add to gradients of weights and
 * biases is added row by row from the last step on (adjoint_add_steps), piece by piece in the body of the loop
 * backwards, where the steps that a piece lacks are zeros before the others. So dz lives for a piece only. */
#include "passes/adjoint.h"

typedef struct {
    differentiation *d;
    ir_replacements *later;
    ir_node *layer;
    int64_t steps;                              /* of a piece */
    const dim *pieces, *all, *length, *batch;   /* all: the steps of all pieces; length: of the layer */
    ir_value *x, *lengths;                      /* by piece: [N, K, B, I], int32 [N, B] or NULL */
} cutter;

static ir_value *integer(const cutter *c, int64_t number) {
    ir_type type = ir_type_scalar(IR_I32);
    ir_value *v = adj_value(c->d, IR_CONST, NULL, 0, &type);
    v->producer->attrs.number = (double)number;
    return v;
}

/* How many steps of each piece are within a sequence: length - K i, of 0 to K. */
static ir_value *lengths_of(const cutter *c) {
    differentiation *d = c->d;
    ir_value *length = c->layer->inputs[IR_REC_LENGTHS];
    if (!length && dim_same(c->all, c->length)) return NULL;
    ir_type scalar = ir_type_scalar(IR_I32), row = {.dtype = IR_I32, .rank = 2, .dims = {adj_dim(d, 1), c->batch}};
    if (length) {
        length = adj_reshape(d, length, &row);
    } else {
        length = adj_value(d, IR_SIZE, NULL, 0, &scalar);
        length->producer->attrs.start = c->length;
    }
    ir_value *begins = adj_both(d, IR_MUL, adj_places(d, c->pieces, 2, 0), integer(c, c->steps));
    ir_value *rest = adj_both(d, IR_SUB, length, begins);
    rest = adj_both(d, IR_MAXIMUM, adj_both(d, IR_MINIMUM, rest, integer(c, c->steps)), integer(c, 0));
    row.dims[0] = c->pieces;
    return adj_expand(d, rest, &row);
}

static ir_value *pieces_of(const cutter *c, ir_value *x) {
    ir_type type = {
        .dtype = x->type.dtype, .rank = 4, .dims = {c->pieces, adj_dim(c->d, c->steps), c->batch, x->type.dims[2]}};
    return adj_reshape(c->d, adj_place(c->d, x, 0, adj_dim(c->d, 0), c->all, 1), &type);
}

static ir_value *source_of(const cutter *c, ir_block *b, ir_op op, size_t index, const ir_type *type) {
    ir_value *v = adj_value(c->d, op, NULL, 0, type);
    v->producer->attrs.index = index;
    v->producer->block = b;
    return v;
}

static ir_type without_first(const ir_type *type) {
    ir_type row = {.dtype = type->dtype, .rank = type->rank - 1};
    for (unsigned i = 0; i < row.rank; i++) row.dims[i] = type->dims[i + 1];
    return row;
}

/* A piece: the layer over K steps, which begins with what is carried. */
static ir_block *block_of(const cutter *c, unsigned states) {
    differentiation *d = c->d;
    arena *a = d->model->arena;
    const ir_node *n = c->layer;
    ir_block *b = ARENA_NEW(a, ir_block);
    ir_graph *around = d->graph;
    ir_node *at = d->at;
    ir_value *inputs[IR_REC_INPUTS];
    for (unsigned i = 0; i < IR_REC_INPUTS; i++) inputs[i] = n->inputs[i];
    b->rows = ARENA_ARRAY(a, ir_value *, 2);
    b->carried = ARENA_ARRAY(a, ir_value *, states);
    b->next = ARENA_ARRAY(a, ir_value *, states);
    b->collected = ARENA_ARRAY(a, ir_value *, 1);
    d->graph = &b->body;
    d->at = NULL;
    ir_type row = without_first(&c->x->type);
    b->rows[0] = inputs[IR_REC_X] = source_of(c, b, IR_ROW, 0, &row);
    if (c->lengths) {
        row = without_first(&c->lengths->type);
        b->rows[1] = inputs[IR_REC_LENGTHS] = source_of(c, b, IR_ROW, 1, &row);
    }
    for (unsigned i = 0; i < states; i++)
        b->carried[i] = inputs[IR_REC_H0 + i] = source_of(c, b, IR_CARRIED, i, &n->results[1 + i]->type);
    ir_node *piece = ir_insert(d->model, d->graph, d->at, IR_RECURRENT, inputs, IR_REC_INPUTS, n->where);
    piece->result_count = n->result_count;
    piece->attrs = n->attrs;
    piece->label = n->label;
    piece->source = n->source;
    piece->results[0]->type = n->results[0]->type;
    piece->results[0]->type.dims[0] = adj_dim(d, c->steps);
    for (unsigned i = 0; i < states; i++) {
        piece->results[1 + i]->type = n->results[1 + i]->type;
        b->next[i] = piece->results[1 + i];
    }
    b->collected[0] = piece->results[0];
    d->graph = around;
    d->at = at;
    return b;
}

static void cut(cutter *c) {
    differentiation *d = c->d;
    ir_node *n = c->layer;
    unsigned states = n->attrs.cell == IR_LSTM ? 2 : 1, rows = 0, count = 0;
    c->x = pieces_of(c, n->inputs[IR_REC_X]);
    c->lengths = lengths_of(c);
    ir_value *inputs[4];
    inputs[rows++] = c->x;
    if (c->lengths) inputs[rows++] = c->lengths;
    count = rows;
    for (unsigned i = 0; i < states; i++) {
        ir_value *first = n->inputs[IR_REC_H0 + i];
        inputs[count++] = first ? first : adj_zeros(d, &n->results[1 + i]->type);
    }
    ir_block *b = block_of(c, states);
    ir_node *loop = ir_insert_repeat(d->model, d->graph, d->at, b, inputs, count, rows, c->pieces, 1, n->where);
    loop->label = n->label;
    loop->attrs.backwards = n->attrs.reverse;
    loop->attrs.pieces = true;
    d->at = loop;
    ir_type all = n->results[0]->type;
    all.dims[0] = c->all;
    ir_value *out = adj_slice(d, adj_reshape(d, loop->results[states], &all), 0, adj_dim(d, 0), c->length, 1);
    out->name = n->results[0]->name;
    ir_replace_later(d->model, c->later, n->results[0], out);
    for (unsigned i = 0; i < states; i++) ir_replace_later(d->model, c->later, n->results[1 + i], loop->results[i]);
}

/* Does it keep what pieces would save? A GRU that resets before its product keeps h alone, and makes its sums anew as
 * products of all rows (adjoint_recurrent.c). An RNN keeps h alone, too, which is there for whoever reads all of it. */
static bool keeps_steps(const differentiation *d, const ir_node *n) {
    if (n->op != IR_RECURRENT || (n->attrs.cell == IR_GRU && !n->attrs.reset_after)) return false;
    return n->attrs.cell != IR_RNN || !adjoint_is_read_whole(d, n->results[0]);
}

/* Pieces of one step would be sums of another form (plan/choose_recurrent.c: fused), and so of other bits: they have
 * two. */
void adjoint_cut_tape(differentiation *d, int64_t steps) {
    dim_table *t = d->model->dims;
    const ir_node *const at = d->at;
    ir_replacements later = {0};
    if (steps < 2) steps = 2;
    for (ir_node *n = d->graph->first, *next; n; n = next) {
        next = n->next;
        if (!keeps_steps(d, n) || !adjoint_wanted(d, n->results[0]) || dim_max(n->results[0]->type.dims[0]) <= steps)
            continue;
        cutter c = {.d = d,
                    .later = &later,
                    .layer = n,
                    .steps = steps,
                    .length = n->results[0]->type.dims[0],
                    .batch = n->results[0]->type.dims[1]};
        c.pieces = dim_floordiv(t, dim_add(t, c.length, adj_dim(d, steps - 1)), steps);
        c.all = dim_mul(t, c.pieces, adj_dim(d, steps));
        d->node = n;
        d->at = n;
        cut(&c);
    }
    d->at = (ir_node *)at;
    ir_replace_all(d->model, &later);
}
