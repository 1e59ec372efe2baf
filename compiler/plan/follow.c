/* follow: what alone reads a convolution is done to its sums before they are stored: elementwise operators, and the
 * maxima of windows side by side behind them. Of the convolution's own values nothing is kept.
 *
 * Sums are vectors of neighbouring positions of one channel, in every body (choose_conv.c), so all windows of a row of
 * sums are in registers; those of an image's further rows are compared with what stands in the result. */
#include "plan/operators.h"

enum { MAX_OPERATORS = 16, MAX_STEPS = 3 };

/* How the reader sees the convolution's result[M, O, W]. */
typedef struct {
    task *conv, *reader;
    bool image;       /* as [N, O, H, W], with M = N*H */
    ir_type seen;     /* so */
    int64_t pool[2];  /* rows and columns of a window; 1: none */
} following;

/* The views from the reader's input down to what the convolution makes. */
static bool find_views(task *reader, following *f) {
    static const unsigned turned[] = {0, 2, 1, 3};
    pval *steps[MAX_STEPS], *v = reader->inputs[0];
    unsigned n = 0;
    for (; v && v->kind == PVAL_VIEW; v = v->origin) {
        if (n == MAX_STEPS || v->source != v->origin) return false;
        steps[n++] = v;
    }
    if (!v || v->kind != PVAL_ROOT || v->buffer || !v->producer) return false;
    task *conv = v->producer;
    if (!task_does(conv, IR_CONV1D) || conv->block != reader->block || conv->reader)
        return false;
    *f = (following){.conv = conv, .reader = reader, .seen = v->type, .pool = {1, 1}};
    if (n > 1) {
        const pval *rows = steps[n - 1], *image = steps[n - 2];
        if (rows->step.op != IR_RESHAPE || rows->type.rank != 4 || image->step.op != IR_PERMUTE) return false;
        if (!dim_same(rows->type.dims[2], v->type.dims[1]) || !dim_same(rows->type.dims[3], v->type.dims[2]))
            return false;
        for (unsigned i = 0; i < 4; i++)
            if (image->step.perm[i] != turned[i]) return false;
        f->image = true;
        f->seen = image->type;
        n -= 2;
    }
    return n == 0 || (n == 1 && steps[0]->step.op == IR_RESHAPE && reader->node->op == IR_MAX);
}

/* [N, O, H, W] as [N, O, LH, KH, LW, KW], of which the reader reduces KH, KW or both. */
static bool find_windows(const planner *p, following *f) {
    const ir_type *windows = &f->reader->inputs[0]->type;
    const ir_attrs *a = &f->reader->node->attrs;
    unsigned axis = 0;
    if (a->keepdim) return false;
    for (unsigned i = 0; i < f->seen.rank; i++) {
        const dim *whole = f->seen.dims[i];
        int64_t width;
        if (axis == windows->rank || a->axes >> axis & 1) return false;
        if (dim_same(windows->dims[axis++], whole)) continue;
        bool spatial = i >= 2 && axis < windows->rank && a->axes >> axis & 1;
        if (!spatial || !dim_is_const(windows->dims[axis], &width)) return false;
        if (!dim_same(dim_mul(p->dims, windows->dims[axis - 1], windows->dims[axis]), whole)) return false;
        f->pool[i + 1 == f->seen.rank] = width;
        axis++;
    }
    return axis == windows->rank && f->pool[1] <= 2 && f->pool[0] * f->pool[1] > 1;
}

/* Is an expression of what one memory operand holds, numbers, and channels' parameters fine in vectors? */
static bool expression_fits(const planner *p, const ir_node *n, unsigned *operators) {
    if (++*operators > MAX_OPERATORS || n->results[0]->type.dtype == IR_I32) return false;
    if (!plan_is_elementwise(n)) return false;
    for (unsigned i = 0; i < n->input_count; i++) {
        if (!n->inputs[i] || plan_is_parameter(n, i)) continue;
        const pval *v = p->values[n->inputs[i]->id];
        if (v->kind == PVAL_INLINE && !expression_fits(p, v->node, operators)) return false;
        if (v->kind == PVAL_NUMBER && (v->size || v->type.dtype == IR_I32)) return false;
    }
    return true;
}

const ir_node *planner_followed_by(const planner *p, const task *reader) {
    if (reader->node->op != IR_MAX) return reader->node;
    const pval *v = p->values[reader->node->inputs[0]->id];
    return reader->computed ? planner_computed_node(p, v) : NULL;
}

static bool reads_it_alone(const planner *p, const task *conv) {
    const ir_value *v = conv->node->results[0];
    const ir_node *user = p->only_user[v->id];
    while (user && ir_op_class_of(user->op) == IR_VIEW) user = p->only_user[user->results[0]->id];
    return user != NULL;
}

static bool in_every_body(const planner *p, const task *conv) {
    const ir_type *w = &p->model->params[conv->inputs[1]->param].type;
    const dim *length = conv->results[0]->type.dims[2];
    int64_t outputs = dim_max(w->dims[0]) / conv->node->attrs.groups;
    if (format_choose(conv->node, &p->model->params[conv->inputs[1]->param]) != FORMAT_FLOAT32) return false;
    for (size_t i = 0; i < p->plan->body_count; i++)
        if (!choose_conv_positions(p->plan->bodies[i], &conv->node->attrs, outputs, length)) return false;
    return true;
}

static bool follows(const planner *p, task *u, following *f) {
    if (u->kind != TASK_NODE || u->body || u->parts || u->block != p->block) return false;
    if (u->input_count != 1 || !u->inputs[0] || ir_op_class_of(u->node->op) == IR_SINK) return false;
    bool maxima = u->node->op == IR_MAX;
    if (!maxima && !plan_is_elementwise(u->node)) return false;
    if (u->results[0]->kind != PVAL_ROOT || u->results[0]->buffer || u->results[0]->type.dtype != IR_F32) return false;
    if (!find_views(u, f) || !reads_it_alone(p, f->conv) || !in_every_body(p, f->conv)) return false;
    const ir_node *n = planner_followed_by(p, u);
    unsigned operators = 0;
    if (n && !expression_fits(p, n, &operators)) return false;
    if (maxima) return find_windows(p, f) && !u->awaited;
    return ir_shape_same(&u->results[0]->type, &f->seen) && !u->awaited;
}

/* The reader's result becomes the convolution's: [M, O, W] with the lengths that windows leave. */
static void join(planner *p, const following *f) {
    pval *r = f->reader->results[0];
    task *conv = f->conv;
    conv->reader = f->reader;
    conv->pool[0] = f->pool[0];
    conv->pool[1] = f->pool[1];
    conv->results[0] = r;
    r->producer = conv;
    if (!f->image) return;
    ir_type rows = r->type, flat = r->type;
    rows.dims[1] = r->type.dims[2];
    rows.dims[2] = r->type.dims[1];
    flat.rank = 3;
    flat.dims[0] = dim_mul(p->dims, rows.dims[0], rows.dims[1]);
    flat.dims[1] = rows.dims[2];
    flat.dims[2] = rows.dims[3];
    pval *y = conv->results[0] = planner_root(p, &flat, r->name);
    y->producer = conv;
    r->kind = PVAL_VIEW;
    r->producer = NULL;
    r->origin = r->source = planner_view(p, y, &rows, (pstep){.op = IR_RESHAPE}, NULL);
    r->origin_step = r->step = (pstep){.op = IR_PERMUTE, .perm = {0, 2, 1, 3}};
}

void planner_follow(planner *p) {
    size_t left = 0;
    for (size_t i = 0; i < p->task_count; i++) {
        following f;
        if (follows(p, p->tasks[i], &f)) join(p, &f);
        else p->tasks[left++] = p->tasks[i];
    }
    p->task_count = left;
    for (size_t i = 0; i < left; i++) p->tasks[i]->serial = (unsigned)i;
}
