/* describe: layers recognised by their parameters' names and shapes, in torch.nn's conventions. */
#include "weights/describe.h"

#include <inttypes.h>
#include <string.h>

#include "support/text.h"

typedef struct {
    arena *arena;
    const tensor_dict *dict;
    const char *prefix;
    size_t found; /* tensors that agree so far */
} search;

const char *describe_join(arena *a, const char *prefix, const char *name) {
    return *prefix ? arena_printf(a, "%s.%s", prefix, name) : name;
}

static const tensor *find(const search *s, const char *name) {
    return tensor_find(s->dict, describe_join(s->arena, s->prefix, name));
}

/* The tensor, when it is there with this rank. */
static const tensor *find_of_rank(search *s, const char *name, unsigned rank) {
    const tensor *t = find(s, name);
    if (!t || t->rank != rank) return NULL;
    s->found++;
    return t;
}

/* Is the tensor there with this shape; columns < 0: a vector. */
static bool has_shape(search *s, const char *name, int64_t rows, int64_t columns) {
    const tensor *t = find_of_rank(s, name, columns < 0 ? 1 : 2);
    return t && t->shape[0] == rows && (columns < 0 || t->shape[1] == columns);
}

/* "LSTM" out of "layer lstm = LSTM(6, 6)". */
static bool is_kind(const char *wanted_by, const char *kind) {
    const char *at = strstr(wanted_by, " = ");
    size_t length = strlen(kind);
    return at && strncmp(at + 3, kind, length) == 0 && at[3 + length] == '(';
}

/* --- recurrent layers --------------------------------------------------------------------------------------------- */

typedef struct {
    int64_t gates, inputs, hidden, projected, layers;
    bool cell, bias, reverse, projection;
} recurrent;

/* One layer in one direction has exactly the shapes that `r` says; ending is "", "_l0", "_l1_reverse". */
static bool direction_agrees(search *s, const recurrent *r, const char *ending, int64_t inputs) {
    arena *a = s->arena;
    int64_t rows = r->gates * r->hidden;
    if (!has_shape(s, arena_printf(a, "weight_ih%s", ending), rows, inputs)) return false;
    if (!has_shape(s, arena_printf(a, "weight_hh%s", ending), rows, r->projected)) return false;
    if (r->bias && !has_shape(s, arena_printf(a, "bias_ih%s", ending), rows, -1)) return false;
    if (r->bias && !has_shape(s, arena_printf(a, "bias_hh%s", ending), rows, -1)) return false;
    return !r->projection || has_shape(s, arena_printf(a, "weight_hr%s", ending), r->projected, r->hidden);
}

static bool recurrent_agrees(search *s, const recurrent *r) {
    s->found = 0;
    if (r->cell) return direction_agrees(s, r, "", r->inputs);
    for (int64_t layer = 0; layer < r->layers; layer++) {
        int64_t inputs = layer ? (r->reverse ? 2 : 1) * r->projected : r->inputs;
        if (!direction_agrees(s, r, arena_printf(s->arena, "_l%" PRId64, layer), inputs)) return false;
        if (r->reverse && !direction_agrees(s, r, arena_printf(s->arena, "_l%" PRId64 "_reverse", layer), inputs))
            return false;
    }
    return true;
}

static const char *describe_recurrent(search *s, bool cell) {
    recurrent r = {.cell = cell, .layers = 1};
    const tensor *w_ih = find(s, cell ? "weight_ih" : "weight_ih_l0");
    const tensor *w_hh = find(s, cell ? "weight_hh" : "weight_hh_l0");
    const tensor *w_hr = cell ? NULL : find(s, "weight_hr_l0");
    if (!w_ih || !w_hh || w_ih->rank != 2 || w_hh->rank != 2 || (w_hr && w_hr->rank != 2)) return NULL;
    r.inputs = w_ih->shape[1];
    r.projected = w_hh->shape[1];
    r.projection = w_hr != NULL;
    r.hidden = w_hr ? w_hr->shape[1] : r.projected;
    if (r.hidden < 1 || w_hh->shape[0] % r.hidden != 0) return NULL;
    r.gates = w_hh->shape[0] / r.hidden;
    const char *kind = r.gates == 4 ? "LSTM" : r.gates == 3 ? "GRU" : r.gates == 1 ? "RNN" : NULL;
    if (!kind) return NULL;
    r.bias = find(s, cell ? "bias_ih" : "bias_ih_l0") || find(s, cell ? "bias_hh" : "bias_hh_l0");
    r.reverse = find(s, "weight_ih_l0_reverse") != NULL;
    while (find(s, arena_printf(s->arena, "weight_ih_l%" PRId64, r.layers))) r.layers++;
    if (!recurrent_agrees(s, &r)) return NULL;

    text t = text_new(s->arena);
    text_printf(&t, "%s%s(%" PRId64 ", %" PRId64, kind, cell ? "Cell" : "", r.inputs, r.hidden);
    if (r.layers > 1) text_printf(&t, ", num_layers=%" PRId64, r.layers);
    if (!r.bias) text_add(&t, ", bias=False");
    if (r.reverse && !cell) text_add(&t, ", bidirectional=True");
    if (r.projection) text_printf(&t, ", proj_size=%" PRId64, r.projected);
    text_add(&t, ")");
    return text_string(&t);
}

/* --- the others --------------------------------------------------------------------------------------------------- */

static const char *describe_linear(search *s) {
    const tensor *w = find_of_rank(s, "weight", 2);
    bool bias = find(s, "bias") != NULL;
    if (!w || (bias && !has_shape(s, "bias", w->shape[0], -1))) return NULL;
    return arena_printf(s->arena, "Linear(%" PRId64 ", %" PRId64 "%s)", w->shape[1], w->shape[0],
                        bias ? "" : ", bias=False");
}

static const char *describe_embedding(search *s) {
    const tensor *w = find_of_rank(s, "weight", 2);
    return w ? arena_printf(s->arena, "Embedding(%" PRId64 ", %" PRId64 ")", w->shape[0], w->shape[1]) : NULL;
}

/* With one group: how many groups there are cannot be seen in the shapes. A transposed convolution has the channels
 * that come in first. */
static const char *describe_convolution(search *s, const char *kind, unsigned axes, bool transposed) {
    const tensor *w = find_of_rank(s, "weight", axes + 2);
    bool bias = find(s, "bias") != NULL;
    if (!w || (bias && !has_shape(s, "bias", w->shape[transposed], -1))) return NULL;
    text t = text_new(s->arena);
    text_printf(&t, "%s(%" PRId64 ", %" PRId64 ", kernel_size=", kind, w->shape[!transposed], w->shape[transposed]);
    if (axes == 1 || w->shape[2] == w->shape[3]) text_printf(&t, "%" PRId64, w->shape[2]);
    else text_printf(&t, "(%" PRId64 ", %" PRId64 ")", w->shape[2], w->shape[3]);
    text_add(&t, bias ? ")" : ", bias=False)");
    return text_string(&t);
}

static const char *describe_conv1d(search *s) { return describe_convolution(s, "Conv1d", 1, false); }
static const char *describe_conv2d(search *s) { return describe_convolution(s, "Conv2d", 2, false); }
static const char *describe_transposed(search *s) { return describe_convolution(s, "ConvTranspose1d", 1, true); }

static const char *describe_running(search *s, const char *kind) {
    const tensor *mean = find_of_rank(s, "running_mean", 1);
    if (!mean || !has_shape(s, "running_var", mean->shape[0], -1)) return NULL;
    bool affine = find(s, "weight") != NULL;
    if (affine && !has_shape(s, "weight", mean->shape[0], -1)) return NULL;
    if (affine && !has_shape(s, "bias", mean->shape[0], -1)) return NULL;
    return arena_printf(s->arena, "%s(%" PRId64 "%s)", kind, mean->shape[0], affine ? "" : ", affine=False");
}

static const char *describe_batch_norm(search *s) { return describe_running(s, "BatchNorm1d"); }
static const char *describe_batch_norm2d(search *s) { return describe_running(s, "BatchNorm2d"); }

static const char *describe_layer_norm(search *s) {
    const tensor *w = find(s, "weight"), *b = find(s, "bias");
    if (!w || w->rank < 1 || find(s, "running_mean")) return NULL;
    if (b && (b->rank != w->rank || memcmp(b->shape, w->shape, w->rank * sizeof *w->shape) != 0)) return NULL;
    s->found = b ? 2 : 1; /* of any rank */
    const char *bias = b ? "" : ", bias=False";
    if (w->rank == 1) return arena_printf(s->arena, "LayerNorm(%" PRId64 "%s)", w->shape[0], bias);
    return arena_printf(s->arena, "LayerNorm(%s%s)", tensor_shape_string(s->arena, w->shape, w->rank), bias);
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

static const char *describe_rnn(search *s) {
    const char *layer = describe_recurrent(s, false);
    return layer ? layer : describe_recurrent(s, true);
}

/* In the order in which they are likely, when their tensors are the same; from ConvTranspose1d on, others are likelier.
 * A kind without a name is that of recurrent layers: which of them it is follows from the shapes. */
static const struct {
    const char *kind;
    const char *(*describe)(search *s);
} kinds[] = {
    {"", describe_rnn},
    {"BatchNorm1d", describe_batch_norm},
    {"Linear", describe_linear},
    {"Embedding", describe_embedding},
    {"Conv1d", describe_conv1d},
    {"Conv2d", describe_conv2d},
    {"ConvTranspose1d", describe_transposed},
    {"LayerNorm", describe_layer_norm},
    {"BatchNorm2d", describe_batch_norm2d},
};
enum { KINDS = sizeof kinds / sizeof *kinds, LIKELY = 6 };

description describe_layer(arena *a, const tensor_dict *dict, const char *prefix, const char *wanted_by) {
    search s = {a, dict, prefix, 0};
    size_t kind = 0;
    for (size_t i = 1; i < KINDS; i++)
        if (is_kind(wanted_by, kinds[i].kind)) kind = i;
    bool groups = strstr(kinds[kind].kind, "Conv") && strstr(wanted_by, "groups");
    const char *layer = groups ? NULL : kinds[kind].describe(&s);
    return (description){layer, layer ? s.found : 0};
}

size_t describe_all(arena *a, const tensor_dict *dict, const char *prefix, description *found, size_t room) {
    size_t count = 0;
    for (size_t i = 0; i < KINDS; i++) {
        search s = {a, dict, prefix, 0};
        const char *layer = kinds[i].describe(&s);
        if (!layer || (count && s.found < found[0].tensors)) continue;
        if (count && i >= LIKELY && s.found == found[0].tensors)
            continue; /* whatever has a weight could be a LayerNorm */
        if (count && s.found > found[0].tensors) count = 0;
        if (count < room) found[count++] = (description){layer, s.found};
    }
    return count;
}

bool describe_is_of_layer(const char *last_name, const char *layer) {
    static const char *const stems[] = {"weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"};
    static const char *const plain[] = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"};
    bool cell = strstr(layer, "Cell(") != NULL;
    if (cell || strncmp(layer, "LSTM(", 5) == 0 || strncmp(layer, "GRU(", 4) == 0 || strncmp(layer, "RNN(", 4) == 0) {
        for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
            size_t length = strlen(stems[i]);
            if (strncmp(last_name, stems[i], length) == 0)
                return cell ? !last_name[length] : strncmp(last_name + length, "_l", 2) == 0;
        }
        return false;
    }
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(last_name, plain[i]) == 0) return true;
    return false;
}
