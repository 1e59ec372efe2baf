/* adjoint_repeat: a loop, backwards.
 *
 * The loop forward collects what each round begins with. A round backwards does the body once more, out of that and of
 * the same rows, and then the body's gradient; so what a loop keeps is what it carries, whatever happens in a round.
 * The loop backwards carries the gradients of what the one forward carries, and collects those of its rows.
 *
 * What the body takes from around it: the gradient of a matrix is one product of all rounds' rows behind the loop, and
 * that of what was added to rows one sum over them; the order of terms is that of a gradient without the loop. Other
 * gradients are carried, too, as sums. A loop over pieces of a layer (adjoint_tape.c) has its sinks inside. */
#include "passes/adjoint.h"

#include <string.h>

typedef struct {
    ir_value **values;
    size_t count, capacity;
} value_list;

/* What the rounds contribute to the gradient of a value around the loop. */
typedef enum { SUM_OF_ROWS, CARRIED_SUM, PRODUCT, TABLE_ROWS } share_kind;

typedef struct {
    share_kind kind;
    ir_value *to;
    ir_value *each, *beside; /* a round's: what is summed up, dy; x, ids */
    unsigned axes;           /* SUM_OF_ROWS: of `each` */
    ir_value *sum;           /* SUM_OF_ROWS: behind the loop */
    size_t carried;          /* CARRIED_SUM: which */
    const ir_attrs *attrs;   /* TABLE_ROWS */
} share;

typedef struct {
    differentiation *d;
    ir_node *forward;
    unsigned carried_count, result_count; /* of forward, before it collects more */
    ir_block *block;        /* the rounds backwards */
    ir_node *repeat;        /* the loop backwards */
    ir_graph *graph;        /* around it */
    ir_node *at;
    unsigned first_id;      /* of the values of the new block */
    value_list all, rows;   /* operands that are consumed row by row, and the body's rows */
    value_list initial, carried, next, collected;
    size_t *gradient_of;    /* by what forward carries: 1 + which of `carried` has its gradient; 0: not wanted */
    share *shares;
    size_t share_count, share_capacity;
} reverse;

static void push(reverse *r, value_list *list, ir_value *v) {
    ARENA_PUSH(r->d->model->arena, list->values, list->count, list->capacity, v);
}

/* --- the body once more ------------------------------------------------------------------------------------------- */

static ir_value *source_of(reverse *r, ir_op op, size_t index, const ir_type *type) {
    ir_value *v = adj_value(r->d, op, NULL, 0, type);
    v->producer->attrs.index = index;
    v->producer->block = r->block;
    return v;
}

static ir_type row_type(const ir_type *all) {
    ir_type row = {.dtype = all->dtype, .rank = all->rank - 1};
    for (unsigned i = 0; i < row.rank; i++) row.dims[i] = all->dims[i + 1];
    return row;
}

static ir_value *add_row(reverse *r, ir_value *all) {
    ir_type row = row_type(&all->type);
    ir_value *v = source_of(r, IR_ROW, r->rows.count, &row);
    push(r, &r->all, all);
    push(r, &r->rows, v);
    return v;
}

/* Made in front of the loop. */
static ir_value *zeros_around(reverse *r, const ir_type *type) {
    differentiation *d = r->d;
    ir_node *at = d->at;
    d->graph = r->graph;
    d->at = r->at;
    ir_value *zeros = adj_zeros(d, type);
    r->at = d->at;
    d->graph = &r->block->body;
    d->at = at;
    return zeros;
}

static size_t add_carried(reverse *r, ir_value *initial) {
    push(r, &r->initial, initial);
    push(r, &r->carried, source_of(r, IR_CARRIED, r->carried.count, &initial->type));
    push(r, &r->next, NULL);
    return r->carried.count - 1;
}

/* The new values are wanted where the old ones are. A round's gradients are sums of their own. */
static void open_sums(reverse *r, ir_value *const *of) {
    differentiation *d = r->d;
    bool *wanted = ARENA_ARRAY(d->model->arena, bool, d->model->value_count + 1);
    memcpy(wanted, d->wanted, d->count * sizeof *wanted);
    for (size_t i = 0; i < d->count; i++)
        if (of[i]) wanted[of[i]->id] = d->wanted[i];
    d->wanted = wanted;
    d->count = d->model->value_count;
    d->of = ARENA_ARRAY(d->model->arena, adjoint, d->count + 1);
}

/* What stands for a forward value: a new one, or itself where it is made around the loop. */
static ir_value *made_of(ir_value *const *of, ir_value *v) { return of[v->id] ? of[v->id] : v; }

/* The forward body, whose carried values are rows now. */
static ir_value **clone_body(reverse *r) {
    differentiation *d = r->d;
    const ir_block *from = r->forward->block;
    unsigned rows = ir_rows_of(r->forward);
    ir_value **starts = ARENA_ARRAY(d->model->arena, ir_value *, r->carried_count + 1);
    for (unsigned i = 0; i < r->carried_count; i++)
        if (from->carried[i]) starts[i] = ir_collect(d->model, r->forward, from->carried[i]);
    r->first_id = d->model->value_count;
    ir_value **of = ARENA_ARRAY(d->model->arena, ir_value *, r->first_id + 1);
    ir_clone_body(d->model, from, r->block, of);
    for (unsigned i = 0; i < rows; i++) {
        push(r, &r->all, r->forward->inputs[i]);
        push(r, &r->rows, from->rows[i] ? of[from->rows[i]->id] : NULL);
    }
    for (unsigned i = 0; i < r->carried_count; i++) {
        if (!from->carried[i]) continue;
        ir_value *v = of[from->carried[i]->id];
        v->producer->op = IR_ROW;
        v->producer->attrs.index = r->rows.count;
        push(r, &r->all, starts[i]);
        push(r, &r->rows, v);
    }
    return of;
}

/* --- what a round contributes ------------------------------------------------------------------------------------- */

static bool is_inside(const reverse *r, const ir_value *v) { return v->id >= r->first_id; }

/* What a sum over leading dims was taken of, and these; NULL: it is none. */
static ir_value *summed_rows(const reverse *r, ir_value *g, unsigned *axes) {
    while (g->producer->op == IR_RESHAPE && is_inside(r, g)) g = g->producer->inputs[0];
    *axes = g->producer->attrs.axes;
    if (g->producer->op != IR_SUM || !is_inside(r, g) || (*axes & (*axes + 1))) return NULL;
    ir_value *x = g->producer->inputs[0];
    return is_inside(r, x) && x->type.rank < IR_MAX_RANK ? x : NULL;
}

static void add_share(reverse *r, share s) {
    ARENA_PUSH(r->d->model->arena, r->shares, r->share_count, r->share_capacity, s);
}

/* g, a round's gradient of v, which stands around the loop. */
static void share_sum(reverse *r, ir_value *v, ir_value *g) {
    const ir_node *n = g->producer;
    unsigned axes;
    if (n->op == IR_ADD && is_inside(r, g) && ir_type_same(&n->inputs[0]->type, &g->type) &&
        ir_type_same(&n->inputs[1]->type, &g->type)) {
        share_sum(r, v, n->inputs[0]);
        share_sum(r, v, n->inputs[1]);
        return;
    }
    ir_value *x = summed_rows(r, g, &axes);
    if (x) {
        add_share(r, (share){.kind = SUM_OF_ROWS, .to = v, .each = x, .axes = axes});
        return;
    }
    size_t carried = add_carried(r, zeros_around(r, &v->type));
    r->next.values[carried] = adj_both(r->d, IR_ADD, r->carried.values[carried], g);
    add_share(r, (share){.kind = CARRIED_SUM, .to = v, .carried = carried});
}

static void share_all(reverse *r) {
    differentiation *d = r->d;
    for (unsigned id = 0; id < r->first_id; id++) {
        const adjoint *a = &d->of[id];
        if (a->sum) share_sum(r, a->value, a->sum);
        for (const adjoint_product *p = a->products; p; p = p->next)
            add_share(r, (share){.kind = PRODUCT, .to = a->value, .each = p->dy, .beside = p->x});
        for (const adjoint_rows *t = a->rows; t; t = t->next)
            add_share(r,
                      (share){.kind = TABLE_ROWS, .to = a->value, .each = t->dy, .beside = t->ids, .attrs = t->attrs});
    }
}

/* --- behind the loop ---------------------------------------------------------------------------------------------- */

/* What v is a view of: its elements in the same order. */
static ir_value *viewed(const reverse *r, ir_value *v) {
    while (v->producer->op == IR_RESHAPE && is_inside(r, v)) v = v->producer->inputs[0];
    return v;
}

/* The operand whose row v is, or NULL. */
static ir_value *operand_of(const reverse *r, const ir_value *v) {
    if (v->producer->op != IR_ROW || v->producer->block != r->block) return NULL;
    return r->all.values[v->producer->attrs.index];
}

/* Asks the loop for what v is in each round. */
static void collect(reverse *r, ir_value *v) {
    if (!v) return;
    v = viewed(r, v);
    if (!is_inside(r, v) || operand_of(r, v)) return;
    for (size_t i = 0; i < r->collected.count; i++)
        if (r->collected.values[i] == v) return;
    push(r, &r->collected, v);
}

/* v of all rounds, [rounds, …]. */
static ir_value *of_all(const reverse *r, ir_value *v) {
    differentiation *d = r->d;
    const ir_type each = v->type;
    const ir_type type = ir_type_stacked(r->forward->attrs.rounds, &each);
    v = viewed(r, v);
    if (!is_inside(r, v)) return adj_expand(d, adj_reshape(d, v, &each), &type);
    ir_value *operand = operand_of(r, v);
    if (operand) return adj_reshape(d, operand, &type);
    for (size_t i = 0; i < r->collected.count; i++)
        if (r->collected.values[i] == v) return adj_reshape(d, r->repeat->results[r->carried.count + i], &type);
    ice("a loop backwards did not collect what is asked of it");
}

/* Of two biases of one layer it is the same. */
static ir_value *sum_of_rows(const reverse *r, const share *s) {
    for (const share *other = r->shares; other != s; other++)
        if (other->kind == SUM_OF_ROWS && other->each == s->each && other->axes == s->axes) return other->sum;
    return adj_reduce(r->d, IR_SUM, of_all(r, s->each), s->axes << 1 | 1, false);
}

static void add_shares(reverse *r) {
    differentiation *d = r->d;
    for (size_t i = 0; i < r->share_count; i++) {
        share *s = &r->shares[i];
        switch (s->kind) {
        case SUM_OF_ROWS:
            s->sum = sum_of_rows(r, s);
            adjoint_add(d, s->to, adj_reshape(d, s->sum, &s->to->type));
            break;
        case CARRIED_SUM: adjoint_add(d, s->to, r->repeat->results[s->carried]); break;
        case PRODUCT: {
            ir_value *dy = of_all(r, s->each), *x = of_all(r, s->beside);
            adjoint_add_product(d, s->to, adj_rows(d, dy), adj_rows(d, x));
            break;
        }
        case TABLE_ROWS: {
            ir_value *dy = of_all(r, s->each);
            adjoint_add_rows(d, s->to, dy, of_all(r, s->beside), s->attrs);
            break;
        }
        }
    }
}

static void close_loop(reverse *r) {
    differentiation *d = r->d;
    for (size_t i = 0; i < r->share_count; i++) {
        collect(r, r->shares[i].each);
        collect(r, r->shares[i].beside);
    }
    ir_block *b = r->block;
    b->rows = r->rows.values;
    b->carried = r->carried.values;
    b->next = r->next.values;
    b->collected = r->collected.values;
    size_t rows = r->all.count;
    for (size_t i = 0; i < r->initial.count; i++) push(r, &r->all, r->initial.values[i]);
    d->graph = r->graph;
    d->at = r->at;
    r->repeat = ir_insert_repeat(d->model, d->graph, d->at, b, r->all.values, (unsigned)r->all.count, (unsigned)rows,
                                 r->forward->attrs.rounds, (unsigned)r->collected.count, d->node->where);
    r->repeat->label = r->forward->label;
    r->repeat->attrs.backwards = !r->forward->attrs.backwards;
    d->at = r->repeat;
}

/* --- the rule ----------------------------------------------------------------------------------------------------- */

static bool is_trained(const differentiation *d, const ir_value *v) {
    return v && v->producer->op == IR_PARAM && d->model->params[v->producer->attrs.index].trained;
}

/* False after reporting what a round cannot do once more, or not yet. */
static bool body_is_fit(differentiation *d, const ir_graph *body) {
    for (const ir_node *n = body->first; n; n = n->next) {
        const char *what = NULL;
        if (n->op == IR_REPEAT && !body_is_fit(d, &n->block->body)) return false;
        if (n->op == IR_DROPOUT) what = "a Dropout of what a loop carries";
        if (n->op == IR_BATCH_NORM && n->attrs.axes && is_trained(d, n->inputs[3]))
            what = "a trained BatchNorm of what a loop carries";
        if (n->op == IR_EMBEDDING && n->attrs.has_max_norm && is_trained(d, n->inputs[1]))
            what = "an Embedding with max_norm of what a loop carries";
        if (!what) continue;
        adjoint_refuse(d, n, what);
        return false;
    }
    return true;
}

static bool loop_is_fit(differentiation *d, const ir_node *n) {
    if (n->block->until) adjoint_refuse(d, n, "a loop that ends early, with until,");
    else if (dim_min(n->attrs.rounds) < 1) adjoint_refuse(d, n, "a loop that may have no round");
    else return body_is_fit(d, &n->block->body);
    return false;
}

/* The gradients of the round's end and of what it collects, back through the body. */
static void go_back(reverse *r, ir_value **of, ir_value *const *dy) {
    differentiation *d = r->d;
    const ir_block *from = r->forward->block;
    size_t count = 0, capacity = 0;
    const ir_node **nodes = NULL;
    for (const ir_node *n = r->block->body.first; n; n = n->next)
        ARENA_PUSH(d->model->arena, nodes, count, capacity, n);
    d->at = r->block->body.last;
    for (unsigned i = 0; i < r->carried_count; i++) {
        const ir_value *last = r->forward->results[i];
        if (!d->wanted[last->id]) continue;
        r->gradient_of[i] = add_carried(r, dy[i] ? dy[i] : zeros_around(r, &last->type)) + 1;
        adjoint_add(d, made_of(of, from->next[i]), r->carried.values[r->gradient_of[i] - 1]);
    }
    for (unsigned i = r->carried_count; i < r->result_count; i++)
        if (dy[i]) adjoint_add(d, made_of(of, from->collected[i - r->carried_count]), add_row(r, dy[i]));
    for (size_t i = count; i-- > 0;) adjoint_visit(d, nodes[i]);
}

/* The gradients that the round hands to the one before it, and those of its rows. */
static void end_round(reverse *r, ir_value **of, ir_value **row_gradients) {
    differentiation *d = r->d;
    const ir_node *n = r->forward;
    for (unsigned i = 0; i < r->carried_count; i++) {
        if (!r->gradient_of[i]) continue;
        ir_value *begin = n->block->carried[i], *sum = begin ? d->of[of[begin->id]->id].sum : NULL;
        r->next.values[r->gradient_of[i] - 1] = sum ? sum : adj_zeros(d, &n->results[i]->type);
    }
    for (unsigned i = 0; i < ir_rows_of(n); i++) {
        ir_value *row = n->block->rows[i];
        if (!row || !adjoint_wanted(d, of[row->id])) continue;
        row_gradients[i] = d->of[of[row->id]->id].sum;
        if (row_gradients[i]) collect(r, row_gradients[i]);
    }
}

/* Pieces add to the gradients of the params that their layer reads. */
static void settle_params(differentiation *d, const ir_graph *body) {
    for (const ir_node *n = body->first; n; n = n->next)
        for (unsigned i = 0; i < n->input_count; i++)
            if (n->inputs[i] && n->inputs[i]->producer->op == IR_PARAM) adjoint_settle(d, n->inputs[i]);
}

static void of_repeat(differentiation *d, const ir_node *n, ir_value *const *dy) {
    arena *a = d->model->arena;
    if (!loop_is_fit(d, n)) return;
    if (n->attrs.pieces) settle_params(d, &n->block->body);
    reverse r = {.d = d, .forward = (ir_node *)n, .carried_count = ir_carried_of(n), .result_count = n->result_count};
    r.block = ARENA_NEW(a, ir_block);
    r.gradient_of = ARENA_ARRAY(a, size_t, r.carried_count + 1);
    r.graph = d->graph;
    r.at = d->at;
    ir_value **of = clone_body(&r), **row_gradients = ARENA_ARRAY(a, ir_value *, ir_rows_of(n) + 1);
    const differentiation around = *d;
    open_sums(&r, of);
    d->graph = &r.block->body;
    d->in_rounds = d->in_rounds || !n->attrs.pieces;
    go_back(&r, of, dy);
    end_round(&r, of, row_gradients);
    share_all(&r);
    close_loop(&r);
    d->of = around.of;
    d->count = around.count;
    d->in_rounds = around.in_rounds;
    for (unsigned i = 0; i < ir_rows_of(n); i++)
        if (row_gradients[i]) adjoint_add(d, n->inputs[i], of_all(&r, row_gradients[i]));
    for (unsigned i = 0; i < r.carried_count; i++)
        if (r.gradient_of[i]) adjoint_add(d, n->inputs[ir_rows_of(n) + i], r.repeat->results[r.gradient_of[i] - 1]);
    add_shares(&r);
}

adjoint_rule *adjoint_rule_repeat(ir_op op) { return op == IR_REPEAT ? of_repeat : NULL; }
