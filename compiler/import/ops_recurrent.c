/* ops_recurrent: LSTM, GRU and RNN, as the layers of torch.nn that they were.
 *
 * ONNX: X [T, B, I]; W [D, G*H, I], R [D, G*H, H], B [D, 2*G*H] (Wb, Rb), initial_h and initial_c [D, B, H];
 * Y [T, D, B, H], Y_h and Y_c [D, B, H]; with layout=1 the batch stands first in all of X, Y and states. Gates of W, R,
 * B: LSTM i, o, f, c; GRU z, r, h (https://onnx.ai/onnx/operators/onnx__LSTM.html). torch has i, f, g, o and r, z, n,
 * and out [T, B, D*H]. */
#include "import/recurrent.h"

#include <inttypes.h>
#include <math.h>

static const cell cells[] = {
    {.kind = "LSTM", .gates = 4, .functions = 3, .order = {0, 2, 3, 1}},
    {.kind = "GRU", .gates = 3, .functions = 2, .order = {1, 0, 2}},
    {.kind = "RNN", .gates = 1, .functions = 1, .order = {0}},
};

/* --- activations -------------------------------------------------------------------------------------------------- */

/* ONNX's names; what alpha and beta are when they are left out (NAN: it has none); Keras's function, for these alphas
 * and betas (NAN: any). */
static const struct {
    const char *onnx;
    double alpha, beta;
    const char *keras;
    double keras_alpha;
} activations[] = {
    {"Sigmoid", NAN, NAN, "sigmoid", NAN},
    {"Tanh", NAN, NAN, "tanh", NAN},
    {"Relu", NAN, NAN, "relu", NAN},
    {"HardSigmoid", 0.2, 0.5, "hard_sigmoid", 0.2},
    {"Affine", 1, 0, "linear", 1},
    {"LeakyRelu", 0.01, NAN, "leaky_relu", 0.2},
    {"Elu", 1, NAN, "elu", 1},
    {"Softsign", NAN, NAN, "softsign", NAN},
    {"Softplus", NAN, NAN, "softplus", NAN},
    {"ThresholdedRelu", 1, NAN, NULL, NAN},
    {"ScaledTanh", 1, 1, NULL, NAN},
};

static bool same_case(const char *a, const char *b) {
    for (; *a && *b; a++, b++)
        if ((*a | 32) != (*b | 32)) return false;
    return *a == *b;
}

static bool is_near(double a, double b) { return fabs(a - b) <= 1e-6 * (1 + fabs(b)); }

/* The next of the attribute's numbers, for functions that have one. */
static double taken(const Onnx__AttributeProto *all, size_t *next, double usual) {
    if (isnan(usual)) return usual;
    return all && *next < all->n_floats ? (double)all->floats[(*next)++] : usual;
}

static bool set_activation(call *c, activation *to, const char *name, const Onnx__AttributeProto *alpha,
                           size_t *next_alpha, const Onnx__AttributeProto *beta, size_t *next_beta) {
    for (size_t n = 0; n < sizeof activations / sizeof *activations; n++) {
        if (!same_case(activations[n].onnx, name)) continue;
        to->name = activations[n].onnx;
        to->alpha = taken(alpha, next_alpha, activations[n].alpha);
        to->beta = taken(beta, next_beta, activations[n].beta);
        bool fits = activations[n].keras &&
                    (isnan(activations[n].keras_alpha) || is_near(to->alpha, activations[n].keras_alpha)) &&
                    (isnan(activations[n].beta) || is_near(to->beta, activations[n].beta));
        to->keras = fits ? activations[n].keras : NULL;
        return true;
    }
    return refuse(c, "the activation \"%s\" has no counterpart in nnc", name);
}

static bool read_activations(call *c, cell *k) {
    static const char *const usual[] = {"Sigmoid", "Tanh", "Tanh"};
    const Onnx__AttributeProto *a = attribute(c, "activations");
    const Onnx__AttributeProto *alpha = attribute(c, "activation_alpha"), *beta = attribute(c, "activation_beta");
    size_t next_alpha = 0, next_beta = 0, needed = (size_t)k->functions * k->directions;
    if (a && a->n_strings && a->n_strings != needed)
        return refuse(c, "it has %zu activations; %zu are needed", a->n_strings, needed);
    for (size_t i = 0; i < needed; i++) {
        const char *name = usual[i % k->functions + (k->functions == 1)];
        if (a && a->n_strings)
            name = arena_strndup(c->graph->arena, (const char *)a->strings[i].data, a->strings[i].len);
        if (!set_activation(c, &k->activation[i / k->functions][i % k->functions], name, alpha, &next_alpha, beta,
                            &next_beta))
            return false;
    }
    return true;
}

/* Whether a layer of nnc has these functions: each by Keras's name, all directions alike, an LSTM's last two alike. */
static bool layer_has_activations(const cell *k) {
    for (unsigned d = 0; d < k->directions; d++)
        for (unsigned i = 0; i < k->functions; i++)
            if (!k->activation[d][i].keras || strcmp(k->activation[d][i].keras, k->activation[0][i].keras) != 0)
                return false;
    return k->functions < 3 || strcmp(k->activation[0][1].keras, k->activation[0][2].keras) == 0;
}

/* What the layer's arguments say of them. */
static const char *activation_arguments(arena *a, const cell *k) {
    const char *first = k->activation[0][0].keras;
    if (k->functions == 1) {
        if (strcmp(first, "relu") == 0) return ", nonlinearity=\"relu\"";
        return strcmp(first, "tanh") == 0 ? "" : arena_printf(a, ", activation=\"%s\"", first);
    }
    const char *second = k->activation[0][1].keras;
    const char *own = strcmp(second, "tanh") == 0 ? "" : arena_printf(a, ", activation=\"%s\"", second);
    return strcmp(first, "sigmoid") == 0 ? own : arena_printf(a, "%s, recurrent_activation=\"%s\"", own, first);
}

/* --- weights ------------------------------------------------------------------------------------------------------ */

/* Rows of the gates of one direction, from ONNX's order to torch's. from: [D, gates_in_all * H, width], of which the
 * gates from `first` on are meant. */
static const float *reorder(graph *g, const cell *k, const float *from, unsigned direction, unsigned gates_in_all,
                            unsigned first, int64_t width) {
    int64_t gate = k->hidden * width;
    float *to = graph_room(g, (size_t)(k->gates * gate), sizeof *to);
    const float *start = from + (int64_t)direction * gates_in_all * gate + first * gate;
    for (unsigned i = 0; to && i < k->gates; i++)
        for (int64_t n = 0; n < gate; n++) to[i * gate + n] = start[k->order[i] * gate + n];
    return to;
}

static bool is_zero(const value *v) {
    double number;
    return !v || (value_scalar(v, &number) && number <= 0 && number >= 0);
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
        return refuse(c, "W \"%s\" is %s; [%u, %" PRId64 ", %" PRId64 "] is needed", w->name, value_shape_string(a, w),
                      k->directions, rows, k->inputs);
    if (!has_shape(r, 3, directions, rows, k->hidden))
        return refuse(c, "R \"%s\" is %s; [%u, %" PRId64 ", %" PRId64 "] is needed", r->name, value_shape_string(a, r),
                      k->directions, rows, k->hidden);
    if (b && !has_shape(b, 2, directions, 2 * rows, 0))
        return refuse(c, "B \"%s\" is %s; [%u, %" PRId64 "] is needed", b->name, value_shape_string(a, b),
                      k->directions, 2 * rows);
    const float *wf = value_float_array(g, w), *rf = value_float_array(g, r), *bf = b ? value_float_array(g, b) : NULL;
    if (!wf || !rf || (b && !bf)) return refuse(c, "its weights W, R and B must be constant");
    for (unsigned d = 0; d < k->directions; d++) {
        const char *tail = d ? "_reverse" : "";
        layer_param *p = l->params + l->param_count;
        p[0] = (layer_param){arena_printf(a, "weight_ih_l0%s", tail),
                             reorder(g, k, wf, d, k->gates, 0, k->inputs),
                             2,
                             {rows, k->inputs}};
        p[1] = (layer_param){arena_printf(a, "weight_hh_l0%s", tail),
                             reorder(g, k, rf, d, k->gates, 0, k->hidden),
                             2,
                             {rows, k->hidden}};
        l->param_count += 2;
        if (bf) {
            p[2] = (layer_param){
                arena_printf(a, "bias_ih_l0%s", tail), reorder(g, k, bf, d, 2 * k->gates, 0, 1), 1, {rows}};
            p[3] = (layer_param){
                arena_printf(a, "bias_hh_l0%s", tail), reorder(g, k, bf, d, 2 * k->gates, k->gates, 1), 1, {rows}};
            l->param_count += 2;
        }
    }
    for (unsigned i = 0; i < l->param_count; i++)
        if (!l->params[i].data) return refuse(c, "its weights are too large");
    return true;
}

/* --- the call ----------------------------------------------------------------------------------------------------- */

/* What no layer of nnc has, and a loop is written for. */
static bool read_options(call *c, cell *k) {
    const Onnx__AttributeProto *clip = attribute(c, "clip");
    k->clip = clip && clip->has_f ? (double)clip->f : INFINITY;
    k->input_forget = k->gates == 4 && attribute_int(c, "input_forget", 0);
    k->reset_after =
        k->gates == 3 && (attribute_int(c, "linear_before_reset", 0) || import_options_of(c->importer)->reset_after);
    const value *p = k->gates == 4 ? operand(c, 7) : NULL;
    k->peepholes = is_zero(p) ? NULL : p;
    if (k->peepholes && (!has_shape(p, 2, k->directions, 3 * k->hidden, 0) || !value_float_array(c->graph, p)))
        return refuse(c, "P \"%s\" is %s; [%u, %" PRId64 "], constant, is needed", p->name,
                      value_shape_string(c->graph->arena, p), k->directions, 3 * k->hidden);
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
    bool swapped = n->kind == NODE_RESHAPE && from->rank == 3 && dim_same(from->dims[0], x->dims[1]) &&
                   dim_same(from->dims[1], x->dims[0]) && dim_same(from->dims[2], x->dims[2]);
    return swapped && !dim_same(from->dims[0], from->dims[1]) ? from : NULL;
}

static bool read_cell(call *c, const value *x, cell *k) {
    graph *g = c->graph;
    const char *direction = attribute_string(c, "direction", "forward");
    k->reverse = strcmp(direction, "reverse") == 0;
    k->directions = strcmp(direction, "bidirectional") == 0 ? 2 : 1;
    if (k->directions == 1 && !k->reverse && strcmp(direction, "forward") != 0)
        return refuse(c, "the direction \"%s\"", direction);
    const value *r = c->in[2];
    if (r->rank != 3 || !dim_is_const(r->dims[2], &k->hidden) || k->hidden < 1)
        return refuse(c, "R \"%s\" is %s", r->name, value_shape_string(g->arena, r));
    if (attribute(c, "hidden_size") && attribute_int(c, "hidden_size", 0) != k->hidden)
        return refuse(c, "hidden_size is %" PRId64 ", but R \"%s\" is %s", attribute_int(c, "hidden_size", 0), r->name,
                      value_shape_string(g->arena, r));
    if (x->element != ELEMENT_FLOAT) return refuse(c, "its input is of integers");
    if (x->rank != 3 || !dim_is_const(x->dims[2], &k->inputs))
        return refuse(c, "its input is %s; [T, B, I] with a constant I is needed", value_shape_string(g->arena, x));
    return true;
}

static bool is_state(call *c, const value *v, const cell *k, const dim *batch) {
    if (v->element != ELEMENT_FLOAT) return refuse(c, "its initial state \"%s\" is of integers", v->name);
    if (v->rank == 3 && dim_is(v->dims[0], k->directions) && dim_same(v->dims[1], batch) &&
        dim_is(v->dims[2], k->hidden))
        return true;
    return refuse(c, "its initial state \"%s\" is %s; [%u, %s, %" PRId64 "] is needed", v->name,
                  value_shape_string(c->graph->arena, v), k->directions, dim_string(c->graph->arena, batch), k->hidden);
}

static const char *arguments(call *c, const cell *k, bool batch_first, const char *activations_text) {
    text t = text_new(c->graph->arena);
    text_printf(&t, "%" PRId64 ", %" PRId64 "%s", k->inputs, k->hidden, activations_text);
    if (!operand(c, 3)) text_add(&t, ", bias=False");
    if (batch_first) text_add(&t, ", batch_first=True");
    if (k->directions == 2) text_add(&t, ", bidirectional=True");
    if (k->reverse) text_add(&t, ", reverse=True");
    if (k->gates == 3 && !k->reset_after) text_add(&t, ", reset_after=False");
    return text_string(&t);
}

/* lengths=, where they are not all the whole length. */
static bool read_lengths(call *c, const dim *steps, const dim *batch, value **lengths) {
    *lengths = operand(c, 4);
    if (!*lengths) return true;
    int64_t count;
    if ((*lengths)->element != ELEMENT_INT || (*lengths)->rank != 1 || !dim_same((*lengths)->dims[0], batch))
        return refuse(c, "its sequence_lens are %s", value_shape_string(c->graph->arena, *lengths));
    if (!value_known(*lengths)) return true;
    if ((*lengths)->filled) count = 1;
    else if (!value_count(*lengths, &count)) return refuse(c, "its sequence_lens are of a size of run time");
    bool whole = true;
    for (int64_t i = 0; i < count; i++) {
        const dim *length = value_dim_at(*lengths, i);
        whole &= dim_same(length, steps);
        if (dim_min(length) < 1 || !dim_less_equal(c->graph->dims, length, steps))
            return refuse(c, "a length of %s of at most %s steps", dim_string(c->graph->arena, length),
                          dim_string(c->graph->arena, steps));
    }
    if (whole) *lengths = NULL;
    return true;
}

/* The layer's results as ONNX has them: Y [T, D, B, H], Y_h and Y_c [D, B, H]. */
static void as_layer(call *c, const cell *k, layer *l, value *x, value *h, value *cc, value *lengths, value **results) {
    graph *g = c->graph;
    const dim *steps = x->dims[0], *batch = x->dims[1], *directions = dim_const(g->dims, k->directions),
              *hidden = dim_const(g->dims, k->hidden);
    value *first = batch_first_source(x);
    l->arguments = arguments(c, k, first != NULL, activation_arguments(g->arena, k));
    if (k->gates == 3 && !k->reset_after) {
        l->comment = "linear_before_reset=0";
        warn_of_exporter(
            c, WARNING_GRU_RESET, "pytorch", "linear_before_reset is 0, which no GRU of PyTorch is",
            "some of its exporters leave the attribute out: --gru-reset-after reads it as PyTorch meant it");
    }
    const dim *shape[3] = {first ? batch : steps, first ? steps : batch, dim_const(g->dims, k->directions * k->hidden)};
    const value *out = value_new(g, ELEMENT_FLOAT, 3, shape),
                *state = value_new(g, ELEMENT_FLOAT, 3, (const dim *[]){directions, batch, hidden});
    node *n = make_layer(g, c->path, l, (value *[]){first ? first : x, h, cc, lengths}, 4,
                         (const value *[]){out, state, state}, k->gates == 4 ? 3 : 2);
    value *y = first ? swap_first(c, n->results[0]) : n->results[0];
    y = make_reshape(g, c->path, y, 4, (const dim *[]){steps, batch, directions, hidden});
    results[0] = make_permute(g, c->path, y, (const unsigned[]){0, 2, 1, 3});
    results[1] = n->results[1];
    results[2] = k->gates == 4 ? n->results[2] : NULL;
}

bool op_recurrent(call *c) {
    graph *g = c->graph;
    cell k = {0};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        if (strcmp(cells[i].kind, c->row->argument) == 0) k = cells[i];
    bool batch_major = attribute_int(c, "layout", 0) == 1;
    value *x = c->in[0];
    if (x->rank == 3 && batch_major) x = swap_first(c, x);
    if (!read_cell(c, x, &k) || !read_options(c, &k) || !read_activations(c, &k)) return false;
    const dim *steps = x->dims[0], *batch = x->dims[1];
    value *h = operand(c, 5), *cc = k.gates == 4 ? operand(c, 6) : NULL, *lengths;
    if (h && batch_major && h->rank == 3) h = swap_first(c, h);
    if (cc && batch_major && cc->rank == 3) cc = swap_first(c, cc);
    if ((h && !is_state(c, h, &k, batch)) || (cc && !is_state(c, cc, &k, batch)) ||
        !read_lengths(c, steps, batch, &lengths))
        return false;
    bool loop = k.peepholes || isfinite(k.clip) || k.input_forget || !layer_has_activations(&k);
    const dim *shape[3] = {dim_const(g->dims, k.directions), batch, dim_const(g->dims, k.hidden)};
    if (is_zero(h) && is_zero(cc) && !loop) h = cc = NULL;
    else { /* a layer takes both or none */
        if (!h) h = value_filled(g, ELEMENT_FLOAT, 3, shape, 0, NULL);
        if (!cc && k.gates == 4) cc = value_filled(g, ELEMENT_FLOAT, 3, shape, 0, NULL);
    }
    layer l = {.kind = k.kind, .wanted = c->path};
    if (!read_weights(c, &k, &l)) return false;
    value *results[3];
    if (!loop) as_layer(c, &k, &l, x, h, cc, lengths, results);
    else if (!recurrent_as_loop(c, &k, &l, x, h, cc, lengths, results)) return false;
    for (unsigned i = 0; i < c->out_count && i < (k.gates == 4 ? 3u : 2u); i++) {
        c->out[i] = results[i];
        if (batch_major)
            c->out[i] =
                i ? swap_first(c, results[i]) : make_permute(g, c->path, results[0], (const unsigned[]){2, 0, 1, 3});
    }
    return true;
}
