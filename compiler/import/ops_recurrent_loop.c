/* ops_recurrent_loop: a recurrent node that no layer of nnc computes, step by step: a repeat block for each direction.
 *
 * The formulas are those of https://onnx.ai/onnx/operators/onnx__LSTM.html and its neighbours; gates in torch's order.
 */
#include "import/recurrent.h"

#include <math.h>

/* Each gives NULL, after a report, of a NULL that it is given. */
static value *function(call *c, const char *name, const char *tail, value *x) {
    return !x ? NULL : make_call(c->graph, c->path, name, &x, 1, tail, value_like(c->graph, x));
}

static value *number(call *c, double x) { return value_of_float(c->graph, x); }
static value *add(call *c, value *a, value *b) { return binary(c, "+", FOLD_ADD, a, b); }
static value *multiply(call *c, value *a, value *b) { return binary(c, "*", FOLD_MUL, a, b); }
static value *one_minus(call *c, value *x) { return binary(c, "-", FOLD_SUB, number(c, 1), x); }

/* The activation of x, which is clipped before. */
static value *activated(call *c, const cell *k, const activation *f, value *x) {
    arena *a = c->graph->arena;
    const char *clip = isfinite(k->clip) ? number_text(a, k->clip) : NULL;
    if (clip) x = function(c, "clamp", arena_printf(a, ", -%s, %s", clip, clip), x);
    if (strcmp(f->name, "Sigmoid") == 0) return function(c, "sigmoid", "", x);
    if (strcmp(f->name, "Tanh") == 0) return function(c, "tanh", "", x);
    if (strcmp(f->name, "Relu") == 0) return function(c, "relu", "", x);
    if (strcmp(f->name, "Softsign") == 0) return function(c, "softsign", "", x);
    if (strcmp(f->name, "Softplus") == 0) return function(c, "softplus", "", x);
    if (strcmp(f->name, "Elu") == 0)
        return function(c, "elu", arena_printf(a, ", alpha=%s", number_text(a, f->alpha)), x);
    if (strcmp(f->name, "LeakyRelu") == 0)
        return function(c, "leaky_relu", arena_printf(a, ", %s", number_text(a, f->alpha)), x);
    if (strcmp(f->name, "ThresholdedRelu") == 0)
        return function(c, "threshold", arena_printf(a, ", %s, 0.0", number_text(a, f->alpha)), x);
    if (strcmp(f->name, "ScaledTanh") == 0)
        return multiply(c, number(c, f->alpha), function(c, "tanh", "", multiply(c, number(c, f->beta), x)));
    x = add(c, multiply(c, number(c, f->alpha), x), number(c, f->beta)); /* Affine, HardSigmoid */
    return strcmp(f->name, "Affine") == 0 ? x : function(c, "clamp", ", 0, 1", x);
}

/* Gate i of [B, G * H]. */
static value *gate(call *c, const cell *k, value *all, unsigned i) {
    graph *g = c->graph;
    slice_axis axes[IMPORT_MAX_RANK] = {{.step = 1}, {.step = 1}};
    if (i) axes[1].start = dim_const(g->dims, i * k->hidden);
    if (i + 1 < k->gates) axes[1].stop = dim_const(g->dims, (i + 1) * k->hidden);
    return all ? make_slice(g, c->path, all, axes) : NULL;
}

/* What the node is called, for the names of its parts. */
static const char *own_name(call *c, const cell *k) {
    const char *name = name_from_path(c->graph->arena, c->path);
    return name ? name : k->gates == 4 ? "lstm" : k->gates == 3 ? "gru" : "rnn";
}

/* The part of P that belongs to a gate, by its place there, times the cell; x without peepholes. */
static value *with_peephole(call *c, const cell *k, unsigned direction, unsigned place, value *x, value *cell_state) {
    static const char *const gates[] = {"i", "o", "f"};
    if (!k->peepholes) return x;
    const float *p = value_float_array(c->graph, k->peepholes) + (int64_t)(3 * direction + place) * k->hidden;
    value *weight = value_floats(c->graph, 1, &k->hidden, p);
    weight->name = arena_printf(c->graph->arena, "%s_peephole_%s", own_name(c, k), gates[place]);
    return add(c, x, multiply(c, weight, cell_state));
}

/* The products of a direction: with x the weights W and, unless they are needed apart, both biases; with h the weights
 * R (and, `apart`, the recurrent bias). */
typedef struct {
    value *input;           /* [T, B, G * H] */
    const float *recurrent, *bias; /* bias NULL: none, or in `input` */
} products;

static bool make_products(call *c, const cell *k, const layer *l, unsigned direction, value *x, bool apart,
                          products *to) {
    graph *g = c->graph;
    unsigned each = l->param_count / k->directions, first = direction * each;
    bool biased = each == 4;
    int64_t rows = k->gates * k->hidden, dims[2] = {rows, k->inputs};
    const float *b_ih = biased ? l->params[first + 2].data : NULL, *b_hh = biased ? l->params[first + 3].data : NULL;
    float *sum = biased ? graph_room(g, (size_t)rows, sizeof *sum) : NULL;
    if (biased && !sum) return false;
    for (int64_t i = 0; biased && i < rows; i++) sum[i] = apart ? b_ih[i] : (float)((double)b_ih[i] + (double)b_hh[i]);
    const value *weight = value_floats(g, 2, dims, l->params[first].data),
                *bias = biased ? value_floats(g, 1, &rows, sum) : NULL;
    to->input =
        linear(c, x, weight, bias, arena_printf(g->arena, "%s_input%s", own_name(c, k), direction ? "_reverse" : ""));
    to->recurrent = l->params[first + 1].data;
    to->bias = apart ? b_hh : NULL;
    return to->input != NULL;
}

/* h times the rows of R from gate `first` on, `gates` of them. */
static value *recurrent_product(call *c, const cell *k, const products *p, value *h, unsigned first, unsigned gates,
                                const char *name) {
    if (!h) return NULL;
    graph *g = c->graph;
    int64_t rows = gates * k->hidden, dims[2] = {rows, k->hidden};
    const value *weight = value_floats(g, 2, dims, p->recurrent + first * k->hidden * k->hidden);
    const value *bias = p->bias ? value_floats(g, 1, &rows, p->bias + first * k->hidden) : NULL;
    return linear(c, h, weight, bias, arena_printf(g->arena, "%s_%s", own_name(c, k), name));
}

static void lstm_step(call *c, const cell *k, unsigned d, const products *p, value *z, value *h, value *cc,
                      value **next) {
    const activation *f = k->activation[d];
    value *all = add(c, z, recurrent_product(c, k, p, h, 0, 4, d ? "state_reverse" : "state"));
    value *i = activated(c, k, &f[0], with_peephole(c, k, d, 0, gate(c, k, all, 0), cc));
    value *forget =
        k->input_forget ? one_minus(c, i) : activated(c, k, &f[0], with_peephole(c, k, d, 2, gate(c, k, all, 1), cc));
    value *candidate = activated(c, k, &f[1], gate(c, k, all, 2));
    next[1] = add(c, multiply(c, forget, cc), multiply(c, i, candidate));
    value *o = activated(c, k, &f[0], with_peephole(c, k, d, 1, gate(c, k, all, 3), next[1]));
    cell unclipped = *k;
    unclipped.clip = INFINITY;
    next[0] = multiply(c, o, activated(c, &unclipped, &f[2], next[1]));
}

static void gru_step(call *c, const cell *k, unsigned d, const products *p, value *z, value *h, value **next) {
    const activation *f = k->activation[d];
    value *rz = recurrent_product(c, k, p, h, 0, 2, d ? "gates_reverse" : "gates");
    cell two = *k;
    two.gates = 2;
    value *r = activated(c, k, &f[0], add(c, gate(c, k, z, 0), gate(c, &two, rz, 0)));
    value *update = activated(c, k, &f[0], add(c, gate(c, k, z, 1), gate(c, &two, rz, 1)));
    const char *name = d ? "candidate_reverse" : "candidate";
    value *share = k->reset_after ? multiply(c, r, recurrent_product(c, k, p, h, 2, 1, name))
                                  : recurrent_product(c, k, p, multiply(c, r, h), 2, 1, name);
    value *n = activated(c, k, &f[1], add(c, gate(c, k, z, 2), share));
    next[0] = add(c, multiply(c, one_minus(c, update), n), multiply(c, update, h));
}

static value *flipped(call *c, value *x, bool wanted_so) { return wanted_so ? function(c, "flip", ", 0", x) : x; }

static value *direction_of(call *c, value *states, unsigned d) {
    slice_axis axes[IMPORT_MAX_RANK] = {
        {.start = dim_const(c->graph->dims, d), .step = 1, .index = true}, {.step = 1}, {.step = 1}};
    return make_slice(c->graph, c->path, states, axes);
}

/* whether ? a : b; whether is [B, 1]. */
static value *chosen(call *c, value *whether, value *a, value *b) {
    return make_call(c->graph, c->path, "where", (value *[]){whether, a, b}, 3, "", a);
}

/* Behind its length a sequence's states stay as they are, and its output is 0. t: the step's number. */
static value *within_lengths(call *c, value *lengths, value *t, value *const *old, value **next, unsigned states) {
    graph *g = c->graph;
    const value *type = value_new(g, ELEMENT_BOOL, 1, lengths->dims);
    value *within = make_unsqueeze(g, c->path, make_infix(g, c->path, ">", lengths, t, type), 2);
    value *out = chosen(c, within, next[0], number(c, 0));
    for (unsigned i = 0; i < states; i++) next[i] = chosen(c, within, next[i], old[i]);
    return out;
}

bool recurrent_as_loop(call *c, const cell *k, const layer *l, value *x, value *h, value *cc, value *lengths,
                       value **results) {
    graph *g = c->graph;
    value *parts[MAX_DIRECTIONS][3] = {{NULL}};
    unsigned states = k->gates == 4 ? 2 : 1;
    if (lengths && !value_known(lengths)) lengths = checked_lengths(c, lengths, x->dims[0]);
    for (unsigned d = 0; d < k->directions; d++) {
        products p;
        bool backwards = d == 1 || k->reverse;
        if (!make_products(c, k, l, d, x, k->gates == 3, &p)) return refuse(c, "its weights are too large");
        value *rows[2] = {flipped(c, p.input, backwards),
                          lengths ? flipped(c, arange(c, x->dims[0]), backwards) : NULL};
        unsigned row_count = lengths ? 2 : 1;
        value *first[2] = {direction_of(c, h, d), cc ? direction_of(c, cc, d) : NULL}, *next[2] = {NULL, NULL};
        node *begin = begin_repeat(g, c->path, NULL, rows, row_count, first, states);
        value *z = begin->results[0], *const *carried = begin->results + row_count, *h_t = carried[0];
        if (k->gates == 4) lstm_step(c, k, d, &p, z, h_t, carried[1], next);
        else if (k->gates == 3) gru_step(c, k, d, &p, z, h_t, next);
        else
            next[0] = activated(c, k, &k->activation[d][0],
                                add(c, z, recurrent_product(c, k, &p, h_t, 0, 1, d ? "state_reverse" : "state")));
        for (unsigned i = 0; i < states; i++)
            if (!next[i] || next[i]->failed) return false;
        value *out = lengths ? within_lengths(c, lengths, begin->results[1], carried, next, states) : next[0];
        node *end = end_repeat(g, begin, next, states, &out, 1, NULL);
        parts[d][0] = make_unsqueeze(g, c->path, flipped(c, end->results[states], backwards), 2);
        for (unsigned i = 0; i < states; i++) parts[d][1 + i] = make_unsqueeze(g, c->path, end->results[i], 1);
    }
    for (unsigned i = 0; i <= states; i++) {
        value *type = value_like(g, parts[0][i]);
        type->dims[i ? 0 : 1] = dim_const(g->dims, k->directions);
        results[i] = k->directions == 1 ? parts[0][i]
                                        : make_tuple_call(g, c->path, "cat", (value *[]){parts[0][i], parts[1][i]}, 2,
                                                          i ? ", dim=0" : ", dim=1", type);
    }
    return true;
}
