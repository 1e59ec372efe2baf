/* ops_recurrent: LSTM, GRU and RNN, as the layers of torch.nn that they were.
 *
 * ONNX: X [T, B, I]; W [D, G*H, I], R [D, G*H, H], B [D, 2*G*H] (Wb, Rb), initial_h and initial_c [D, B, H];
 * Y [T, D, B, H], Y_h and Y_c [D, B, H]; with layout=1 the batch stands first in all of X, Y and states. Gates of W, R, B:
 * LSTM i, o, f, c; GRU z, r, h (https://onnx.ai/onnx/operators/onnx__LSTM.html). torch has i, f, g, o and r, z, n, and out
 * [T, B, D*H]. */
#include <inttypes.h>
#include <math.h>

#include "import/ops.h"

typedef struct {
    const char *kind; /* "LSTM" */
    unsigned gates, directions, operands; /* operands: where P (peepholes) would stand, or 0 */
    unsigned order[4];                    /* torch's gate i is ONNX's order[i] */
    int64_t inputs, hidden;
    bool reverse;
} cell;

static const cell cells[] = {
    {.kind = "LSTM", .gates = 4, .operands = 7, .order = {0, 2, 3, 1}},
    {.kind = "GRU", .gates = 3, .order = {1, 0, 2}},
    {.kind = "RNN", .gates = 1, .order = {0}},
};

/* --- activations -------------------------------------------------------------------------------------------------- */

/* ONNX's names, with the alpha and beta for which Keras's function is the same; NAN: it has none. */
static const struct {
    const char *onnx, *keras;
    double alpha, beta;             /* what they must be */
    double usual_alpha, usual_beta; /* what ONNX takes when they are left out */
} activations[] = {
    {"Sigmoid", "sigmoid", NAN, NAN, NAN, NAN},    {"Tanh", "tanh", NAN, NAN, NAN, NAN},
    {"Relu", "relu", NAN, NAN, NAN, NAN},          {"HardSigmoid", "hard_sigmoid", 0.2, 0.5, 0.2, 0.5},
    {"Affine", "linear", 1, 0, 1, 0},              {"LeakyRelu", "leaky_relu", 0.2, NAN, 0.01, NAN},
    {"Elu", "elu", 1, NAN, 1, NAN},                {"Softsign", "softsign", NAN, NAN, NAN, NAN},
    {"Softplus", "softplus", NAN, NAN, NAN, NAN},
};

static bool same_case(const char *a, const char *b) {
    for (; *a && *b; a++, b++)
        if ((*a | 32) != (*b | 32)) return false;
    return *a == *b;
}

static double taken(const float *all, size_t count, size_t *next, double usual) {
    if (isnan(usual)) return usual;
    return *next < count ? (double)all[(*next)++] : usual;
}

/* Keras's names of the activations, `each` a direction, all directions alike; false after a report. */
static bool read_activations(call *c, const cell *k, unsigned each, const char *const *usual, const char **names) {
    const Onnx__AttributeProto *a = attribute(c, "activations");
    const Onnx__AttributeProto *alpha = attribute(c, "activation_alpha"), *beta = attribute(c, "activation_beta");
    size_t next_alpha = 0, next_beta = 0;
    for (unsigned i = 0; i < each; i++) names[i] = usual[i];
    if (!a || a->n_strings == 0) return true;
    if (a->n_strings != each * k->directions) return refuse(c, "it has %zu activations; %u are needed", a->n_strings, each * k->directions);
    for (unsigned i = 0; i < a->n_strings; i++) {
        const char *name = arena_strndup(c->graph->arena, (const char *)a->strings[i].data, a->strings[i].len), *keras = NULL;
        for (size_t n = 0; n < sizeof activations / sizeof *activations; n++) {
            if (!same_case(activations[n].onnx, name)) continue;
            double x = taken(alpha ? alpha->floats : NULL, alpha ? alpha->n_floats : 0, &next_alpha, activations[n].usual_alpha);
            double y = taken(beta ? beta->floats : NULL, beta ? beta->n_floats : 0, &next_beta, activations[n].usual_beta);
            bool fits = (isnan(x) || fabs(x - activations[n].alpha) < 1e-6) && (isnan(y) || isnan(activations[n].beta) || fabs(y - activations[n].beta) < 1e-6);
            if (!fits) return refuse(c, "the activation %s with alpha %g and beta %g has no counterpart in nnc", name, x, y);
            keras = activations[n].keras;
        }
        if (!keras) return refuse(c, "the activation \"%s\" has no counterpart in nnc", name);
        if (i < each) names[i] = keras;
        else if (strcmp(names[i % each], keras) != 0) return refuse(c, "directions with different activations are not supported");
    }
    return true;
}

/* What the layer's arguments say of them, or NULL after a report. */
static const char *activation_arguments(call *c, const cell *k) {
    static const char *const usual[] = {"sigmoid", "tanh", "tanh"};
    const char *names[3];
    arena *a = c->graph->arena;
    bool is_rnn = k->gates == 1;
    if (!read_activations(c, k, is_rnn ? 1 : k->gates == 4 ? 3 : 2, is_rnn ? usual + 1 : usual, names)) return NULL;
    if (is_rnn) {
        if (strcmp(names[0], "relu") == 0) return ", nonlinearity=\"relu\"";
        return strcmp(names[0], "tanh") == 0 ? "" : arena_printf(a, ", activation=\"%s\"", names[0]);
    }
    if (k->gates == 4 && strcmp(names[1], names[2]) != 0)
        return refuse(c, "different activations of the candidate (%s) and the cell (%s) are not supported", names[1], names[2]), NULL;
    const char *own = strcmp(names[1], "tanh") == 0 ? "" : arena_printf(a, ", activation=\"%s\"", names[1]);
    return strcmp(names[0], "sigmoid") == 0 ? own : arena_printf(a, "%s, recurrent_activation=\"%s\"", own, names[0]);
}

/* --- weights ------------------------------------------------------------------------------------------------------ */

/* Rows of the gates of one direction, from ONNX's order to torch's. from: [D, gates_in_all * H, width], of which the
 * gates from `first` on are meant. */
static const float *reorder(graph *g, const cell *k, const float *from, unsigned direction, unsigned gates_in_all, unsigned first, int64_t width) {
    int64_t gate = k->hidden * width;
    float *to = graph_room(g, (size_t)(k->gates * gate), sizeof *to);
    const float *start = from + (int64_t)direction * gates_in_all * gate + first * gate;
    for (unsigned i = 0; to && i < k->gates; i++)
        for (int64_t n = 0; n < gate; n++) to[i * gate + n] = start[k->order[i] * gate + n];
    return to;
}

static bool has_shape(const value *v, unsigned rank, int64_t a, int64_t b, int64_t d) {
    return v->rank == rank && dim_is(v->dims[0], a) && dim_is(v->dims[1], b) && (rank < 3 || dim_is(v->dims[2], d));
}

static bool read_weights(call *c, const cell *k, layer *l) {
    graph *g = c->graph;
    arena *a = g->arena;
    const value *w = c->in[1], *r = c->in[2], *b = operand(c, 3);
    int64_t rows = k->gates * k->hidden, directions = k->directions;
    if (!has_shape(w, 3, directions, rows, k->inputs))
        return refuse(c, "W \"%s\" is %s; [%u, %" PRId64 ", %" PRId64 "] is needed", w->name, value_shape_string(a, w), k->directions, rows, k->inputs);
    if (!has_shape(r, 3, directions, rows, k->hidden))
        return refuse(c, "R \"%s\" is %s; [%u, %" PRId64 ", %" PRId64 "] is needed", r->name, value_shape_string(a, r), k->directions, rows, k->hidden);
    if (b && !has_shape(b, 2, directions, 2 * rows, 0))
        return refuse(c, "B \"%s\" is %s; [%u, %" PRId64 "] is needed", b->name, value_shape_string(a, b), k->directions, 2 * rows);
    const float *wf = value_float_array(g, w), *rf = value_float_array(g, r), *bf = b ? value_float_array(g, b) : NULL;
    if (!wf || !rf || (b && !bf)) return refuse(c, "its weights W, R and B must be constant");
    for (unsigned d = 0; d < k->directions; d++) {
        const char *tail = d ? "_reverse" : "";
        layer_param *p = l->params + l->param_count;
        p[0] = (layer_param){arena_printf(a, "weight_ih_l0%s", tail), reorder(g, k, wf, d, k->gates, 0, k->inputs), 2, {rows, k->inputs}};
        p[1] = (layer_param){arena_printf(a, "weight_hh_l0%s", tail), reorder(g, k, rf, d, k->gates, 0, k->hidden), 2, {rows, k->hidden}};
        l->param_count += 2;
        if (bf) {
            p[2] = (layer_param){arena_printf(a, "bias_ih_l0%s", tail), reorder(g, k, bf, d, 2 * k->gates, 0, 1), 1, {rows}};
            p[3] = (layer_param){arena_printf(a, "bias_hh_l0%s", tail), reorder(g, k, bf, d, 2 * k->gates, k->gates, 1), 1, {rows}};
            l->param_count += 2;
        }
    }
    for (unsigned i = 0; i < l->param_count; i++)
        if (!l->params[i].data) return refuse(c, "its weights are too large");
    return true;
}

/* --- the call ----------------------------------------------------------------------------------------------------- */

static bool is_zero(const value *v) {
    double number;
    return !v || (value_scalar(v, &number) && number <= 0 && number >= 0);
}

static bool check_options(call *c, const cell *k) {
    if (attribute(c, "clip")) return refuse(c, "clip is not supported");
    if (attribute_int(c, "input_forget", 0)) return refuse(c, "input_forget=1 is not supported");
    if (k->operands && !is_zero(operand(c, k->operands))) return refuse(c, "peepholes (P) are not supported");
    return true;
}

static value *swap_first(call *c, value *x) {
    unsigned perm[IMPORT_MAX_RANK] = {1, 0};
    for (unsigned i = 2; i < x->rank; i++) perm[i] = i;
    return make_permute(c->graph, c->path, x, perm);
}

/* What batch_first would take: the value that x is the transposed of, where that is what the graph says. */
static value *batch_first_source(value *x) {
    const node *n = x->producer;
    if (!n || !n->operand_count) return NULL;
    value *from = n->operands[0];
    if (n->kind == NODE_PERMUTE && n->perm[0] == 1 && n->perm[1] == 0 && n->perm[2] == 2) return from;
    bool swapped = n->kind == NODE_RESHAPE && from->rank == 3 && dim_same(from->dims[0], x->dims[1]) && dim_same(from->dims[1], x->dims[0]) && dim_same(from->dims[2], x->dims[2]);
    return swapped && !dim_same(from->dims[0], from->dims[1]) ? from : NULL;
}

static bool read_cell(call *c, const value *x, cell *k) {
    graph *g = c->graph;
    const char *direction = attribute_string(c, "direction", "forward");
    k->reverse = strcmp(direction, "reverse") == 0;
    k->directions = strcmp(direction, "bidirectional") == 0 ? 2 : 1;
    if (k->directions == 1 && !k->reverse && strcmp(direction, "forward") != 0) return refuse(c, "the direction \"%s\"", direction);
    const value *r = c->in[2];
    if (r->rank != 3 || !dim_is_const(r->dims[2], &k->hidden) || k->hidden < 1) return refuse(c, "R \"%s\" is %s", r->name, value_shape_string(g->arena, r));
    if (attribute(c, "hidden_size") && attribute_int(c, "hidden_size", 0) != k->hidden)
        return refuse(c, "hidden_size is %" PRId64 ", but R \"%s\" is %s", attribute_int(c, "hidden_size", 0), r->name, value_shape_string(g->arena, r));
    if (x->rank != 3 || !dim_is_const(x->dims[2], &k->inputs)) return refuse(c, "its input is %s; [T, B, I] with a constant I is needed", value_shape_string(g->arena, x));
    return true;
}

static bool is_state(call *c, const value *v, const cell *k, const dim *batch) {
    if (v->rank == 3 && dim_is(v->dims[0], k->directions) && dim_same(v->dims[1], batch) && dim_is(v->dims[2], k->hidden)) return true;
    return refuse(c, "its initial state \"%s\" is %s; [%u, %s, %" PRId64 "] is needed", v->name, value_shape_string(c->graph->arena, v), k->directions, dim_string(c->graph->arena, batch), k->hidden);
}

static const char *arguments(call *c, const cell *k, bool batch_first, const char *activations_text) {
    text t = text_new(c->graph->arena);
    text_printf(&t, "%" PRId64 ", %" PRId64 "%s", k->inputs, k->hidden, activations_text);
    if (!operand(c, 3)) text_add(&t, ", bias=False");
    if (batch_first) text_add(&t, ", batch_first=True");
    if (k->directions == 2) text_add(&t, ", bidirectional=True");
    if (k->reverse) text_add(&t, ", reverse=true");
    if (k->gates == 3 && !attribute_int(c, "linear_before_reset", 0) && !import_options_of(c->importer)->reset_after) text_add(&t, ", reset_after=false");
    return text_string(&t);
}

/* lengths=, where they are not all the whole length. */
static bool read_lengths(call *c, const dim *steps, const dim *batch, value **lengths) {
    *lengths = operand(c, 4);
    if (!*lengths) return true;
    int64_t count;
    if ((*lengths)->rank != 1 || !dim_same((*lengths)->dims[0], batch)) return refuse(c, "its sequence_lens are %s", value_shape_string(c->graph->arena, *lengths));
    if (!value_known(*lengths)) return true;
    bool whole = (*lengths)->filled && dim_same((*lengths)->integer, steps);
    if (!(*lengths)->filled && value_count(*lengths, &count)) {
        whole = true;
        for (int64_t i = 0; i < count; i++) whole &= dim_same(value_dim_at(*lengths, i), steps);
    }
    if (whole) *lengths = NULL;
    return true;
}

bool op_recurrent(call *c) {
    graph *g = c->graph;
    cell k = {0};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        if (strcmp(cells[i].kind, c->row->argument) == 0) k = cells[i];
    bool batch_major = attribute_int(c, "layout", 0) == 1;
    value *x = c->in[0];
    if (x->rank == 3 && batch_major) x = swap_first(c, x);
    const char *functions;
    if (!read_cell(c, x, &k) || !check_options(c, &k) || !(functions = activation_arguments(c, &k))) return false;
    const dim *steps = x->dims[0], *batch = x->dims[1];
    value *h = operand(c, 5), *cc = k.gates == 4 ? operand(c, 6) : NULL, *lengths;
    if (h && batch_major && h->rank == 3) h = swap_first(c, h);
    if (cc && batch_major && cc->rank == 3) cc = swap_first(c, cc);
    if ((h && !is_state(c, h, &k, batch)) || (cc && !is_state(c, cc, &k, batch)) || !read_lengths(c, steps, batch, &lengths)) return false;
    if (is_zero(h) && is_zero(cc)) h = cc = NULL;
    else if (k.gates == 4) { /* given together */
        const dim *shape[3] = {dim_const(g->dims, k.directions), batch, dim_const(g->dims, k.hidden)};
        if (!h) h = value_filled(g, ELEMENT_FLOAT, 3, shape, 0, NULL);
        if (!cc) cc = value_filled(g, ELEMENT_FLOAT, 3, shape, 0, NULL);
    }
    layer l = {.kind = k.kind, .wanted = c->path};
    if (!read_weights(c, &k, &l)) return false;
    bool exporters_fault = k.gates == 3 && !attribute_int(c, "linear_before_reset", 0);
    if (exporters_fault) l.comment = "linear_before_reset=0";
    value *first = batch_first_source(x);
    l.arguments = arguments(c, &k, first != NULL, functions);

    const dim *features = dim_const(g->dims, k.directions * k.hidden);
    value *out = value_new(g, ELEMENT_FLOAT, 3, (const dim *[]){first ? batch : steps, first ? steps : batch, features});
    value *state = value_new(g, ELEMENT_FLOAT, 3, (const dim *[]){dim_const(g->dims, k.directions), batch, dim_const(g->dims, k.hidden)});
    node *n = make_layer(g, c->path, &l, (value *[]){first ? first : x, h, cc, lengths}, 4, (const value *[]){out, state, state}, k.gates == 4 ? 3 : 2);

    value *y = n->results[0]; /* as [T, B, D*H] -> [T, D, B, H] */
    if (first) y = swap_first(c, y);
    const dim *apart[4] = {steps, batch, dim_const(g->dims, k.directions), dim_const(g->dims, k.hidden)};
    y = make_permute(g, c->path, make_reshape(g, c->path, y, 4, apart), (const unsigned[]){0, 2, 1, 3});
    if (batch_major) y = make_permute(g, c->path, y, (const unsigned[]){2, 0, 1, 3});
    for (unsigned i = 0; i < c->out_count && i <= n->result_count - 1; i++) {
        value *v = i == 0 ? y : n->results[i];
        c->out[i] = i && batch_major ? swap_first(c, v) : v;
    }
    return true;
}
