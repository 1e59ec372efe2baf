/* bound_indices: every index and every length is in range, by proof or by a check at run time.
 *
 * A requirement low..high on a value is met if interval analysis proves it. If not it moves backward, with the region
 * of the value that is really used, to what the value is made of: views, CATs, PADs and other moves only move elements,
 * states and REPEATs hand them on. Where it arrives at an input, or at what is made of inputs, sizes and numbers alone,
 * it becomes an ir_bound_check; where it arrives at other arithmetic, an error. A region that cannot be told for all
 * values of the dims is taken for the whole axis. A divisor must be proved not to be 0.
 */
#include "passes/passes.h"

#include <string.h>

#include "passes/int_ranges.h"

/* Along an axis: extent elements from start, step apart. */
typedef struct {
    const dim *start, *extent;
    int64_t step;
} stretch;

typedef struct {
    stretch axis[IR_MAX_RANK];
} region;

typedef struct {
    ir_value *value;
    region used;
} task;

typedef struct {
    ir_model *model;
    diag_list *diags;
    const int_range *ranges; /* by id, of the values that were there when the pass began */
    const bool *made_of_inputs; /* by id, too */
    unsigned *done;          /* by id: the last requirement that met the whole value */
    unsigned serial;         /* of the requirement being met */
    const ir_node *reader;   /* the node that requires */
    ir_check_kind kind;
    bool has_except; /* what is checked may be this, too: ignore_index */
    int64_t except;
    int_range within;
    task *tasks; /* still to do */
    size_t task_count, task_capacity;
    int budget;  /* of tasks with part of a value; later ones take the whole of it */
    diag *error; /* of this requirement, if any */
} bounder;

enum { BUDGET = 1000 };

/* --- regions ----------------------------------------------------------------------------------------------------- */

static region whole(dim_table *t, const ir_type *type) {
    region r;
    memset(&r, 0, sizeof r);
    for (unsigned i = 0; i < type->rank; i++) r.axis[i] = (stretch){dim_const(t, 0), type->dims[i], 1};
    return r;
}

static bool is_whole_axis(const stretch *s, const dim *extent) {
    return dim_same(s->extent, extent); /* then there is no other start and step */
}

static bool is_whole(const region *r, const ir_type *type) {
    for (unsigned i = 0; i < type->rank; i++)
        if (!is_whole_axis(&r->axis[i], type->dims[i])) return false;
    return true;
}

/* The part of s that falls on offset .. offset + length - 1, seen from offset. False when nothing does; all of the
 * length when that cannot be told. */
static bool part_of(dim_table *t, const stretch *s, const dim *offset, const dim *length, stretch *part) {
    const dim *one = dim_const(t, 1), *end = dim_add(t, offset, length);
    const dim *last = dim_add(t, s->start, dim_mul(t, dim_sub(t, s->extent, one), dim_const(t, s->step)));
    *part = (stretch){dim_const(t, 0), length, 1};
    if (dim_less_equal(t, end, s->start) || dim_less_equal(t, dim_add(t, last, one), offset)) return false;
    bool begins_inside = dim_less_equal(t, offset, s->start), begins_before = dim_less_equal(t, s->start, offset);
    bool ends_inside = dim_less_equal(t, dim_add(t, last, one), end), ends_after = dim_less_equal(t, end, last);
    int64_t start, extent, from, to;
    if (begins_inside && ends_inside) {
        *part = (stretch){dim_sub(t, s->start, offset), s->extent, s->step};
    } else if (s->step == 1 && begins_inside && ends_after) {
        *part = (stretch){dim_sub(t, s->start, offset), dim_sub(t, end, s->start), 1};
    } else if (s->step == 1 && begins_before && ends_inside) {
        *part = (stretch){dim_const(t, 0), dim_sub(t, dim_add(t, last, one), offset), 1};
    } else if (s->step > 1 && dim_is_const(s->start, &start) && dim_is_const(s->extent, &extent) &&
               dim_is_const(offset, &from) && dim_is_const(end, &to)) {
        int64_t skipped = start < from ? (from - start + s->step - 1) / s->step : 0;
        int64_t first = start + skipped * s->step, count = (to - first + s->step - 1) / s->step;
        if (count > extent - skipped) count = extent - skipped;
        if (first >= to || count < 1) return false;
        *part = (stretch){dim_const(t, first - from), dim_const(t, count), s->step};
    }
    if (dim_min(part->extent) < 1) *part = (stretch){dim_const(t, 0), length, 1};
    return true;
}

/* The operand's region behind a RESHAPE: axis by axis if it adds and drops axes of size 1 only, else all of it. */
static region before_reshape(dim_table *t, const ir_type *from, const ir_type *to, const region *used) {
    region r = whole(t, from);
    unsigned i = 0, j = 0;
    for (; i < from->rank && j < to->rank; i++, j++) {
        while (i < from->rank && dim_is(from->dims[i], 1)) i++;
        while (j < to->rank && dim_is(to->dims[j], 1)) j++;
        if (i == from->rank || j == to->rank) break;
        if (!dim_same(from->dims[i], to->dims[j])) return whole(t, from);
        r.axis[i] = used->axis[j];
    }
    return r;
}

static region before_view(dim_table *t, const ir_node *n, const region *used) {
    const ir_type *from = &n->inputs[0]->type;
    region r = *used;
    switch ((unsigned)n->op) {
    case IR_PERMUTE:
        for (unsigned i = 0; i < from->rank; i++) r.axis[n->attrs.perm[i]] = used->axis[i];
        return r;
    case IR_SLICE: {
        stretch *s = &r.axis[n->attrs.axis];
        s->start = dim_add(t, n->attrs.start, dim_mul(t, s->start, dim_const(t, n->attrs.step)));
        /* The step of one element is 1; otherwise both steps are smaller than an axis, and their product fits. */
        s->step = dim_is(s->extent, 1) ? 1 : s->step * n->attrs.step;
        return r;
    }
    case IR_EXPAND: {
        const ir_type *to = &n->results[0]->type;
        r = whole(t, from);
        for (unsigned i = 0; i < from->rank; i++) {
            unsigned own = to->rank - from->rank + i;
            if (dim_same(from->dims[i], to->dims[own])) r.axis[i] = used->axis[own];
        }
        return r;
    }
    case IR_RESHAPE: return before_reshape(t, from, &n->results[0]->type, used);
    default: ice("%s is no view", ir_op_name(n->op));
    }
}

/* --- checks and errors ------------------------------------------------------------------------------------------- */

static void add_check(bounder *b, ir_value *v) {
    ir_model *m = b->model;
    for (size_t i = 0; i < m->check_count; i++) {
        const ir_bound_check *c = &m->checks[i];
        if (c->value == v && c->kind == b->kind && c->low == b->within.low && c->high == b->within.high &&
            c->has_except == b->has_except && c->except == b->except)
            return;
    }
    ir_bound_check check = {v, b->kind, b->within.low, b->within.high, b->reader->where, b->has_except, b->except};
    ARENA_PUSH(m->arena, m->checks, m->check_count, m->check_capacity, check);
}

/* v is made of inputs; the check reads the part of it that is used. */
static void check_region(bounder *b, ir_value *v, const region *used) {
    if (is_whole(used, &v->type)) {
        /* The same elements in another order. */
        while (v->producer->op == IR_PERMUTE || v->producer->op == IR_RESHAPE) v = v->producer->inputs[0];
        add_check(b, v);
        return;
    }
    for (unsigned i = 0; i < v->type.rank; i++) {
        if (is_whole_axis(&used->axis[i], v->type.dims[i])) continue;
        ir_node *slice = ir_insert(b->model, &b->model->run, v->producer, IR_SLICE, &v, 1, v->where);
        slice->label = ir_op_name(IR_SLICE);
        slice->attrs = (ir_attrs){.axis = i, .start = used->axis[i].start, .step = used->axis[i].step};
        slice->results[0]->type = v->type;
        slice->results[0]->type.dims[i] = used->axis[i].extent;
        v = slice->results[0];
    }
    add_check(b, v);
}

static const char *reader_name(const bounder *b) {
    if (b->reader->attrs.classes) return "a loss";
    if (b->reader->op == IR_TAKE) return "x[i]";
    return b->reader->source ? b->reader->source : ir_op_name(b->reader->op);
}

static void report(bounder *b, const ir_node *culprit, const char *made_by, int_range found) {
    ir_model *m = b->model;
    const char *what = b->kind == IR_CHECK_LENGTH                                ? "lengths"
                       : b->reader->op == IR_ONE_HOT || b->reader->attrs.classes ? "classes"
                                                                                 : "indices";
    const char *range = int_range_string(m->arena, found);
    const char *wanted = int_range_string(m->arena, b->within);
    if (!b->error) {
        b->error = diag_error(b->diags, b->reader->where, "%s needs %s that are known to be in %s, found %s",
                              reader_name(b), what, wanted, range);
        diag_hint(
            b->error,
            "clamp(x, %s, %s) keeps them in range; %s made of inputs, sizes and numbers alone are checked when the "
            "model runs",
            dim_short(m->arena, b->within.low), dim_short(m->arena, b->within.high), what);
    }
    diag_note(b->error, culprit->where, "%s here gives %s", made_by, range);
}

/* --- the way back ------------------------------------------------------------------------------------------------ */

static bool is_within(const bounder *b, int_range r) {
    if (!r.low) return true; /* no round makes it */
    return dim_less_equal(b->model->dims, b->within.low, r.low) &&
           dim_less_equal(b->model->dims, r.high, b->within.high);
}

/* Whatever the dims are, no element can be in range. */
static bool is_never_within(const bounder *b, int_range r) {
    dim_table *t = b->model->dims;
    const dim *one = dim_const(t, 1);
    return dim_less_equal(t, dim_add(t, b->within.high, one), r.low) ||
           dim_less_equal(t, dim_add(t, r.high, one), b->within.low);
}

static void push(bounder *b, ir_value *v, const region *used) {
    task next = {v, *used};
    if (b->budget-- <= 0) next.used = whole(b->model->dims, &v->type);
    if (is_whole(&next.used, &v->type)) {
        if (b->done[v->id] == b->serial) return;
        b->done[v->id] = b->serial;
    }
    ARENA_PUSH(b->model->arena, b->tasks, b->task_count, b->task_capacity, next);
}

static void meet_at_cat(bounder *b, const ir_node *n, const region *used) {
    dim_table *t = b->model->dims;
    unsigned axis = n->attrs.axis;
    const dim *offset = dim_const(t, 0);
    for (unsigned i = 0; i < n->input_count; i++) {
        region part = *used;
        const dim *length = n->inputs[i]->type.dims[axis];
        if (part_of(t, &used->axis[axis], offset, length, &part.axis[axis])) push(b, n->inputs[i], &part);
        offset = dim_add(t, offset, length);
    }
}

static void meet_at_pad(bounder *b, const ir_node *n, const region *used) {
    dim_table *t = b->model->dims;
    unsigned axis = n->attrs.axis;
    const dim *length = n->inputs[0]->type.dims[axis], *before = dim_const(t, n->attrs.before);
    const stretch *s = &used->axis[axis];
    region part = *used, padding = *used;
    bool inside = part_of(t, s, before, length, &part.axis[axis]);
    const dim *end = dim_add(t, before, length);
    bool pads = part_of(t, s, dim_const(t, 0), before, &padding.axis[axis]) ||
                part_of(t, s, end, dim_const(t, n->attrs.after), &padding.axis[axis]);
    if (n->attrs.pad_mode == IR_PAD_CONSTANT) {
        const dim *number = dim_const(t, (int64_t)n->attrs.number);
        int_range padding_range = {number, number};
        if (pads && !is_within(b, padding_range)) report(b, n, "the padding", padding_range);
    } else if (pads) {
        part.axis[axis] = (stretch){dim_const(t, 0), length, 1};
        inside = true;
    }
    if (inside) push(b, n->inputs[0], &part);
}

static void meet_zero(bounder *b, const ir_node *n, const char *what) {
    const dim *zero = dim_const(b->model->dims, 0);
    if (!is_within(b, (int_range){zero, zero})) report(b, n, what, (int_range){zero, zero});
}

/* A row is used: so is that of some round, any of them. */
static void meet_at_row(bounder *b, const ir_node *n, const region *used) {
    ir_value *all = n->block->repeat->inputs[n->attrs.index];
    region r = whole(b->model->dims, &all->type);
    for (unsigned i = 1; i < all->type.rank; i++) r.axis[i] = used->axis[i - 1];
    push(b, all, &r);
}

static void meet_at_carried(bounder *b, const ir_node *repeat, unsigned i, const region *used) {
    push(b, repeat->inputs[ir_rows_of(repeat) + i], used);
    push(b, repeat->block->next[i], used);
}

static void meet_at_repeat(bounder *b, const ir_value *v, const region *used) {
    const ir_node *n = v->producer;
    unsigned carried = ir_carried_of(n);
    if (v->result < carried) {
        meet_at_carried(b, n, v->result, used);
        return;
    }
    region each = {0};
    for (unsigned i = 1; i < v->type.rank; i++) each.axis[i - 1] = used->axis[i];
    if (n->block->until) meet_zero(b, n, "a round that does not run");
    push(b, n->block->collected[v->result - carried], &each);
}

static void meet_at_state(bounder *b, const ir_node *n, const region *used) {
    const ir_state *s = &b->model->states[n->attrs.index];
    if (s->init) push(b, s->init, used);
    else meet_zero(b, n, "a reset");
    if (s->next) push(b, s->next, used);
}

static bool is_view_of_input(const ir_value *v) {
    while (ir_op_class_of(v->producer->op) == IR_VIEW) v = v->producer->inputs[0];
    return v->producer->op == IR_INPUT;
}

/* Is every element of v one of the operand's? */
static bool moves_elements(const ir_node *n, const ir_value *v) {
    return n->op == IR_FLIP || n->op == IR_ROLL || n->op == IR_TAKE || n->op == IR_GATHER ||
           (n->op == IR_TOPK && v->result == 0);
}

static void push_whole(bounder *b, ir_value *v) {
    region all = whole(b->model->dims, &v->type);
    push(b, v, &all);
}

/* where(t != ignore_index, t, 0) of a loss's classes: t itself is what is checked. */
static bool takes_exception(bounder *b, const ir_node *n) {
    double except, otherwise;
    if (b->kind != IR_CHECK_TARGET || n->op != IR_WHERE || b->has_except) return false;
    const ir_node *test = n->inputs[0]->producer;
    if (test->op != IR_NOT_EQUAL || test->inputs[0] != n->inputs[1] || !ir_is_const(test->inputs[1], &except) ||
        !ir_is_const(n->inputs[2], &otherwise) || otherwise != 0)
        return false;
    b->has_except = true;
    b->except = (int64_t)except;
    return true;
}

static void meet(bounder *b, const task *now) {
    const ir_node *n = now->value->producer;
    int_range known = b->ranges[now->value->id];
    if (is_within(b, known)) return;
    if (is_never_within(b, known)) {
        report(b, n, n->source ? n->source : ir_op_name(n->op), known);
        return;
    }
    if (is_view_of_input(now->value)) {
        check_region(b, now->value, &now->used);
    } else if (takes_exception(b, n)) {
        push_whole(b, n->inputs[1]);
    } else if (ir_op_class_of(n->op) == IR_VIEW) {
        region before = before_view(b->model->dims, n, &now->used);
        push(b, n->inputs[0], &before);
    } else if (n->op == IR_COPY) {
        push(b, n->inputs[0], &now->used);
    } else if (b->made_of_inputs[now->value->id] && n->op != IR_CAT && n->op != IR_PAD && n->op != IR_TENSOR) {
        check_region(b, now->value, &now->used);
    } else if (n->op == IR_CAT) {
        meet_at_cat(b, n, &now->used);
    } else if (n->op == IR_PAD) {
        meet_at_pad(b, n, &now->used);
    } else if (n->op == IR_ROW) {
        meet_at_row(b, n, &now->used);
    } else if (n->op == IR_CARRIED) {
        meet_at_carried(b, n->block->repeat, (unsigned)n->attrs.index, &now->used);
    } else if (n->op == IR_REPEAT) {
        meet_at_repeat(b, now->value, &now->used);
    } else if (n->op == IR_STATE) {
        meet_at_state(b, n, &now->used);
    } else if (n->op == IR_WHERE) {
        for (unsigned i = 1; i <= 2; i++) push_whole(b, n->inputs[i]);
    } else if (moves_elements(n, now->value)) {
        push_whole(b, n->inputs[0]);
    } else {
        report(b, n, n->source ? n->source : ir_op_name(n->op), known);
    }
}

static void require(bounder *b, const ir_node *reader, ir_value *v, int_range within, ir_check_kind kind) {
    b->reader = reader;
    b->within = within;
    b->kind = kind;
    b->has_except = false;
    b->except = 0;
    b->serial++;
    b->budget = BUDGET;
    b->error = NULL;
    push_whole(b, v);
    while (b->task_count) {
        task now = b->tasks[--b->task_count];
        meet(b, &now);
    }
}

static void require_divisor(bounder *b, const ir_node *n) {
    int_range r = b->ranges[n->inputs[1]->id];
    if (dim_min(r.low) >= 1 || dim_max(r.high) <= -1) return;
    diag *e = diag_error(b->diags, n->where, "%s needs a divisor that is known not to be 0, found %s",
                         n->op == IR_FLOORDIV ? "//" : "%", int_range_string(b->model->arena, r));
    diag_note(e, n->inputs[1]->where, "the divisor");
    diag_hint(e, "clamp(x, min=1) keeps it positive");
}

/* One of the places along the axis of x. */
static int_range places_of(dim_table *t, const ir_node *n) {
    return (int_range){dim_const(t, 0), dim_sub(t, n->inputs[0]->type.dims[n->attrs.axis], dim_const(t, 1))};
}

static void bound_graph(bounder *b, const ir_graph *g) {
    dim_table *t = b->model->dims;
    const dim *zero = dim_const(t, 0), *one = dim_const(t, 1);
    for (const ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_REPEAT) bound_graph(b, &n->block->body);
        if (n->op == IR_EMBEDDING)
            require(b, n, n->inputs[0], (int_range){zero, dim_sub(t, n->inputs[1]->type.dims[0], one)}, IR_CHECK_TOKEN);
        if (n->op == IR_ONE_HOT)
            require(b, n, n->inputs[0], (int_range){zero, dim_const(t, n->attrs.count - 1)}, IR_CHECK_TOKEN);
        if (n->op == IR_TAKE || n->op == IR_GATHER || n->op == IR_SCATTER_ADD)
            require(b, n, n->inputs[1], places_of(t, n), n->attrs.classes ? IR_CHECK_TARGET : IR_CHECK_TOKEN);
        if (n->op == IR_FLOORDIV || n->op == IR_REMAINDER) require_divisor(b, n);
        if (n->op == IR_RECURRENT && n->inputs[IR_REC_LENGTHS])
            require(b, n, n->inputs[IR_REC_LENGTHS], (int_range){one, n->inputs[IR_REC_X]->type.dims[0]},
                    IR_CHECK_LENGTH);
    }
}

void pass_bound_indices(ir_model *m, diag_list *diags) {
    bounder b = {.model = m, .diags = diags, .ranges = int_ranges_of(m)};
    b.made_of_inputs = ir_made_of_inputs(m->arena, m);
    b.done = ARENA_ARRAY(m->arena, unsigned, m->value_count);
    bound_graph(&b, &m->reset);
    bound_graph(&b, &m->run);
}
