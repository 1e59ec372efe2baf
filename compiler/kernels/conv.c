/* conv: CONV1D x[N, C, L] -> y[N, O, Lo], where lanes are not positions.
 *
 * Output channels lie side by side in packed weights (a panel of COST_CHANNELS), so a vector holds the sums of several
 * channels at one position; a tile of positions shares the weights that are loaded. A lone output channel (of a group)
 * is summed in plain floats. A sum is bias, then its terms with channel and tap ascending, in blocks of COST_BLOCK
 * terms where there are more; a tap outside of the input is left out, so an edge differs from the interior only in
 * where its taps begin and end. */
#include "kernels/conv.h"
#include "kernels/vectors.h"

enum { MAX_TILE = 4 };

/* The panel that is being emitted. */
typedef struct {
    const conv *conv;
    cunit *u;
    choice_channels is;
    int64_t lanes;   /* 1: plain floats */
    cexpr *bias;     /* of the group's channel, plain floats only; NULL: none */
    bool biased;     /* the packed weights have biases */
} panel;

/* One run over the terms: `positions` outputs from t on. */
typedef struct {
    const panel *panel;
    unsigned positions;
    bool tests; /* taps are k_from … k_to, x is indexed from the channel's start */
    tile size;  /* positions by vectors of channels */
} conv_tile;

static cexpr *name(const panel *v, const char *what) { return c_name(v->u, what); }

static const char *sum_name(const panel *v, unsigned positions, unsigned p, int64_t vector) {
    bool one_vector = v->is.vectors == 1, one_position = positions == 1;
    if (one_vector && one_position) return "sum";
    if (one_vector) return arena_printf(v->conv->e->arena, "sum%u", p);
    if (one_position) return arena_printf(v->conv->e->arena, "sum%lld", (long long)vector);
    return arena_printf(v->conv->e->arena, "sum%u_%lld", p, (long long)vector);
}

/* --- terms --- */

static tile size_of(const panel *v, unsigned positions) {
    tile t = {.rows = positions, .vectors = (unsigned)v->is.vectors, .chains = 1};
    t.rounds_twice = !v->conv->choice->pack;
    for (unsigned p = 0; p < positions; p++) {
        t.inputs[p] = "x";
        for (unsigned i = 0; i < t.vectors; i++) t.sums[p * t.vectors + i] = sum_name(v, positions, p, i);
    }
    for (unsigned i = 0; i < t.vectors; i++) t.columns[i] = i * v->lanes;
    return t;
}

/* The sums start at the bias. */
static void declare_sums(const panel *v, cblock *b, const tile *t) {
    cexpr *starts[TILE_MAX_SUMS];
    for (unsigned i = 0; i < t->rows * t->vectors; i++) {
        cexpr *column = c_int(v->u, t->columns[i % t->vectors]);
        starts[i] = v->biased ? tile_load(v->conv->e, c_at(v->u, "w", column)) : v->bias;
    }
    tile_declare(v->conv->e, b, t, v->bias || v->biased ? starts : NULL);
}

/* Tap k of channel c for every sum. */
static void add_term(const void *context, cblock *b, const char *const *sums, cexpr *c, cexpr *k) {
    const conv_tile *t = context;
    const panel *v = t->panel;
    cunit *u = v->u;
    const ir_attrs *a = v->conv->attrs;
    cexpr *term = c_add(u, c_mul(u, c, c_int(u, v->conv->taps)), k);
    cexpr *row = c_add(u, c_mul(u, term, c_int(u, v->is.width)), c_int(u, v->biased ? v->is.width : 0));
    cexpr *factors[MAX_TILE], *weights = c_add(u, name(v, "w"), row);
    for (unsigned p = 0; p < t->positions; p++) {
        cexpr *tap = c_mul(u, k, c_int(u, a->dilation));
        if (t->tests) {
            cexpr *position = c_add(u, c_mul(u, name(v, "t"), c_int(u, a->stride)), tap);
            tap = c_sub(u, position, c_int(u, a->before));
        } else {
            tap = c_add(u, tap, c_int(u, p * a->stride));
        }
        cexpr *offset = c_add(u, conv_input_channel(v->conv, c), c_mul(u, tap, conv_input_stride(v->conv)));
        factors[p] = c_index(u, name(v, t->tests ? "x_g" : "x_t"), offset);
    }
    if (v->is.vectors > 1) {
        c_declare(b, "const float *", "w_k", weights);
        weights = name(v, "w_k");
    }
    tile_add_term(v->conv->e, b, &t->size, sums, factors, weights, "");
}

/* All terms into the sums. */
static void emit_terms(cblock *b, const conv_tile *t) {
    const panel *v = t->panel;
    cexpr *from = t->tests ? name(v, "k_from") : NULL, *to = t->tests ? name(v, "k_to") : NULL;
    conv_terms terms = {v->conv, from, to, v->is.unrolled && !t->tests, add_term, t, NULL};
    declare_sums(v, b, &t->size);
    conv_add_terms(&terms, b, t->size.rows * t->size.vectors, t->size.sums);
}

/* --- results --- */

static void store_results(const conv_tile *t, cblock *b) {
    const panel *v = t->panel;
    cunit *u = v->u;
    cexpr *next = conv_stride(v->conv, v->conv->y, 2);
    bool adjacent = dim_is(v->conv->y->view.strides[1], 1);
    for (unsigned p = 0; p < t->positions; p++) {
        cexpr *to = c_mul(u, c_add(u, name(v, "t"), c_int(u, p)), next);
        if (v->lanes == 1) {
            c_assign(b, c_index(u, name(v, "y_o"), to), "=", name(v, sum_name(v, t->positions, p, 0)));
            continue;
        }
        const char *array = t->positions == 1 ? "column" : arena_printf(v->conv->e->arena, "column%u", p);
        if (!adjacent) c_declare_array(b, "float", array, v->is.vectors * v->lanes);
        for (int64_t i = 0; i < v->is.vectors; i++) {
            cexpr *base = adjacent ? c_add(u, name(v, "y_o"), to) : name(v, array);
            cexpr *address = c_add(u, base, c_int(u, i * v->lanes)), *sum = name(v, sum_name(v, t->positions, p, i));
            int64_t left = v->is.units - i * v->lanes;
            if (adjacent && left < v->lanes)
                c_do(b, vectors_call3(v->conv->e, "store_n", address, sum, c_int(u, left)));
            else vectors_store_at(v->conv->e, b, address, sum);
        }
    }
    if (v->lanes == 1 || adjacent) return;
    b = c_for(b, "o", c_int(u, 0), c_int(u, v->is.units), 1);
    for (unsigned p = 0; p < t->positions; p++) {
        cexpr *row = c_mul(u, name(v, "o"), conv_stride(v->conv, v->conv->y, 1));
        cexpr *at = c_add(u, row, c_mul(u, c_add(u, name(v, "t"), c_int(u, p)), next));
        const char *array = t->positions == 1 ? "column" : arena_printf(v->conv->e->arena, "column%u", p);
        c_assign(b, c_index(u, name(v, "y_o"), at), "=", c_index(u, name(v, array), name(v, "o")));
    }
}

/* The taps of position t that lie in the input: k_from <= k < k_to. */
static void declare_taps(const panel *v, cblock *b) {
    cunit *u = v->u;
    const ir_attrs *a = v->conv->attrs;
    cexpr *at = c_mul(u, name(v, "t"), c_int(u, a->stride)), *before = c_int(u, a->before), *none = c_int(u, 0);
    cexpr *up = c_int(u, a->dilation - 1), *apart = c_int(u, a->dilation);
    cexpr *end = c_add(u, emit_dim(v->conv->e, conv_input_length(v->conv)), before);
    c_comment(b, "taps that lie in the input");
    cexpr *from = none;
    if (a->before) {
        cexpr *missing = c_binary(u, "/", c_add(u, c_sub(u, before, at), up), apart);
        from = c_conditional(u, c_binary(u, "<", at, before), missing, none);
    }
    c_declare(b, "const size_t", "k_from", from);
    cexpr *fit = c_binary(u, "/", c_add(u, c_sub(u, end, at), up), apart);
    c_declare(b, "const size_t", "k_fit", c_conditional(u, c_binary(u, "<", at, end), fit, none));
    c_declare(b, "const size_t", "k_to", c_smaller(u, name(v, "k_fit"), c_int(u, v->conv->taps)));
}

static void emit_tile(const panel *v, cblock *b, int64_t positions, bool tests) {
    cunit *u = v->u;
    conv_tile t = {v, (unsigned)positions, tests, size_of(v, (unsigned)positions)};
    if (v->is.anew) tile_load_anew(v->conv->e, b, "w");
    if (tests) {
        declare_taps(v, b);
    } else {
        const ir_attrs *a = v->conv->attrs;
        cexpr *at = c_sub(u, c_mul(u, name(v, "t"), c_int(u, a->stride)), c_int(u, a->before));
        c_declare(b, "const float *", "x_t", c_add(u, name(v, "x_g"), c_mul(u, at, conv_input_stride(v->conv))));
    }
    emit_terms(b, &t);
    store_results(&t, b);
}

/* --- positions --- */

/* first + a multiple of `positions`, at most end. */
static cexpr *even_end(const panel *v, cblock *b, int64_t first, const dim *end, unsigned positions) {
    cunit *u = v->u;
    const ir_attrs *a = v->conv->attrs;
    dim_table *t = v->conv->e->plan->dims;
    cexpr *start = c_int(u, first), *size = c_int(u, positions);
    if (end && dim_min(end) >= first) {
        cexpr *whole = emit_dim(v->conv->e, dim_sub(t, end, dim_const(t, first)));
        return c_add(u, c_mul(u, c_binary(u, "/", whole, size), size), start);
    }
    cexpr *last;
    if (end) {
        last = emit_dim(v->conv->e, end);
    } else {
        cexpr *length = c_add(u, emit_dim(v->conv->e, conv_input_length(v->conv)), c_int(u, a->before));
        cexpr *reach = c_int(u, (v->conv->taps - 1) * a->dilation + 1);
        cexpr *count = c_add(u, c_binary(u, "/", c_sub(u, length, reach), c_int(u, a->stride)), c_int(u, 1));
        last = c_conditional(u, c_binary(u, "<", length, reach), c_int(u, 0), count);
    }
    c_declare(b, "const size_t", "inside", last);
    last = name(v, "inside");
    cexpr *even = c_add(u, c_mul(u, c_binary(u, "/", c_sub(u, last, start), size), size), start);
    c_declare(b, "const size_t", "even", c_conditional(u, c_binary(u, ">", last, start), even, start));
    return name(v, "even");
}

/* All positions of one panel: tiles in the interior, then one by one what is left, the edges too. */
static void emit_positions(const panel *v, cblock *b) {
    cunit *u = v->u;
    const dim *length = v->conv->y->view.type.dims[2], *end = v->conv->choice->end;
    int64_t first = v->conv->choice->first, height = v->is.positions;
    bool edges = v->conv->choice->has_edges, has_interior = v->conv->choice->has_interior;
    cexpr *even = c_int(u, first), *all = emit_dim(v->conv->e, length);
    if (has_interior) {
        even = even_end(v, b, first, end, (unsigned)height);
        int64_t low, high;
        bool once = c_is_int(even, &high) && high == first + height;
        cblock *loop = once ? c_scope(b) : c_for(b, "t", c_int(u, first), even, height);
        if (once) c_declare(loop, "const size_t", "t", c_int(u, first));
        emit_tile(v, loop, height, false);
        if (c_is_int(even, &low) && c_is_int(all, &high) && first == 0 && low == high) return;
    }
    if (!edges || first == 0) {
        if (!edges && height == 1 && has_interior) return;
        emit_tile(v, c_for(b, "t", even, all, 1), 1, edges);
        return;
    }
    cexpr *start = c_int(u, first);
    if (!has_interior) {
        emit_tile(v, c_for(b, "t", c_int(u, 0), all, 1), 1, edges);
        return;
    }
    c_comment(b, "the positions at the edges and what the tiles left over");
    cblock *loop = c_for(b, "i", c_int(u, 0), c_sub(u, c_add(u, all, start), even), 1);
    cexpr *i = name(v, "i"), *late = c_add(u, c_sub(u, i, start), even);
    c_declare(loop, "const size_t", "t", c_conditional(u, c_binary(u, "<", i, start), i, late));
    emit_tile(v, loop, 1, edges);
}

/* --- panels, groups, sequences --- */

static cexpr *packed_weights(const conv *v) {
    const char *label = v->k->node->label ? v->k->node->label : "conv";
    const char *biases = v->choice->pack->bias ? "the biases, then " : "";
    const char *comment = arena_printf(v->e->arena, "by panels of output channels: %sfor each tap the weights", biases);
    return weights_table(v->e, v->choice->pack, arena_printf(v->e->arena, "%s_weights", label), comment).codes;
}

static panel panel_of(const conv *v, const choice_channels *channels) {
    return (panel){.conv = v, .u = v->e->unit, .is = *channels, .lanes = v->choice->lanes};
}

/* Panels from `first` on that are alike, `count` of them. */
static void emit_panels(const conv *v, cblock *b, cexpr *table, int64_t first, int64_t count) {
    cunit *u = v->e->unit;
    const pack *p = v->choice->pack;
    int64_t panels = pack_panels(p);
    panel like = panel_of(v, first || !v->choice->full.width ? &v->choice->last : &v->choice->full);
    like.biased = p->bias;
    cexpr *index = c_int(u, first);
    if (count > 1) {
        b = c_for(b, "panel", c_int(u, 0), c_int(u, count), 1);
        index = c_name(u, "panel");
    } else if (panels > 1) {
        b = c_scope(b);
    }
    if (first)
        c_comment(b, "the last %lld of %lld channels", (long long)pack_units(p, first), (long long)v->outputs);
    cexpr *channel = c_mul(u, c_mul(u, index, c_int(u, p->panel)), conv_stride(v, v->y, 1));
    int64_t size = panels > 1 ? pack_offset(p, 1, PACK_FLOATS) : 0;
    c_declare(b, "const float *", "w", c_add(u, table, c_mul(u, index, c_int(u, size))));
    c_declare(b, "float *", "y_o", c_at(u, "y_g", channel));
    emit_positions(&like, b);
}

static void emit_channels(const conv *v, cblock *b) {
    cunit *u = v->e->unit;
    const pack *p = v->choice->pack;
    cexpr *table = packed_weights(v);
    conv_place at = conv_open_loops(v, b);
    table = c_add(u, table, c_mul(u, at.group, c_int(u, pack_matrix(p, PACK_FLOATS))));
    int64_t panels = pack_panels(p), full = v->choice->last.width ? panels - 1 : panels;
    if (full) emit_panels(v, at.block, table, 0, full);
    if (full < panels) emit_panels(v, at.block, table, full, 1);
}

static void emit_lone_channel(const conv *v, cblock *b) {
    cunit *u = v->e->unit;
    conv_place at = conv_open_loops(v, b);
    cexpr *weights = c_mul(u, at.group, c_int(u, v->channels * v->taps));
    c_declare(at.block, "const float *", "w", c_add(u, emit_param(v->e, v->k->inputs[1].param), weights));
    c_declare(at.block, "float *", "y_o", c_name(u, "y_g"));
    emit_context floats = sum_in_floats(v->e);
    conv in_floats = *v;
    in_floats.e = &floats;
    panel lone = panel_of(&in_floats, &v->choice->full);
    const plan_operand *bias = &v->k->inputs[2];
    if (bias->kind == PLAN_PARAM) lone.bias = c_index(u, emit_param(v->e, bias->param), at.group);
    emit_positions(&lone, at.block);
}

void emit_conv1d(emit_context *e, const plan_kernel *k, cfunction *f) {
    const ir_type *w = &k->inputs[1].view.type;
    const ir_attrs *attrs = &k->node->attrs;
    const conv v = {.e = e,
                    .k = k,
                    .x = &k->inputs[0],
                    .y = &k->results[0],
                    .attrs = attrs,
                    .choice = &emit_choice(e, k)->conv,
                    .channels = dim_max(w->dims[1]),
                    .taps = dim_max(w->dims[2]),
                    .outputs = dim_max(w->dims[0]) / attrs->groups};
    if (v.choice->by_windows) conv_emit_windows(&v, c_body(f));
    else if (v.choice->by_positions) conv_emit_positions(&v, c_body(f));
    else if (v.choice->pack) emit_channels(&v, c_body(f));
    else emit_lone_channel(&v, c_body(f));
}
