/* count: see count.h. */
#include "commands/count.h"

#include <string.h>

#include "commands/layer.h"

typedef struct {
    arena *arena;
    const ir_model *model;
    const int64_t *dims;
    model_counts *to;
    bool *seen; /* by param */
} counting;

/* --- numbers that stay at INT64_MAX --- */

static int64_t times(int64_t a, int64_t b) {
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

static int64_t plus(int64_t a, int64_t b) {
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* --- sizes --- */

int64_t count_elements(const ir_model *m, const ir_type *type, const int64_t *dims) {
    int64_t elements = 1;
    for (unsigned i = 0; i < type->rank; i++)
        elements = times(elements, ir_dim_at(m, type->dims[i], dims));
    return elements;
}

static int64_t size_of(const counting *c, const ir_value *v, unsigned i) {
    return ir_dim_at(c->model, v->type.dims[i], c->dims);
}

static int64_t last_size(const counting *c, const ir_value *v) {
    return size_of(c, v, v->type.rank - 1);
}

/* --- multiply-adds --- */

static int64_t recurrent_work(const counting *c, const ir_node *n) {
    const ir_value *x = n->inputs[IR_REC_X], *w_hr = n->inputs[IR_REC_W_HR];
    const ir_value *w_ih = n->inputs[IR_REC_W_IH], *w_hh = n->inputs[IR_REC_W_HH];
    int64_t step = times(size_of(c, w_ih, 0), plus(size_of(c, w_ih, 1), size_of(c, w_hh, 1)));
    if (w_hr) step = plus(step, times(size_of(c, w_hr, 0), size_of(c, w_hr, 1)));
    return times(times(size_of(c, x, 0), size_of(c, x, 1)), step);
}

static int64_t work_of(const counting *c, const ir_node *n) {
    if (n->op == IR_RECURRENT) return recurrent_work(c, n);
    if (n->op != IR_LINEAR && n->op != IR_MATMUL && n->op != IR_CONV1D) return 0;
    int64_t terms = n->op == IR_CONV1D
                        ? times(size_of(c, n->inputs[1], 1), size_of(c, n->inputs[1], 2))
                        : last_size(c, n->inputs[0]);
    return times(count_elements(c->model, &n->results[0]->type, c->dims), terms);
}

/* --- rows --- */

static bool is_buffer(const char *key) {
    const char *dot = strrchr(key, '.'), *last = dot ? dot + 1 : key;
    return strcmp(last, "running_mean") == 0 || strcmp(last, "running_var") == 0;
}

static void add_param(counting *c, count_row *row, size_t index) {
    const ir_param *p = &c->model->params[index];
    if (c->seen[index]) return;
    c->seen[index] = true;
    int64_t elements = count_elements(c->model, &p->type, c->dims);
    int64_t *part = is_buffer(p->key) ? &row->buffers : &row->parameters;
    *part = plus(*part, elements);
}

static const char *name_of(const counting *c, const ir_node *n) {
    const char *name = layer_name(c->arena, c->model, n);
    return name ? name : n->label ? n->label : ir_op_name(n->op);
}

/* The nodes of one call follow each other; its layers and directions are one row. */
static count_row *row_of(counting *c, const ir_node *n) {
    model_counts *to = c->to;
    count_row *last = to->count ? &to->rows[to->count - 1] : NULL;
    if (last && last->where.begin == n->where.begin && last->where.end == n->where.end &&
        strcmp(last->layer, n->source ? n->source : "") == 0)
        return last;
    count_row row = {name_of(c, n), n->source ? n->source : "", NULL, NULL, n->where, 0, 0, 0};
    ARENA_PUSH(c->arena, to->rows, to->count, to->capacity, row);
    return &to->rows[to->count - 1];
}

static bool reads(const ir_node *n, const ir_value *v) {
    for (unsigned i = 0; i < n->input_count; i++)
        if (n->inputs[i] == v) return true;
    return false;
}

/* What becomes of the result in the same call: directions side by side, dims put back. A cell gives its new h. */
static const ir_value *output_of(const ir_node *n) {
    bool cell = n->op == IR_RECURRENT && n->source && strstr(n->source, "Cell(");
    const ir_value *v = n->results[cell ? 1 : 0];
    for (const ir_node *k = n->next; k && k->where.begin == n->where.begin; k = k->next) {
        if (k->where.end != n->where.end) break;
        if ((ir_op_class_of(k->op) == IR_VIEW || k->op == IR_CAT) && reads(k, v)) v = k->results[0];
    }
    return v;
}

static void count_graph(counting *c, const ir_graph *g, int64_t rounds) {
    for (const ir_node *n = g->first; n; n = n->next) {
        if (n->op == IR_REPEAT) {
            count_graph(c, &n->block->body, times(rounds, ir_dim_at(c->model, n->attrs.rounds, c->dims)));
            continue;
        }
        int64_t work = work_of(c, n);
        if (!n->source && !work) continue;
        count_row *row = row_of(c, n);
        row->value = output_of(n);
        row->output = &row->value->type;
        row->multiply_adds = plus(row->multiply_adds, times(rounds, work));
        for (unsigned i = 0; i < n->input_count; i++) {
            const ir_node *p = layer_param(n->inputs[i]);
            if (p) add_param(c, row, p->attrs.index);
        }
    }
}

model_counts count_model(arena *a, const ir_model *m, const int64_t *dims) {
    model_counts to = {0};
    counting c = {a, m, dims, &to, ARENA_ARRAY(a, bool, m->param_count)};
    count_graph(&c, &m->run, 1);
    for (size_t i = 0; i < m->param_count; i++) {
        const ir_param *p = &m->params[i];
        count_row row = {p->key, "param", NULL, &p->type, p->where, 0, 0, 0};
        if (c.seen[i]) continue;
        add_param(&c, &row, i);
        ARENA_PUSH(a, to.rows, to.count, to.capacity, row);
    }
    for (size_t i = 0; i < to.count; i++) {
        to.parameters = plus(to.parameters, to.rows[i].parameters);
        to.buffers = plus(to.buffers, to.rows[i].buffers);
        to.multiply_adds = plus(to.multiply_adds, to.rows[i].multiply_adds);
    }
    return to;
}
