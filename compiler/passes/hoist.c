/* hoist: what does not depend on a carried value leaves the block.
 *
 * A node of a body whose operands all stand around the block moves in front of the REPEAT. One that depends on rows too
 * is computed for all rows at once, with the rounds as a leading dim, and the round sees a row of the result: products
 * over rows are much faster than one by one, and no sum changes its order with the number of rows. What is collected
 * and comes from rows alone is that result. Inner blocks come first, so that what leaves them may leave the outer ones.
 */
#include "passes/passes.h"

#include <string.h>

typedef enum { OF_NO_ROUND, OF_ROWS, OF_CARRIED } level;

typedef struct {
    ir_model *model;
    ir_graph *graph;   /* around the block */
    ir_node *at;       /* new nodes go behind this one, in order; NULL: to the front */
    ir_node *repeat;
    level *levels;     /* by id, of the values that were there at first; others are OF_NO_ROUND */
    size_t known;
    ir_value **all;    /* by id, of those OF_ROWS: the same for all rounds */
    ir_value **rows;   /* by id: the ROW of all, once it was needed */
    ir_value **inputs; /* of those ROWs */
    size_t input_count, input_capacity;
    ir_value **row_list;
    size_t row_capacity;
} hoister;

/* --- levels ------------------------------------------------------------------------------------------------------- */

static level level_of(const hoister *h, const ir_value *v) {
    return v && v->id < h->known ? h->levels[v->id] : OF_NO_ROUND;
}

static void raise(const hoister *h, level *found, const ir_value *v) {
    level l = level_of(h, v);
    if (l > *found) *found = l;
}

/* The highest of all that the node uses; of an inner REPEAT, with its body. */
static level level_of_node(const hoister *h, const ir_node *n) {
    level found = OF_NO_ROUND;
    if (n->op == IR_ROW && n->block->repeat == h->repeat) return OF_ROWS;
    if (n->op == IR_CARRIED && n->block->repeat == h->repeat) return OF_CARRIED;
    for (unsigned i = 0; i < n->input_count; i++) raise(h, &found, n->inputs[i]);
    if (n->op != IR_REPEAT) return found;
    const ir_block *b = n->block;
    for (const ir_node *inner = b->body.first; inner; inner = inner->next) {
        level l = level_of_node(h, inner);
        if (l > found) found = l;
    }
    for (unsigned i = 0; i < ir_carried_of(n); i++) raise(h, &found, b->next[i]);
    for (unsigned i = 0; i < ir_collected_of(n); i++) raise(h, &found, b->collected[i]);
    raise(h, &found, b->until);
    return found;
}

/* --- for all rows at once ----------------------------------------------------------------------------------------- */

static ir_node *add(hoister *h, const ir_node *like, ir_op op, ir_value *const *inputs, unsigned count,
                    const ir_type *type) {
    ir_node *n = ir_insert(h->model, h->graph, h->at, op, inputs, count, like->where);
    n->label = op == like->op ? like->label : ir_op_name(op);
    n->source = op == like->op ? like->source : NULL;
    n->results[0]->type = *type;
    h->at = n;
    return n;
}

static ir_value *reshape(hoister *h, const ir_node *like, ir_value *v, const ir_type *type) {
    return ir_type_same(&v->type, type) ? v : add(h, like, IR_RESHAPE, &v, 1, type)->results[0];
}

static ir_type with_rounds(const hoister *h, const ir_type *each) {
    return ir_type_stacked(h->repeat->attrs.rounds, each);
}

/* An operand whose own dims align from the right with those of a result of this rank: the rounds stand in front. */
static ir_value *aligned(hoister *h, const ir_node *like, ir_value *v, unsigned rank) {
    if (level_of(h, v) != OF_ROWS) return v;
    ir_type type = {.dtype = v->type.dtype, .rank = rank + 1, .dims = {h->repeat->attrs.rounds}};
    for (unsigned i = 0; i < rank; i++) {
        unsigned missing = rank - v->type.rank;
        type.dims[i + 1] = i < missing ? dim_const(h->model->dims, 1) : v->type.dims[i - missing];
    }
    return reshape(h, like, h->all[v->id], &type);
}

/* Rounds and batch as one dim, for operators that have just one. */
static ir_type merged(hoister *h, const ir_type *each) {
    ir_type type = *each;
    type.dims[0] = dim_mul(h->model->dims, h->repeat->attrs.rounds, each->dims[0]);
    return type;
}

static bool may_merge(const hoister *h, const ir_node *n) {
    const dim *both = dim_mul(h->model->dims, h->repeat->attrs.rounds, n->inputs[0]->type.dims[0]);
    return !dim_is_huge(both) && dim_max(both) <= INT32_MAX;
}

static bool all_of_rows(const hoister *h, const ir_node *n) {
    for (unsigned i = 0; i < n->input_count; i++)
        if (level_of(h, n->inputs[i]) != OF_ROWS) return false;
    return true;
}

/* Only input 0 depends on the rows: the others are params. */
static bool first_of_rows(const hoister *h, const ir_node *n) {
    for (unsigned i = 1; i < n->input_count; i++)
        if (level_of(h, n->inputs[i]) != OF_NO_ROUND) return false;
    return true;
}

/* Does the operator work along attrs.axes, or along attrs.axis? */
static bool has_axes(ir_op op) { return ir_op_class_of(op) == IR_REDUCE || op == IR_FLIP; }

static bool has_axis(ir_op op) {
    return ir_op_class_of(op) == IR_NORMALIZE || op == IR_SLICE || op == IR_CAT || op == IR_PAD;
}

static bool can_take_all(const hoister *h, const ir_node *n) {
    ir_type type = n->results[0]->type;
    if (type.rank == IR_MAX_RANK) return false;
    type = with_rounds(h, &type);
    if (dim_is_huge(ir_type_elements(h->model->dims, &type))) return false;
    switch ((unsigned)n->op) {
    case IR_LINEAR:
    case IR_EMBEDDING:
    case IR_ONE_HOT:
    case IR_LAYER_NORM: return first_of_rows(h, n);
    case IR_CONV1D:
    case IR_BATCH_NORM: return first_of_rows(h, n) && may_merge(h, n);
    case IR_CAT: return all_of_rows(h, n);
    case IR_MATMUL:
    case IR_COPY:
    case IR_RESHAPE:
    case IR_PERMUTE: return true;
    default: return ir_op_is_elementwise(n->op) || has_axes(n->op) || has_axis(n->op);
    }
}

/* The operator's attributes with one more dim in front. */
static ir_attrs shifted(const ir_node *n) {
    ir_attrs attrs = n->attrs;
    if (has_axes(n->op)) attrs.axes <<= 1;
    if (has_axis(n->op)) attrs.axis++;
    if (n->op != IR_PERMUTE) return attrs;
    attrs.perm[0] = 0;
    for (unsigned i = 0; i < n->results[0]->type.rank; i++)
        attrs.perm[i + 1] = n->attrs.perm[i] + 1;
    return attrs;
}

static bool has_one_batch(ir_op op) { return op == IR_CONV1D || op == IR_BATCH_NORM; }

static void take_all(hoister *h, const ir_node *n) {
    const ir_value *result = n->results[0];
    ir_type type = with_rounds(h, &result->type);
    bool broadcasts = ir_op_is_elementwise(n->op) || n->op == IR_MATMUL;
    ir_value **inputs = ARENA_ARRAY(h->model->arena, ir_value *, n->input_count);
    for (unsigned i = 0; i < n->input_count; i++) {
        ir_value *v = n->inputs[i];
        if (v && level_of(h, v) == OF_ROWS)
            inputs[i] = broadcasts ? aligned(h, n, v, result->type.rank) : h->all[v->id];
        else inputs[i] = v;
    }
    ir_type made = has_one_batch(n->op) ? merged(h, &result->type) : type;
    if (has_one_batch(n->op)) {
        ir_type x = merged(h, &n->inputs[0]->type);
        inputs[0] = reshape(h, n, inputs[0], &x);
    }
    ir_node *all = add(h, n, n->op, inputs, n->input_count, &made);
    all->attrs = shifted(n);
    if (!all->results[0]->name) all->results[0]->name = result->name;
    h->all[result->id] = reshape(h, n, all->results[0], &type);
}

/* --- what stays --------------------------------------------------------------------------------------------------- */

/* Of a value OF_ROWS that a round still needs: its ROW, which is new unless the value is one itself. */
static void use_row(hoister *h, ir_value **use) {
    ir_value *v = *use;
    if (level_of(h, v) != OF_ROWS || v->producer->op == IR_ROW) return;
    if (!h->rows[v->id]) {
        ir_block *b = h->repeat->block;
        ir_node *n = ir_insert(h->model, &b->body, NULL, IR_ROW, NULL, 0, v->where);
        n->block = b;
        n->attrs.index = ir_rows_of(h->repeat) + h->input_count;
        n->label = v->name ? v->name : v->producer->label;
        n->results[0]->type = v->type;
        n->results[0]->name = v->name;
        h->rows[v->id] = n->results[0];
        size_t count = h->input_count;
        ARENA_PUSH(h->model->arena, h->row_list, count, h->row_capacity, n->results[0]);
        ARENA_PUSH(h->model->arena, h->inputs, h->input_count, h->input_capacity, h->all[v->id]);
    }
    *use = h->rows[v->id];
}

static void use_rows_of_node(hoister *h, ir_node *n);

/* What a round of n does, and hands on. */
static void use_rows_of_block(hoister *h, const ir_node *n) {
    ir_block *b = n->block;
    for (ir_node *inner = b->body.first; inner; inner = inner->next) use_rows_of_node(h, inner);
    for (unsigned i = 0; i < ir_carried_of(n); i++) use_row(h, &b->next[i]);
    for (unsigned i = 0; i < ir_collected_of(n); i++) use_row(h, &b->collected[i]);
    if (b->until) use_row(h, &b->until);
}

static void use_rows_of_node(hoister *h, ir_node *n) {
    for (unsigned i = 0; i < n->input_count; i++)
        if (n->inputs[i]) use_row(h, &n->inputs[i]);
    if (n->op == IR_REPEAT) use_rows_of_block(h, n);
}

/* The new rows stand behind the old ones. */
static void add_inputs(hoister *h) {
    arena *a = h->model->arena;
    ir_node *n = h->repeat;
    size_t rows = ir_rows_of(n), more = h->input_count, carried = ir_carried_of(n);
    if (!more) return;
    ir_value **inputs = ARENA_ARRAY(a, ir_value *, n->input_count + more);
    ir_value **of_body = ARENA_ARRAY(a, ir_value *, rows + more);
    if (rows) memcpy(inputs, n->inputs, rows * sizeof *inputs);
    memcpy(inputs + rows, h->inputs, more * sizeof *inputs);
    if (carried) memcpy(inputs + rows + more, n->inputs + rows, carried * sizeof *inputs);
    if (rows) memcpy(of_body, n->block->rows, rows * sizeof *of_body);
    memcpy(of_body + rows, h->row_list, more * sizeof *of_body);
    n->inputs = inputs;
    n->input_count += (unsigned)more;
    n->attrs.rows += (unsigned)more;
    n->block->rows = of_body;
}

/* --- the block ---------------------------------------------------------------------------------------------------- */

/* What is carried and never changes is its first value, in the rounds and behind them. */
static void settle_unchanged(ir_model *m, ir_replacements *later, ir_node *n) {
    ir_block *b = n->block;
    for (unsigned i = 0; i < ir_carried_of(n); i++) {
        ir_value *first = n->inputs[ir_rows_of(n) + i];
        ir_replace_use(&b->next[i], later);
        if (!b->carried[i] || b->next[i] != b->carried[i]) continue;
        ir_replace_later(m, later, b->carried[i], first);
        ir_replace_later(m, later, n->results[i], first);
    }
    ir_replace_in_node(n, later);
}

/* Sorts the body's nodes: those of no round move, those of rows are done for all, the others stay. */
static void sort_nodes(hoister *h) {
    ir_graph *body = &h->repeat->block->body;
    ir_node **link = &body->first, *next;
    body->last = NULL;
    for (ir_node *n = body->first; n; n = next) {
        next = n->next;
        level l = level_of_node(h, n);
        bool is_row = n->op == IR_ROW;
        if (l == OF_ROWS && !is_row && (ir_op_class_of(n->op) == IR_LOOP || !can_take_all(h, n))) l = OF_CARRIED;
        for (unsigned i = 0; i < n->result_count; i++) h->levels[n->results[i]->id] = l;
        if (is_row) h->all[n->results[0]->id] = h->repeat->inputs[n->attrs.index];
        if (l == OF_NO_ROUND) {
            ir_node **to = h->at ? &h->at->next : &h->graph->first;
            n->next = *to;
            *to = h->at = n;
        } else if (l == OF_ROWS && !is_row) {
            take_all(h, n);
        } else {
            *link = body->last = n;
            link = &n->next;
        }
    }
    *link = NULL;
}

static void hoist_block(ir_model *m, ir_replacements *later, ir_graph *g, ir_node *previous, ir_node *n) {
    ir_block *b = n->block;
    settle_unchanged(m, later, n);
    size_t known = m->value_count;
    hoister h = {.model = m, .graph = g, .at = previous, .repeat = n, .known = known};
    h.levels = ARENA_ARRAY(m->arena, level, known);
    h.all = ARENA_ARRAY(m->arena, ir_value *, known);
    h.rows = ARENA_ARRAY(m->arena, ir_value *, known);
    sort_nodes(&h);
    for (unsigned i = 0; i < ir_collected_of(n); i++) {
        ir_value *each = b->collected[i];
        if (level_of(&h, each) == OF_ROWS && !b->until)
            ir_replace_later(m, later, n->results[ir_carried_of(n) + i], h.all[each->id]);
    }
    use_rows_of_block(&h, n);
    add_inputs(&h);
}

static void hoist_graph(ir_model *m, ir_replacements *later, ir_graph *g) {
    ir_node *previous = NULL;
    for (ir_node *n = g->first; n; previous = n, n = n->next) {
        if (n->op != IR_REPEAT) continue;
        hoist_graph(m, later, &n->block->body);
        hoist_block(m, later, g, previous, n);
    }
}

void pass_hoist(ir_model *m) {
    ir_replacements later = {0};
    hoist_graph(m, &later, &m->run);
    ir_replace_all(m, &later);
}
