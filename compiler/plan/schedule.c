/* schedule: tasks in an order that their dependencies allow, and in loops over chunks of run-time dims.
 *
 * For one dim after the other, a list of tasks falls into what comes before a loop, what is in it, and what
 * must wait for its end. A task joins the loop when it can work piece by piece (split.c) and every operand
 * that the loop makes is needed just by the piece that this iteration makes. What needs a whole value that
 * the loop makes comes after. A loop in which nothing is kept small is none. */
#include <string.h>

#include "plan/planner.h"

enum { WAITING, BEFORE, INSIDE, AFTER };

typedef struct {
    task **tasks;
    size_t count;
} task_list;

/* Tasks of a block, each behind what it depends on. seen: by serial, from the block's first on. */
typedef struct {
    const pblock *block;
    bool *seen;
    task_list list;
} ordering;

static ordering new_ordering(planner *p, const pblock *b) {
    size_t most = planner_end(p, b) - planner_first(b);
    return (ordering){b, ARENA_ARRAY(p->arena, bool, most + 1), {ARENA_ARRAY(p->arena, task *, most + 1), 0}};
}

static bool *seen(const ordering *order, const task *u) {
    return &order->seen[u->serial - planner_first(order->block)];
}

/* Tasks of the block of u only: what stands around it is done before. */
static void visit(ordering *order, task *u) {
    if (*seen(order, u)) return;
    *seen(order, u) = true;
    for (size_t i = 0; i < u->after_count; i++) visit(order, u->after[i]);
    for (unsigned i = 0; i < u->input_count; i++) {
        if (!u->inputs[i]) continue;
        task *producer = planner_producer(u->inputs[i]);
        if (producer && producer->block == u->block) visit(order, producer);
    }
    order->list.tasks[order->list.count++] = u;
}

static task_list in_order(planner *p, const pblock *b) {
    ordering order = new_ordering(p, b);
    for (size_t i = planner_first(b), end = planner_end(p, b); i < end; i++)
        if (p->tasks[i]->block == b && p->tasks[i] != b->until && !p->tasks[i]->waits) visit(&order, p->tasks[i]);
    return order.list;
}

static bool inside(const task *u, const ploop *l) {
    for (const ploop *q = u->loop; q; q = q->parent)
        if (q == l) return true;
    return false;
}

int schedule_axis(planner *p, const pval *v, const ploop *l) {
    if (v->origin) {
        const pval *from = v->origin;
        return layout_axis(p, &v->origin_step, &from->type, &v->type, schedule_axis(p, from, l), l->symbol);
    }
    const task *u = v->producer;
    if (!u || !inside(u, l)) return -1;
    return split_result_axis(u, v->result, u->result_axis[l->depth]);
}

/* Can u work in loop l, split along `axis` of its result? */
static bool joins_at(planner *p, task *u, ploop *l, int axis) {
    int *input_axis = u->input_axis[l->depth];
    if (!split_rule(p, u, axis, l->symbol, input_axis)) return false;
    /* steps in time and rounds begin with a whole first value */
    bool in_time = (task_does(u, IR_RECURRENT) || u->body) && axis == 0;
    for (size_t i = 0; in_time && i < u->after_count; i++)
        if (u->after[i]->mark == INSIDE) return false;
    for (unsigned i = 0; i < u->input_count; i++) {
        const pval *v = u->inputs[i];
        if (!v) continue;
        const task *producer = planner_producer(v);
        if (!producer || producer->mark != INSIDE) continue;
        int made = schedule_axis(p, v, l);
        if (made < 0 || made != input_axis[i]) return false;
    }
    return true;
}

/* Rounds are divided once: in a loop over chunks of another dim there are all of them. */
static bool is_divided(const task *u, const ploop *l) {
    for (l = l->parent; l; l = l->parent)
        if (l->symbol && inside(u, l) && u->result_axis[l->depth] == 0) return true;
    return false;
}

static bool joins(planner *p, task *u, ploop *l) {
    if (!u->result_count || !u->results[0]) return false;
    u->input_axis[l->depth] = ARENA_ARRAY(p->arena, int, u->input_count + 1);
    if (u->body && is_divided(u, l)) return false;
    unsigned axes = u->body ? 1 : u->results[0]->type.rank;
    for (unsigned axis = 0; axis < axes; axis++)
        if (joins_at(p, u, l, (int)axis)) {
            u->result_axis[l->depth] = (int)axis;
            return true;
        }
    return false;
}

/* BEFORE, INSIDE or AFTER, by where the tasks stand that u depends on. */
static int depends(const task *u) {
    int on = WAITING;
    for (size_t i = 0; i < u->after_count; i++)
        if (u->after[i]->mark > on) on = u->after[i]->mark;
    for (unsigned i = 0; i < u->input_count; i++) {
        const task *producer = u->inputs[i] ? planner_producer(u->inputs[i]) : NULL;
        if (producer && producer->mark > on) on = producer->mark;
    }
    return on;
}

static void append(task_list *list, task *u) { list->tasks[list->count++] = u; }

/* The task of block b that u is, or is inside of. */
static const task *task_of(const task *u, const pblock *b) {
    while (u && u->block != b) u = u->block->repeat;
    return u;
}

static void find_readers(planner *p) {
    for (size_t i = 0; i < p->task_count; i++) {
        task *u = p->tasks[i];
        for (unsigned k = 0; k < u->input_count; k++) {
            if (!pval_is_memory(u->inputs[k])) continue;
            pval *root = layout_storage(u->inputs[k]);
            if (root->reader_count && root->readers[root->reader_count - 1] == u) continue;
            ARENA_PUSH(p->arena, root->readers, root->reader_count, root->reader_capacity, u);
        }
    }
}

/* Outside of loop l, which is in block b? */
static bool is_read_outside(const pval *root, const ploop *l, const pblock *b) {
    for (size_t i = 0; i < root->reader_count; i++) {
        const task *in_list = task_of(root->readers[i], b);
        if (in_list && !(in_list->mark == INSIDE && inside(in_list, l))) return true;
    }
    return false;
}

/* Is some value of the loop needed by the loop only, so that it shrinks to a chunk? */
static bool keeps_small(planner *p, const task_list *body, const ploop *l) {
    for (size_t i = 0; i < body->count; i++) {
        const task *u = body->tasks[i];
        if (task_does(u, IR_RECURRENT) &&
            split_result_axis(u, 1, u->result_axis[l->depth]) == 0)
            return true; /* its work space has the batch's rows */
        for (unsigned r = 0; r < u->result_count; r++) {
            pval *root = u->results[r] ? layout_storage(u->results[r]) : NULL;
            if (!root || root->buffer || !dim_mentions(ir_type_elements(p->dims, &root->type), l->symbol)) continue;
            if (schedule_axis(p, u->results[r], l) < 0) continue;
            if (!is_read_outside(root, l, u->block)) return true;
        }
    }
    return false;
}

static plan_item **arrange(planner *p, task_list list, const dim *const *symbols, size_t symbol_count, ploop *parent,
                           plan_item **tail);

static size_t loop_order(planner *p, const pblock *b, const dim **symbols);

/* Puts the tasks of a body into the loop over its rounds: no loop around that one divides them. */
static void enter_rounds(planner *p, task *u, ploop *l) {
    int *whole = ARENA_ARRAY(p->arena, int, u->input_count + 1);
    for (unsigned i = 0; i < u->input_count; i++) whole[i] = -1;
    for (unsigned d = 0; d <= l->depth; d++) {
        u->result_axis[d] = -1;
        u->input_axis[d] = whole;
    }
    u->loop = l;
}

static plan_item *rounds_of(planner *p, const task *repeat) {
    plan_item *item = ARENA_NEW(p->arena, plan_item);
    ploop *l = ARENA_NEW(p->arena, ploop), *around = repeat->loop;
    l->parent = around;
    l->depth = around ? around->depth + 1 : 0;
    l->item = item;
    item->around = around ? around->item : NULL;
    item->repeat = repeat->node;
    item->round = repeat->body->round;
    item->rounds = repeat->node->attrs.rounds;
    for (; around; around = around->parent)
        if (around->symbol && repeat->result_axis[around->depth] == 0)
            item->rounds = dim_substitute(p->dims, item->rounds, around->symbol, around->extent);
    for (size_t i = planner_first(repeat->body), end = planner_end(p, repeat->body); i < end; i++)
        if (p->tasks[i]->block == repeat->body) enter_rounds(p, p->tasks[i], l);
    const dim **symbols = ARENA_ARRAY(p->arena, const dim *, p->model->symbol_count + 1);
    size_t count = loop_order(p, repeat->body, symbols);
    arrange(p, in_order(p, repeat->body), symbols, count, l, &item->items);
    return item;
}

static plan_item **arrange_plain(planner *p, task_list list, plan_item **tail) {
    for (size_t i = 0; i < list.count; i++) {
        plan_item *item = list.tasks[i]->body ? rounds_of(p, list.tasks[i]) : ARENA_NEW(p->arena, plan_item);
        if (!item->repeat) item->task = list.tasks[i];
        *tail = item;
        tail = &item->next;
    }
    return tail;
}

static ploop *new_loop(planner *p, const dim *symbol, ploop *parent) {
    ploop *l = ARENA_NEW(p->arena, ploop);
    l->parent = parent;
    l->depth = parent ? parent->depth + 1 : 0;
    l->symbol = symbol;
    l->chunk = cost_chunk(symbol);
    return l;
}

/* The loop is one: its symbols get names, and its item. Names with a dot cannot be a user's. */
static plan_item *keep_loop(planner *p, ploop *l) {
    const char *name = dim_symbol_name(l->symbol);
    unsigned n = 0;
    for (size_t i = 0; i < p->loop_count; i++) n += p->loops[i]->symbol == l->symbol;
    ARENA_PUSH(p->arena, p->loops, p->loop_count, p->loop_capacity, l);
    l->start = dim_symbol(p->dims, arena_printf(p->arena, "%s.start.%u", name, n), 1, dim_max(l->symbol));
    l->extent = dim_symbol(p->dims, arena_printf(p->arena, "%s.count.%u", name, n), 1, l->chunk);
    plan_item *item = l->item = ARENA_NEW(p->arena, plan_item);
    item->around = l->parent ? l->parent->item : NULL;
    item->symbol = l->symbol;
    item->start = l->start;
    item->extent = l->extent;
    item->chunk = l->chunk;
    return item;
}

static void unmark(task_list list) {
    for (size_t i = 0; i < list.count; i++) list.tasks[i]->mark = WAITING;
}

/* Divides a list; body's tasks get the loop and their axes. */
static void divide(planner *p, task_list list, ploop *l, task_list *before, task_list *body, task_list *after) {
    unmark(list);
    before->tasks = ARENA_ARRAY(p->arena, task *, list.count);
    body->tasks = ARENA_ARRAY(p->arena, task *, list.count);
    after->tasks = ARENA_ARRAY(p->arena, task *, list.count);
    before->count = body->count = after->count = 0;
    for (size_t i = 0; i < list.count; i++) {
        task *u = list.tasks[i];
        int on = depends(u);
        if (on != AFTER && joins(p, u, l)) {
            u->mark = INSIDE;
            u->loop = l;
            append(body, u);
        } else if (on == INSIDE || on == AFTER) {
            u->mark = AFTER;
            append(after, u);
        } else {
            u->mark = BEFORE;
            append(before, u);
        }
    }
}

static plan_item **arrange(planner *p, task_list list, const dim *const *symbols, size_t symbol_count, ploop *parent,
                           plan_item **tail) {
    while (symbol_count && dim_max(symbols[0]) <= cost_chunk(symbols[0])) {
        symbols++;
        symbol_count--;
    }
    if (!list.count) return tail;
    unsigned chunks = 0;
    for (const ploop *l = parent; l; l = l->parent) chunks += l->symbol != NULL;
    if (!symbol_count || chunks == PLAN_MAX_CHUNKS) return arrange_plain(p, list, tail);
    ploop *l = new_loop(p, symbols[0], parent);
    task_list before, body, after;
    divide(p, list, l, &before, &body, &after);
    bool pays = body.count && keeps_small(p, &body, l);
    unmark(list);
    if (!pays)
        for (size_t i = 0; i < body.count; i++) body.tasks[i]->loop = parent;
    if (!body.count) return arrange(p, list, symbols + 1, symbol_count - 1, parent, tail);
    tail = arrange(p, before, symbols + 1, symbol_count - 1, parent, tail);
    if (pays) {
        plan_item *item = keep_loop(p, l);
        arrange(p, body, symbols + 1, symbol_count - 1, l, &item->items);
        *tail = item;
        tail = &item->next;
    } else {
        tail = arrange(p, body, symbols + 1, symbol_count - 1, parent, tail);
    }
    /* what waits for this loop may make another */
    return arrange(p, after, symbols, symbol_count, parent, tail);
}

static bool is_over(const task *u, const dim *symbol) {
    if (u->kind != TASK_NODE) return false;
    if (u->body) return dim_mentions(u->node->attrs.rounds, symbol);
    return u->node->op == IR_RECURRENT && u->inputs[0] && dim_mentions(u->inputs[0]->type.dims[0], symbol);
}

/* Time comes last, so that a loop over sequences runs around the loop over steps. */
static size_t loop_order(planner *p, const pblock *b, const dim **symbols) {
    const ir_model *m = p->model;
    size_t count = 0;
    for (int time = 0; time < 2; time++)
        for (size_t i = 0; i < m->symbol_count; i++) {
            bool is_time = false;
            for (size_t k = planner_first(b), end = planner_end(p, b); k < end && !is_time; k++)
                is_time = p->tasks[k]->block == b && is_over(p->tasks[k], m->symbols[i]);
            if (is_time == (time == 1)) symbols[count++] = m->symbols[i];
        }
    return count;
}

/* The checks come first, in their order (that of their tasks), each behind what it looks at; and nothing else. Leaves
 * the others in `list`. */
static plan_item **arrange_checks(planner *p, task_list *list, plan_item **tail) {
    ordering early = new_ordering(p, p->block);
    for (size_t i = 0; i < p->task_count; i++)
        if (p->tasks[i]->check) visit(&early, p->tasks[i]);
    size_t left = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!*seen(&early, list->tasks[i])) list->tasks[left++] = list->tasks[i];
    list->count = left;
    return arrange_plain(p, early.list, tail);
}

plan_item *schedule(planner *p) {
    const dim **symbols = ARENA_ARRAY(p->arena, const dim *, p->model->symbol_count + 1);
    for (size_t i = 0; i < p->task_count; i++) p->tasks[i]->serial = (unsigned)i;
    find_readers(p);
    size_t count = loop_order(p, p->block, symbols);
    plan_item *first = NULL, **tail = &first;
    task_list list = in_order(p, p->block);
    tail = arrange_checks(p, &list, tail);
    arrange(p, list, symbols, count, NULL, tail);
    return first;
}
