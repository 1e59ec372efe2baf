/* arrange_params: the weights of a layer in the order in which its kernel takes them.
 *
 * A convolution over two axes is computed as one over the last axis whose channels are (channel, row of the kernel):
 * its weight [O, C, KH, KW] is the same elements as [O, C*KH, KW]. A transposed convolution takes its weight turned
 * round. Both are written as views of the PARAM; here these become params of their own, since kernels pack weights when
 * nnc runs. (But what lives in the struct stays as it is: the planner sees through a RESHAPE, and differentiate.c
 * refuses the others.)
 */
#include <string.h>

#include "passes/passes.h"

typedef struct {
    ir_model *model;     /* whose params there are */
    ir_model *in;        /* in whose run graph: the same, or one of its training's */
    ir_value **arranged; /* by id of the view: the PARAM that stands for it; NULL: none yet */
    size_t *behind;      /* by param: what comes next when all have been made; NONE: it is the last */
    size_t behind_count, behind_capacity;
} arranger;

#define NONE SIZE_MAX

static bool is_view(const ir_node *n) {
    return n->op == IR_RESHAPE || n->op == IR_PERMUTE || n->op == IR_FLIP;
}

static int64_t size_of(const ir_type *t, unsigned axis) {
    int64_t size;
    if (!dim_is_const(t->dims[axis], &size)) ice("a param of a size of run time");
    return size;
}

/* Where element `index` of the view's result lies in its operand. */
static size_t source_of(const ir_node *n, const int64_t *index) {
    const ir_type *from = &n->inputs[0]->type;
    size_t at = 0;
    int64_t own[IR_MAX_RANK];
    for (unsigned i = 0; i < from->rank; i++) own[n->op == IR_PERMUTE ? n->attrs.perm[i] : i] = index[i];
    for (unsigned i = 0; i < from->rank; i++) {
        int64_t size = size_of(from, i);
        bool turned = n->op == IR_FLIP && (n->attrs.axes >> i & 1u);
        at = at * (size_t)size + (size_t)(turned ? size - 1 - own[i] : own[i]);
    }
    return at;
}

static const float *arranged_data(ir_model *m, const ir_node *n, const float *from) {
    const ir_type *to = &n->results[0]->type;
    size_t count = (size_t)dim_max(ir_type_elements(m->dims, to));
    int64_t index[IR_MAX_RANK] = {0};
    if (!from || n->op == IR_RESHAPE) return from;
    float *data = ARENA_ARRAY(m->arena, float, count);
    for (size_t i = 0; i < count; i++) {
        data[i] = from[source_of(n, index)];
        for (unsigned k = to->rank; k-- > 0 && ++index[k] == size_of(to, k);) index[k] = 0;
    }
    return data;
}

/* A param that is to come behind another one, so that the tensors of a layer stand together; its index until then. */
static size_t add_param(arranger *a, size_t behind, const ir_param *p) {
    ir_model *m = a->model;
    size_t index = m->param_count;
    ARENA_PUSH(m->arena, m->params, m->param_count, m->param_capacity, *p);
    ARENA_PUSH(m->arena, a->behind, a->behind_count, a->behind_capacity, a->behind[behind]);
    a->behind[behind] = index;
    return index;
}

/* All at once: thousands of them, one by one, would take a time that is quadratic. */
static void put_in_order(const arranger *a) {
    ir_model *m = a->model;
    ir_param *params = ARENA_ARRAY(m->arena, ir_param, m->param_count);
    size_t *index = ARENA_ARRAY(m->arena, size_t, m->param_count), left = 0;
    for (size_t i = 0; i != NONE; i = a->behind[i]) {
        params[left] = m->params[i];
        index[i] = left++;
    }
    memcpy(m->params, params, m->param_count * sizeof *params);
    ir_share_params(m);
    ir_graph *graphs[IR_MAX_GRAPHS]; /* no body has params of its own */
    size_t count = ir_graphs_of(m, graphs);
    for (size_t g = 0; g < count; g++)
        for (ir_node *n = graphs[g]->first; n; n = n->next)
            if (n->op == IR_PARAM) n->attrs.index = index[n->attrs.index];
}

/* The PARAM that v is or becomes; v itself when it is no view of one. */
static ir_value *arrange(arranger *a, ir_value *v) {
    ir_node *n = v->producer;
    if (!is_view(n)) return v;
    if (a->arranged[v->id]) return a->arranged[v->id];
    ir_model *m = a->model;
    ir_value *from = arrange(a, n->inputs[0]);
    if (from->producer->op != IR_PARAM || ir_param_lives(&m->params[from->producer->attrs.index])) return v;
    ir_param p = m->params[from->producer->attrs.index];
    p.data = arranged_data(m, n, p.data);
    p.type = v->type;
    size_t index = add_param(a, from->producer->attrs.index, &p);
    ir_value *param = ir_insert(a->in, &a->in->run, NULL, IR_PARAM, NULL, 0, from->producer->where)->results[0];
    param->type = v->type;
    param->producer->attrs.index = index;
    param->producer->label = from->producer->label;
    return a->arranged[v->id] = param;
}

static void arrange_graph(arranger *a, ir_graph *g) {
    for (ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_REPEAT) arrange_graph(a, &n->block->body);
        if (n->op == IR_CONV1D) n->inputs[1] = arrange(a, n->inputs[1]);
    }
}

void pass_arrange_params(ir_model *m) {
    arranger a = {.model = m->base ? m->base : m, .in = m};
    a.arranged = ARENA_ARRAY(m->arena, ir_value *, m->value_count);
    const size_t params = a.model->param_count;
    for (size_t i = 0; i < params; i++)
        ARENA_PUSH(m->arena, a.behind, a.behind_count, a.behind_capacity, i + 1 < params ? i + 1 : NONE);
    arrange_graph(&a, &m->run);
    if (a.model->param_count > params) put_in_order(&a);
}
