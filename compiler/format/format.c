/* format: see format.h. */
#include "format/format.h"

#include <math.h>

static const format_row rows[FORMATS] = {
    [FORMAT_FLOAT32] = {"float32", 4, 1, false, false},
    [FORMAT_FLOAT16] = {"float16", 2, 1, false, false},
    [FORMAT_BFLOAT16] = {"bfloat16", 2, 1, false, false},
    [FORMAT_INT16] = {"int16", 2, 1, true, false},
    [FORMAT_INT8] = {"int8", 1, 4, false, true},
};

const format_row *format_row_of(weight_format f) { return &rows[f]; }

int64_t format_bytes(weight_format f, int64_t count, int64_t terms) {
    int64_t scale_bytes = f == FORMAT_INT8 ? 2 : 4;
    return count * (format_terms(f, terms) * rows[f].bytes + format_scales(f, terms) * scale_bytes);
}

int64_t format_param_rows(const ir_param *p) { return p->type.rank ? dim_max(p->type.dims[0]) : 1; }

int64_t format_param_terms(const ir_param *p) {
    int64_t terms = 1;
    for (unsigned i = 1; i < p->type.rank; i++) terms *= dim_max(p->type.dims[i]);
    return terms;
}

/* Products of int8 weights are added as integers, up to 2^27, before they are scaled: beyond this float32 would
 * overflow, where the sum itself does not. */
#define MOST_OF_INT8 1e25

static bool can_be_kept(weight_format f, const ir_param *p) {
    int64_t count = format_param_rows(p) * format_param_terms(p);
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(p->data[i]) || (f == FORMAT_INT8 && fabs((double)p->data[i]) > MOST_OF_INT8)) return false;
    return true;
}

weight_format format_choose(const ir_node *n, const ir_param *p) {
    static const weight_format asked[IR_WEIGHTS_COUNT] = {
        [IR_WEIGHTS_DEFAULT] = FORMAT_FLOAT32, [IR_WEIGHTS_FLOAT32] = FORMAT_FLOAT32,
        [IR_WEIGHTS_INT16] = FORMAT_INT16,     [IR_WEIGHTS_INT8] = FORMAT_INT8,
    };
    static const weight_format stored[] = {
        [IR_IN_FLOAT32] = FORMAT_FLOAT32, [IR_IN_FLOAT16] = FORMAT_FLOAT16, [IR_IN_BFLOAT16] = FORMAT_BFLOAT16};
    weight_format f = asked[n->attrs.weights];
    if (ir_param_lives(p) || n->attrs.keeps) return FORMAT_FLOAT32; /* it is being trained, or something before it is */
    /* rows that are scaled down to max_norm are no longer those of the file */
    if (n->attrs.weights == IR_WEIGHTS_STORED && !n->attrs.has_max_norm) f = stored[p->stored];
    if (f == FORMAT_FLOAT32 || format_param_terms(p) < FORMAT_LEAST_TERMS) return FORMAT_FLOAT32;
    return !p->data || can_be_kept(f, p) ? f : FORMAT_FLOAT32;
}

void format_each_matrix(const ir_model *m, const ir_node *n, format_visitor *visit, void *context) {
    static const unsigned recurrent[] = {IR_REC_W_IH, IR_REC_W_HH, IR_REC_W_HR}, other[] = {1};
    bool is_recurrent = n->op == IR_RECURRENT;
    if (!is_recurrent && n->op != IR_EMBEDDING && n->op != IR_LINEAR && n->op != IR_CONV1D) return;
    const unsigned *operands = is_recurrent ? recurrent : other;
    for (unsigned i = 0; i < (is_recurrent ? 3 : 1); i++) {
        const ir_value *v = n->inputs[operands[i]];
        if (v && v->producer->op == IR_PARAM) visit(context, n, &m->params[v->producer->attrs.index]);
    }
}

static void each_of_graph(const ir_model *m, const ir_graph *g, format_visitor *visit, void *context) {
    for (const ir_node *n = g->first; n; n = n->next) {
        format_each_matrix(m, n, visit, context);
        if (n->op == IR_REPEAT) each_of_graph(m, &n->block->body, visit, context);
    }
}

void format_each(const ir_model *m, format_visitor *visit, void *context) {
    each_of_graph(m, &m->run, visit, context);
    each_of_graph(m, &m->reset, visit, context);
}

typedef struct {
    weight_format format;
    bool found;
} format_search;

static void look_at(void *context, const ir_node *n, const ir_param *p) {
    format_search *s = context;
    s->found = s->found || format_choose(n, p) == s->format; /* which reads the matrix */
}

bool format_is_used(const ir_model *m, weight_format f) {
    format_search s = {f, false};
    format_each(m, look_at, &s);
    return s.found;
}

static const ir_node *asking(const ir_graph *g) {
    for (const ir_node *n = g->first; n; n = n->next) {
        if (n->attrs.weights > IR_WEIGHTS_FLOAT32) return n;
        const ir_node *inside = n->op == IR_REPEAT ? asking(&n->block->body) : NULL;
        if (inside) return inside;
    }
    return NULL;
}

const ir_node *format_asked(const ir_model *m) {
    const ir_node *n = asking(&m->run);
    return n ? n : asking(&m->reset);
}
