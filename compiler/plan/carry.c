/* carry: where a round writes what the next one begins with, what is collected, and what ends the rounds.
 *
 * What is carried lies in one place. The new value is written there at once where every task that reads the old one
 * can come before, or reads just the element that it writes; else it is made elsewhere and copied when the round is
 * done. An old value that becomes another name's new one is saved first. */
#include "plan/operators.h"

static pval *data_of(const pval *v) {
    while (v->origin) v = v->origin;
    return (pval *)v;
}

static bool is_made_here(const planner *p, const pval *v) {
    const task *u = pval_is_memory(v) ? planner_producer(v) : NULL;
    return u && u->block == p->block;
}

static bool is_old(const pblock *b, const pval *v) {
    const pval *data = pval_is_memory(v) ? data_of(v) : NULL;
    return data && data->block == b && data->result < ir_carried_of(b->repeat->node) &&
           data == b->carried[data->result];
}

static bool writes(const task *u, const pval *storage) {
    for (unsigned i = 0; i < u->result_count; i++)
        if (u->results[i] && layout_storage(u->results[i]) == storage) return true;
    return false;
}

/* --- written over the old value ----------------------------------------------------------------------------------- */

/* The elements from a view's first one to its last, if that is known. */
static bool reach_of(const plan_view *v, int64_t *reach) {
    *reach = 1;
    for (unsigned i = 0; i < v->type.rank; i++) {
        int64_t extent, stride;
        if (!dim_is_const(v->type.dims[i], &extent) || !dim_is_const(v->strides[i], &stride)) return false;
        *reach += (extent - 1) * stride;
    }
    return true;
}

/* Does one end before the other begins, or are they different columns of the same rows? */
static bool lie_apart(planner *p, const pval *a, const pval *b) {
    plan_view x, y;
    int64_t distance, reach, width, row;
    if (!layout_full(p, a, &x) || !layout_full(p, b, &y)) return false;
    if (!dim_is_const(dim_sub(p->dims, y.offset, x.offset), &distance)) return false;
    if (distance < 0) return lie_apart(p, b, a);
    if (reach_of(&x, &reach) && distance >= reach) return true;
    if (x.type.rank != 2 || !ir_shape_same(&x.type, &y.type)) return false;
    if (!dim_is(x.strides[1], 1) || !dim_is(y.strides[1], 1) || !dim_is_const(x.type.dims[1], &width)) return false;
    return distance >= width && dim_same(x.strides[0], y.strides[0]) && dim_is_const(x.strides[0], &row) &&
           distance <= row - width;
}

/* Does each result that lies in the storage lie just where v is, or beside it? */
static bool is_written_in_place(planner *p, const task *u, const pval *storage, const pval *v) {
    for (unsigned i = 0; i < u->result_count; i++)
        if (layout_storage(u->results[i]) == storage && !planner_same_place(p, v, u->results[i]) &&
            !lie_apart(p, v, u->results[i]))
            return false;
    return true;
}

/* A task that reads the old value and writes the new one over it. */
static bool reads_what_it_writes(planner *p, const task *u, const pval *storage, const pval *old) {
    if (u->kind != TASK_COPY && !task_is_elementwise(u)) return false;
    for (unsigned i = 0; i < u->input_count; i++) {
        const pval *v = u->inputs[i];
        if (pval_is_memory(v) && data_of(v) == old && !is_written_in_place(p, u, storage, v)) return false;
    }
    return true;
}

typedef struct {
    const task *of;
    size_t next; /* of the tasks that must come before it */
} visit;

/* What is asked of each of the tasks is known until another storage's turn comes. */
typedef struct {
    planner *planner;
    const pval *storage;
    const task *writer; /* this one alone is meant; NULL: all that write into the storage */
    size_t turn, *known; /* by serial, from the block's first on: 2 turn: no, 2 turn + 1: yes; less: not yet */
    visit *walk;         /* from the task that is asked about to one that comes before: a body may be a long chain */
    size_t depth;
} dependence;

static dependence dependence_new(planner *p) {
    size_t count = p->task_count - planner_first(p->block);
    return (dependence){
        .planner = p, .known = ARENA_ARRAY(p->arena, size_t, count), .walk = ARENA_ARRAY(p->arena, visit, count)};
}

static size_t *known_of(const dependence *d, const task *u) { return &d->known[u->serial - planner_first(u->block)]; }

/* Is u a writer, or known to come after one? What is not known yet is to be visited. */
static bool enter(dependence *d, const task *u) {
    if (u->block != d->planner->block) return false;
    size_t known = *known_of(d, u);
    if (known >= 2 * d->turn) return known > 2 * d->turn;
    d->walk[d->depth++] = (visit){.of = u};
    return d->writer ? u == d->writer : writes(u, d->storage);
}

static const task *next_before(visit *v) {
    size_t i = v->next++;
    if (i < v->of->after_count) return v->of->after[i];
    const pval *input = v->of->inputs[i - v->of->after_count];
    return input ? planner_producer(input) : NULL;
}

/* Is u a writer, or does it come after one? */
static bool follows(dependence *d, const task *u) {
    bool found = enter(d, u);
    while (d->depth && !found) {
        visit *v = &d->walk[d->depth - 1];
        if (v->next < v->of->after_count + v->of->input_count) {
            const task *before = next_before(v);
            found = before && enter(d, before);
        } else {
            *known_of(d, v->of) = 2 * d->turn;
            d->depth--;
        }
    }
    while (d->depth) *known_of(d, d->walk[--d->depth].of) = 2 * d->turn + 1;
    return found;
}

/* Who reads and writes what has an `over`, in one walk through the block for all of them. */
static void find_tasks(planner *p) {
    for (size_t i = planner_first(p->block); i < p->task_count; i++) {
        task *u = p->tasks[i];
        if (u->block != p->block) continue;
        for (unsigned k = 0; k < u->input_count; k++) {
            const pval *v = u->inputs[k];
            poverwritten *over = pval_is_memory(v) ? data_of(v)->over : NULL;
            if (over) planner_list(p, &over->readers, u);
        }
        for (unsigned k = 0; k < u->result_count; k++) {
            poverwritten *over = u->results[k] ? layout_storage(u->results[k])->over : NULL;
            if (over) planner_list(p, &over->writers, u);
        }
    }
}

static poverwritten *overwritten_new(planner *p, pval *storage, pval *old) {
    poverwritten *over = ARENA_NEW(p->arena, poverwritten);
    *over = (poverwritten){.storage = storage, .old = old};
    storage->over = old->over = over;
    return over;
}

static void overwritten_end(const poverwritten *over) { over->storage->over = over->old->over = NULL; }

/* Does w write what u reads of the old value? */
static bool writes_what_is_read(planner *p, const task *w, const task *u, const poverwritten *over) {
    for (unsigned r = 0; r < w->result_count; r++) {
        if (layout_storage(w->results[r]) != over->storage) continue;
        for (unsigned i = 0; i < u->input_count; i++) {
            const pval *v = u->inputs[i];
            if (pval_is_memory(v) && data_of(v) == over->old && !lie_apart(p, v, w->results[r])) return true;
        }
    }
    return false;
}

/* Orders a reader that writes a part of the new value before who writes over what it reads; false when that cannot be:
 * of two parts that change places each would have to be the first. */
static bool comes_before_others(dependence *d, task *u, const poverwritten *over) {
    for (size_t w = 0; w < over->writers.count; w++) {
        d->writer = over->writers.of[w];
        if (d->writer == u || !writes_what_is_read(d->planner, d->writer, u, over)) continue;
        d->turn++;
        if (follows(d, u)) return false;
        planner_after(d->planner, over->writers.of[w], u);
    }
    return true;
}

/* Orders the readers of the old value before what writes the new one; false when that cannot be. */
static bool overwrite(dependence *d, const poverwritten *over) {
    planner *p = d->planner;
    d->storage = over->storage;
    d->writer = NULL;
    d->turn++;
    for (size_t i = 0; i < over->readers.count; i++) {
        const task *u = over->readers.of[i];
        if (writes(u, over->storage) ? !reads_what_it_writes(p, u, over->storage, over->old) : follows(d, u))
            return false;
    }
    for (size_t w = 0; w < over->writers.count; w++)
        for (size_t i = 0; i < over->readers.count; i++)
            if (!writes(over->readers.of[i], over->storage))
                planner_after(p, over->writers.of[w], over->readers.of[i]);
    for (size_t i = 0; i < over->readers.count; i++)
        if (writes(over->readers.of[i], over->storage) && !comes_before_others(d, over->readers.of[i], over))
            return false;
    return true;
}

/* --- the round's end ---------------------------------------------------------------------------------------------- */

static pval *saved(planner *p, pval *v) {
    pval *r = planner_root(p, &v->type, v->name);
    planner_copy(p, v, r, NULL);
    return r;
}

/* The new values; NULL for what stays as it is. */
static pval **next_values(planner *p, const ir_node *n) {
    pblock *b = p->block;
    pval **next = ARENA_ARRAY(p->arena, pval *, ir_carried_of(n));
    for (unsigned i = 0; i < ir_carried_of(n); i++) {
        pval *v = p->values[n->block->next[i]->id];
        if (v != b->carried[i]) next[i] = is_old(b, v) ? saved(p, v) : v;
    }
    return next;
}

static pval *row_of_collected(planner *p, const ir_node *n, unsigned i) {
    pstep row = {.op = IR_ROW, .start = p->block->round, .block = p->block};
    pval *whole = p->block->repeat->results[ir_carried_of(n) + i];
    return planner_target_at(p, whole, &n->block->collected[i]->type, row);
}

static void place_until(planner *p, const ir_node *n) {
    if (!n->block->until) return;
    pval *v = p->values[n->block->until->id];
    if (!is_made_here(p, v)) v = saved(p, v);
    task *u = planner_task(p, TASK_UNTIL, n, 1, 0);
    u->inputs[0] = v;
    p->block->until = u;
}

/* --- collected where rows were ------------------------------------------------------------------------------------ */

/* Does nobody but the REPEAT read the memory of v, which has a place for each element? */
static bool is_its_own(const planner *p, const ir_value *v) {
    for (; p->only_user[v->id] && v->producer->op != IR_EXPAND; v = v->producer->inputs[0])
        if (ir_op_class_of(v->producer->op) != IR_VIEW)
            return ir_op_class_of(v->producer->op) != IR_SOURCE && v->producer->op != IR_CAT;
    return false;
}

/* What is collected comes to lie where a row of its kind was read: dz where the sums of the gates were. Gives that
 * row's operand, or NULL. */
static pval *collect_in_rows(planner *p, const ir_node *n, unsigned i, bool *taken) {
    pblock *b = p->block;
    pval *result = b->repeat->results[ir_carried_of(n) + i], *host = NULL;
    p->block = b->around;
    for (unsigned k = 0; k < ir_rows_of(n) && !host; k++) {
        pval *all = b->repeat->inputs[k];
        if (taken[k] || !n->block->rows[k] || !pval_is_memory(all)) continue;
        if (!ir_type_same(&all->type, &result->type)) continue;
        if (!is_its_own(p, n->inputs[k]) || !planner_host(p, result, all)) continue;
        taken[k] = true;
        host = all;
    }
    p->block = b;
    return host;
}

/* For those that must not: the rows are read too late, or elsewhere in the row. */
static void keep_apart(dependence *d, pval *result, const pval *host) {
    if (!host) return;
    poverwritten *over = data_of(host)->over;
    overwritten_end(over);
    if (overwrite(d, over)) return;
    layout_moves(result);
    result->kind = PVAL_ROOT;
    result->source = NULL;
}

/* What is carried, by its number: its new value, or NULL for what needs no copy; where that was hosted, or NULL. */
typedef struct {
    pval **next, **hosted;
    unsigned count;
} carried_values;

/* New values go to where the old ones lie. All of it is hosted before anything is asked: a join's copies, and what is
 * padded, write there as well. */
static void write_over_old(planner *p, carried_values c) {
    pblock *b = p->block;
    poverwritten **over = ARENA_ARRAY(p->arena, poverwritten *, c.count + 1);
    for (unsigned i = 0; i < c.count; i++) {
        pval *v = c.next[i], *to = planner_target(p, b->repeat->results[i]);
        if (!v || !is_made_here(p, v) || !planner_host(p, v, to)) continue;
        planner_place_parts_of(p, v);
        c.hosted[i] = to;
        over[i] = overwritten_new(p, b->repeat->results[i], b->carried[i]);
    }
    find_tasks(p);
    dependence d = dependence_new(p);
    for (unsigned i = 0; i < c.count; i++) {
        if (!over[i]) continue;
        const pval *storage = over[i]->storage;
        if (overwrite(&d, over[i])) {
            c.next[i] = NULL;
        } else {
            layout_moves(c.hosted[i]);
            c.hosted[i]->source = planner_root(p, &storage->type, storage->name);
        }
        overwritten_end(over[i]);
    }
}

static void copy_to_places(planner *p, carried_values c) {
    pblock *b = p->block;
    for (unsigned i = 0; i < c.count; i++) {
        if (!c.next[i]) continue;
        task *u = planner_copy(p, c.next[i], planner_target(p, b->repeat->results[i]), NULL);
        poverwritten *over = b->carried[i]->over;
        for (size_t k = 0; k < over->readers.count; k++) planner_after(p, u, over->readers.of[k]);
        overwritten_end(over);
    }
}

void planner_place_body(planner *p, const ir_node *n) {
    pblock *b = p->block;
    unsigned count = ir_carried_of(n), collected = ir_collected_of(n);
    carried_values carried = {next_values(p, n), ARENA_ARRAY(p->arena, pval *, count + 1), count};
    pval **hosts = ARENA_ARRAY(p->arena, pval *, collected + 1);
    bool *taken = ARENA_ARRAY(p->arena, bool, ir_rows_of(n) + 1);
    place_until(p, n);
    for (unsigned i = 0; i < collected && p->model->base && !n->block->until; i++)
        hosts[i] = collect_in_rows(p, n, i, taken);
    for (unsigned i = 0; i < collected; i++) {
        pval *v = p->values[n->block->collected[i]->id];
        if (!is_made_here(p, v)) planner_copy(p, v, row_of_collected(p, n, i), NULL);
    }
    size_t nodes = p->task_count;
    write_over_old(p, carried);
    for (unsigned i = 0; i < collected; i++) {
        pval *v = p->values[n->block->collected[i]->id], *to = row_of_collected(p, n, i);
        if (is_made_here(p, v) && !planner_host(p, v, to)) planner_copy(p, v, to, NULL);
    }
    planner_place_joins(p, nodes);
    for (unsigned i = 0; i < count; i++)
        if (carried.next[i]) overwritten_new(p, b->repeat->results[i], b->carried[i]);
    for (unsigned i = 0; i < collected; i++)
        if (hosts[i]) overwritten_new(p, layout_storage(hosts[i]), data_of(hosts[i]));
    find_tasks(p);
    dependence d = dependence_new(p);
    for (unsigned i = 0; i < collected; i++) keep_apart(&d, b->repeat->results[count + i], hosts[i]);
    copy_to_places(p, carried);
}
