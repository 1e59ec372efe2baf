/* memory: offsets of scratch buffers, by liveness.
 *
 * A buffer lives from the first kernel that touches it to the last; one that is touched inside a loop and
 * outlives an iteration of it (its home is further out) lives through the whole loop. Buffers are placed one
 * after the other, larger ones first, at the lowest offset that no buffer alive at the same time overlaps.
 * Offsets are multiples of 16 elements, a vector of the widest instruction set. float32 and int32 have an
 * array each.
 *
 * In training, where much lives long, that order may leave gaps: others are tried, each again with the buffer
 * that came to lie topmost as the first, until nothing is left to gain, or the patience for it. */
#include <stdlib.h>
#include <string.h>

#include "plan/planner.h"

enum { ALIGNMENT = 16, MAX_PATIENCE = 1 << 23, MAX_TRIES = 500 };

typedef struct {
    plan_buffer *buffer;
    unsigned begin, end;
    size_t around; /* the buffer's index before: its place in the list of the loop around, if it is in it */
} life;

typedef struct {
    life *lives;
    size_t count, capacity;
} life_list;

/* A buffer's index is its place in the list at work. */
static void touch(planner *p, life_list *list, plan_buffer *b, unsigned from, unsigned to) {
    if (!b || b->place != PLAN_SCRATCH) return;
    if (b->index < list->count && list->lives[b->index].buffer == b) {
        life *l = &list->lives[b->index];
        if (from < l->begin) l->begin = from;
        if (to > l->end) l->end = to;
        return;
    }
    life l = {b, from, to, b->index};
    b->index = list->count;
    ARENA_PUSH(p->arena, list->lives, list->count, list->capacity, l);
}

static void touch_kernel(planner *p, life_list *list, const plan_kernel *k, unsigned at) {
    for (unsigned i = 0; i < k->input_count; i++) {
        if (k->inputs[i].kind == PLAN_MEMORY) touch(p, list, k->inputs[i].view.buffer, at, at);
        if (k->inputs[i].kind == PLAN_INLINE) touch_kernel(p, list, k->inputs[i].inlined, at);
    }
    for (unsigned i = 0; i < k->result_count; i++)
        if (k->results[i].kind == PLAN_MEMORY) touch(p, list, k->results[i].view.buffer, at, at);
    touch(p, list, k->work, at, at);
}

static bool is_within(const plan_item *home, const plan_item *loop) {
    while (home && home != loop) home = home->around;
    return home != NULL;
}

/* Walks the items, counting kernels; what a loop touches but does not own lives through all of it. Its own are values
 * of a chunk, and the kernels' work space, which nobody else reads. */
static unsigned walk(planner *p, life_list *list, const plan_item *item, unsigned at) {
    for (; item; item = item->next) {
        if (item->kernel) {
            touch_kernel(p, list, item->kernel, at);
            at++;
            continue;
        }
        life_list inner = {0};
        unsigned end = walk(p, &inner, item->items, at);
        if (item->until.kind == PLAN_MEMORY) touch(p, &inner, item->until.view.buffer, end - 1, end - 1);
        for (size_t i = 0; i < inner.count; i++) {
            const life *l = &inner.lives[i];
            bool own =
                item->repeat ? is_within(l->buffer->home, item) : dim_mentions(l->buffer->elements, item->extent);
            bool outlives = !l->buffer->work && !own;
            l->buffer->index = l->around;
            touch(p, list, l->buffer, outlives ? at : l->begin, outlives ? end - 1 : l->end);
        }
        at = end;
    }
    return at;
}

static int by_size(const void *a, const void *b) {
    const plan_buffer *x = *(plan_buffer *const *)a, *y = *(plan_buffer *const *)b;
    int64_t m = dim_max(x->elements), n = dim_max(y->elements);
    if (m != n) return m < n ? 1 : -1;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int by_begin(const void *a, const void *b) {
    const plan_buffer *x = *(plan_buffer *const *)a, *y = *(plan_buffer *const *)b;
    return x->begin != y->begin ? (x->begin < y->begin ? -1 : 1) : by_size(a, b);
}

/* How long it lives. */
static int by_length(const void *a, const void *b) {
    const plan_buffer *x = *(plan_buffer *const *)a, *y = *(plan_buffer *const *)b;
    unsigned m = x->end - x->begin, n = y->end - y->begin;
    return m != n ? (m > n ? -1 : 1) : by_size(a, b);
}

static int64_t rounded(const plan_buffer *b) { return (dim_max(b->elements) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

/* In which of the two arrays: bools lie among the int32. */
static bool in_floats(const plan_buffer *b) { return b->dtype == IR_F32; }

/* What is placed already, by offset: as much of it as the search for room reads. */
typedef struct {
    int64_t offset, end_offset;
    unsigned begin, end;
} taken;

/* At the lowest offset, each where those before it in the order leave room. Gives the size of all. */
static int64_t place(plan_buffer *const *order, size_t count, taken *placed) {
    int64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        plan_buffer *b = order[i];
        const int64_t size = rounded(b);
        int64_t offset = 0;
        for (size_t k = 0; k < i; k++) {
            const taken *o = &placed[k];
            if (o->begin > b->end || b->begin > o->end) continue;
            if (o->offset >= offset + size) break;
            if (o->end_offset > offset) offset = o->end_offset;
        }
        b->offset = offset;
        size_t at = i;
        for (; at > 0 && placed[at - 1].offset > offset; at--) placed[at] = placed[at - 1];
        placed[at] = (taken){offset, offset + size, b->begin, b->end};
        if (offset + size > total) total = offset + size;
    }
    return total;
}

/* Positions of first or of last kernels, with what is alive from or up to there. */
typedef struct {
    unsigned at;
    int64_t size;
} turn;

static int by_position(const void *a, const void *b) {
    const turn *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* What is alive at once, at most. */
static int64_t least_size(planner *p, plan_buffer *const *order, size_t count) {
    turn *begins = ARENA_ARRAY(p->arena, turn, count), *ends = ARENA_ARRAY(p->arena, turn, count);
    for (size_t i = 0; i < count; i++) {
        begins[i] = (turn){order[i]->begin, rounded(order[i])};
        ends[i] = (turn){order[i]->end, rounded(order[i])};
    }
    qsort(begins, count, sizeof *begins, by_position);
    qsort(ends, count, sizeof *ends, by_position);
    int64_t least = 0, alive = 0;
    for (size_t i = 0, ended = 0; i < count; i++) { /* a peak begins where a life does */
        for (; ends[ended].at < begins[i].at; ended++) alive -= ends[ended].size;
        alive += begins[i].size;
        if (alive > least) least = alive;
    }
    return least;
}

static void to_front(plan_buffer **order, size_t at) {
    plan_buffer *b = order[at];
    memmove(order + 1, order, at * sizeof *order);
    order[0] = b;
}

static int64_t with_fewer_gaps(planner *p, plan_buffer **order, size_t count, taken *placed) {
    static int (*const first_orders[])(const void *, const void *) = {by_size, by_begin, by_length};
    const int64_t least = least_size(p, order, count);
    plan_buffer **best = ARENA_ARRAY(p->arena, plan_buffer *, count);
    int64_t total = INT64_MAX, tries = 1 + MAX_PATIENCE / ((int64_t)count * (int64_t)count + 1);
    if (tries > MAX_TRIES) tries = MAX_TRIES;
    for (size_t i = 0; i < sizeof first_orders / sizeof *first_orders; i++) {
        qsort(order, count, sizeof *order, first_orders[i]);
        for (int64_t k = 0; k < tries && total > least; k++) {
            int64_t size = place(order, count, placed);
            if (size < total) memcpy(best, order, count * sizeof *best);
            if (size < total) total = size;
            size_t top = 0;
            while (order[top]->offset + rounded(order[top]) < size) top++;
            to_front(order, top);
        }
    }
    return place(best, count, placed);
}

/* Those of one of the two arrays; `size` grows to what they need. */
static void place_all(planner *p, plan_buffer *const *buffers, size_t count, bool floats, int64_t *size) {
    plan_buffer **order = ARENA_ARRAY(p->arena, plan_buffer *, count);
    taken *placed = ARENA_ARRAY(p->arena, taken, count);
    size_t own = 0;
    for (size_t i = 0; i < count; i++)
        if (in_floats(buffers[i]) == floats) order[own++] = buffers[i];
    int64_t total = own && p->model->base ? with_fewer_gaps(p, order, own, placed) : place(order, own, placed);
    if (total > *size) *size = total;
}

void planner_memory(planner *p, plan_item *items) {
    life_list list = {0};
    walk(p, &list, items, 0);
    if (list.count == 0) return;
    plan_buffer **buffers = ARENA_ARRAY(p->arena, plan_buffer *, list.count);
    for (size_t i = 0; i < list.count; i++) {
        buffers[i] = list.lives[i].buffer;
        buffers[i]->begin = list.lives[i].begin;
        buffers[i]->end = list.lives[i].end;
    }
    qsort(buffers, list.count, sizeof *buffers, by_size);
    place_all(p, buffers, list.count, true, &p->plan->scratch_floats);
    place_all(p, buffers, list.count, false, &p->plan->scratch_ints);
    /* listed as they come into use */
    for (size_t i = 0; i < list.count; i++) {
        plan_buffer *b = list.lives[i].buffer;
        b->index = p->plan->buffer_count;
        ARENA_PUSH(p->arena, p->plan->buffers, p->plan->buffer_count, p->plan->buffer_capacity, b);
    }
}
