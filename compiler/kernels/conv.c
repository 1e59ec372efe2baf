/* conv: CONV1D x[N, C, L] -> y[N, O, Lo], where lanes are not positions (conv_positions.c).
 *
 * Output channels lie side by side in packed weights (a panel of COST_CHANNELS), so a vector holds the sums of several
 * channels at one position; a tile of positions shares the weights that are loaded. A lone output channel (of a group)
 * is summed in plain floats. A sum is bias, then its terms with channel and tap ascending, in blocks of COST_BLOCK
 * terms where there are more; a tap outside of the input is left out, so an edge differs from the interior only in
 * where its taps begin and end. */
#include "kernels/conv_input.h"
#include "kernels/conv_terms.h"
#include "kernels/product.h"
#include "kernels/vectors.h"

enum { MAX_TILE = 4 };

typedef struct {
    emit_context *e;
    cunit *u;
    conv_input x;
    const plan_operand *y;
    const ir_attrs *attrs;
    int64_t channels, taps; /* of a group's input; terms = channels * taps */
    int64_t outputs;        /* of a group */
    int64_t lanes;          /* 1: plain floats */
    const choice_conv *choice;
    cexpr *bias;            /* of the group's channel, plain floats only; NULL: none */
    bool biased;
    int64_t width, units, vectors, positions; /* of the panel that is being emitted */
    bool unrolled;
} conv;

/* One run over the terms: `positions` outputs from t on. */
typedef struct {
    const conv *conv;
    unsigned positions;
    bool tests; /* taps are k_from … k_to, x is indexed from the channel's start */
    tile size;  /* positions by vectors of channels */
} conv_tile;

static cexpr *name(const conv *v, const char *what) { return c_name(v->u, what); }

static cexpr *stride(const conv *v, const plan_operand *o, unsigned axis) {
    return emit_dim(v->e, o->view.strides[axis]);
}

static const char *sum_name(const conv *v, unsigned positions, unsigned p, int64_t vector) {
    bool one_vector = v->vectors == 1, one_position = positions == 1;
    if (one_vector && one_position) return "sum";
    if (one_vector) return arena_printf(v->e->arena, "sum%u", p);
    if (one_position) return arena_printf(v->e->arena, "sum%lld", (long long)vector);
    return arena_printf(v->e->arena, "sum%u_%lld", p, (long long)vector);
}

/* --- terms --- */

static tile size_of(const conv *v, unsigned positions) {
    tile t = {.rows = positions, .vectors = (unsigned)v->vectors, .chains = 1, .rounds_twice = !v->choice->pack};
    for (unsigned p = 0; p < positions; p++) {
        t.inputs[p] = "x";
        for (unsigned i = 0; i < t.vectors; i++) t.sums[p * t.vectors + i] = sum_name(v, positions, p, i);
    }
    for (unsigned i = 0; i < t.vectors; i++) t.columns[i] = i * v->lanes;
    return t;
}

/* The sums start at the bias. */
static void declare_sums(const conv *v, cblock *b, const tile *t) {
    cexpr *starts[TILE_MAX_SUMS];
    for (unsigned i = 0; i < t->rows * t->vectors; i++) {
        starts[i] = v->bias;
        if (v->biased) starts[i] = tile_load(v->e, c_add(v->u, name(v, "w"), c_int(v->u, t->columns[i % t->vectors])));
    }
    tile_declare(v->e, b, t, v->bias || v->biased ? starts : NULL);
}

/* Tap k of channel c for every sum. */
static void add_term(const void *context, cblock *b, const char *const *sums, cexpr *c, cexpr *k) {
    const conv_tile *t = context;
    const conv *v = t->conv;
    cunit *u = v->u;
    const ir_attrs *a = v->attrs;
    cexpr *term = c_add(u, c_mul(u, c, c_int(u, v->taps)), k);
    cexpr *row = c_add(u, c_mul(u, term, c_int(u, v->width)), c_int(u, v->biased ? v->width : 0));
    cexpr *factors[MAX_TILE], *weights = c_add(u, name(v, "w"), row);
    for (unsigned p = 0; p < t->positions; p++) {
        cexpr *tap = c_mul(u, k, c_int(u, a->dilation));
        if (t->tests) {
            cexpr *position = c_add(u, c_mul(u, name(v, "t"), c_int(u, a->stride)), tap);
            tap = c_sub(u, position, c_int(u, a->before));
        } else {
            tap = c_add(u, tap, c_int(u, p * a->stride));
        }
        cexpr *offset = c_add(u, conv_input_channel(&v->x, c), c_mul(u, tap, conv_input_stride(&v->x)));
        factors[p] = c_index(u, name(v, t->tests ? "x_g" : "x_t"), offset);
    }
    if (v->vectors > 1) {
        c_declare(b, "const float *", "w_k", weights);
        weights = name(v, "w_k");
    }
    tile_add_term(v->e, b, &t->size, sums, factors, weights, "");
}

/* All terms into the sums. */
static void emit_terms(cblock *b, const conv_tile *t) {
    const conv *v = t->conv;
    cexpr *from = t->tests ? name(v, "k_from") : NULL, *to = t->tests ? name(v, "k_to") : NULL;
    conv_terms terms = {v->e, v->channels, v->taps, from, to, v->unrolled && !t->tests, add_term, t, NULL};
    declare_sums(v, b, &t->size);
    conv_add_terms(&terms, b, t->size.rows * t->size.vectors, t->size.sums);
}

/* --- results --- */

static void store_results(const conv_tile *t, cblock *b) {
    const conv *v = t->conv;
    cunit *u = v->u;
    cexpr *next = stride(v, v->y, 2);
    bool adjacent = dim_is(v->y->view.strides[1], 1);
    for (unsigned p = 0; p < t->positions; p++) {
        cexpr *to = c_mul(u, c_add(u, name(v, "t"), c_int(u, p)), next);
        if (v->lanes == 1) {
            c_assign(b, c_index(u, name(v, "y_o"), to), "=", name(v, sum_name(v, t->positions, p, 0)));
            continue;
        }
        const char *array = t->positions == 1 ? "column" : arena_printf(v->e->arena, "column%u", p);
        if (!adjacent) c_declare_array(b, "float", array, v->vectors * v->lanes);
        for (int64_t i = 0; i < v->vectors; i++) {
            cexpr *base = adjacent ? c_add(u, name(v, "y_o"), to) : name(v, array);
            cexpr *address = c_add(u, base, c_int(u, i * v->lanes)), *sum = name(v, sum_name(v, t->positions, p, i));
            int64_t left = v->units - i * v->lanes;
            if (adjacent && left < v->lanes)
                c_do(b, vectors_call3(v->e, "store_n", address, sum, c_int(u, left)));
            else vectors_store_at(v->e, b, address, sum);
        }
    }
    if (v->lanes == 1 || adjacent) return;
    b = c_for(b, "o", c_int(u, 0), c_int(u, v->units), 1);
    for (unsigned p = 0; p < t->positions; p++) {
        cexpr *row = c_mul(u, name(v, "o"), stride(v, v->y, 1));
        cexpr *at = c_add(u, row, c_mul(u, c_add(u, name(v, "t"), c_int(u, p)), next));
        const char *array = t->positions == 1 ? "column" : arena_printf(v->e->arena, "column%u", p);
        c_assign(b, c_index(u, name(v, "y_o"), at), "=", c_index(u, name(v, array), name(v, "o")));
    }
}

/* The taps of position t that lie in the input: k_from <= k < k_to. */
static void declare_taps(const conv *v, cblock *b) {
    cunit *u = v->u;
    const ir_attrs *a = v->attrs;
    cexpr *at = c_mul(u, name(v, "t"), c_int(u, a->stride)), *before = c_int(u, a->before), *none = c_int(u, 0);
    cexpr *up = c_int(u, a->dilation - 1), *apart = c_int(u, a->dilation);
    cexpr *end = c_add(u, emit_dim(v->e, conv_input_length(&v->x)), before);
    c_comment(b, "taps that lie in the input");
    cexpr *from = none;
    if (a->before) {
        cexpr *missing = c_binary(u, "/", c_add(u, c_sub(u, before, at), up), apart);
        from = c_conditional(u, c_binary(u, "<", at, before), missing, none);
    }
    c_declare(b, "const size_t", "k_from", from);
    cexpr *fit = c_binary(u, "/", c_add(u, c_sub(u, end, at), up), apart);
    c_declare(b, "const size_t", "k_fit", c_conditional(u, c_binary(u, "<", at, end), fit, none));
    c_declare(b, "const size_t", "k_to", c_smaller(u, name(v, "k_fit"), c_int(u, v->taps)));
}

static void emit_tile(const conv *v, cblock *b, int64_t positions, bool tests) {
    cunit *u = v->u;
    conv_tile t = {v, (unsigned)positions, tests, size_of(v, (unsigned)positions)};
    int64_t weights = v->vectors * v->channels * v->taps;
    tile_load_anew(v->e, b, "w", weights, weights * positions);
    if (tests) {
        declare_taps(v, b);
    } else {
        cexpr *at = c_sub(u, c_mul(u, name(v, "t"), c_int(u, v->attrs->stride)), c_int(u, v->attrs->before));
        c_declare(b, "const float *", "x_t", c_add(u, name(v, "x_g"), c_mul(u, at, conv_input_stride(&v->x))));
    }
    emit_terms(b, &t);
    store_results(&t, b);
}

/* --- positions --- */

/* Declares "first_even" = first + a multiple of `positions`, at most end. */
static cexpr *even_end(const conv *v, cblock *b, int64_t first, const dim *end, unsigned positions) {
    cunit *u = v->u;
    const ir_attrs *a = v->attrs;
    dim_table *t = v->e->plan->dims;
    cexpr *start = c_int(u, first), *size = c_int(u, positions);
    if (end && dim_min(end) >= first) {
        cexpr *whole = emit_dim(v->e, dim_sub(t, end, dim_const(t, first)));
        return c_add(u, c_mul(u, c_binary(u, "/", whole, size), size), start);
    }
    cexpr *last;
    if (end) {
        last = emit_dim(v->e, end);
    } else {
        cexpr *length = c_add(u, emit_dim(v->e, conv_input_length(&v->x)), c_int(u, a->before));
        cexpr *reach = c_int(u, (v->taps - 1) * a->dilation + 1);
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
static void emit_positions(const conv *v, cblock *b) {
    cunit *u = v->u;
    const dim *length = v->y->view.type.dims[2], *end = v->choice->end;
    int64_t first = v->choice->first, height = v->positions;
    bool edges = v->choice->has_edges, has_interior = v->choice->has_interior;
    cexpr *even = c_int(u, first), *all = emit_dim(v->e, length);
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

static cexpr *packed_weights(const conv *v, const plan_kernel *k) {
    const char *label = k->node->label ? k->node->label : "conv";
    const char *comment = v->biased ? "by panels of output channels: the biases, then for each tap the weights"
                                    : "by panels of output channels: for each tap the weights";
    return weights_table(v->e, v->choice->pack, arena_printf(v->e->arena, "%s_weights", label), comment).codes;
}

static void use_channels(conv *v, const choice_channels *c) {
    v->width = c->width;
    v->units = c->units;
    v->vectors = c->vectors;
    v->positions = c->positions;
    v->unrolled = c->unrolled;
}

static void emit_panels(conv *v, cblock *b, cexpr *table) {
    cunit *u = v->u;
    const pack *p = v->choice->pack;
    int64_t panels = pack_panels(p), full = v->choice->last.width ? panels - 1 : panels;
    if (v->attrs->groups > 1) table = c_add(u, table, c_mul(u, name(v, "g"), c_int(u, pack_matrix(p, PACK_FLOATS))));
    for (int which = 0; which < 2; which++) {
        if (which == 0 ? full == 0 : full == panels) continue;
        cblock *inner = b;
        int64_t panel = which == 0 ? 0 : panels - 1;
        cexpr *index = c_int(u, panel);
        if (which == 0 && full > 1) {
            inner = c_for(b, "panel", c_int(u, 0), c_int(u, full), 1);
            index = name(v, "panel");
        } else if (panels > 1) {
            inner = c_scope(b);
        }
        if (which == 1 && full)
            c_comment(inner, "the last %lld of %lld channels", (long long)pack_units(p, panel), (long long)v->outputs);
        cexpr *channel = c_mul(u, c_mul(u, index, c_int(u, p->panel)), stride(v, v->y, 1));
        int64_t size = panels > 1 ? pack_offset(p, 1, PACK_FLOATS) : 0;
        c_declare(inner, "const float *", "w", c_add(u, table, c_mul(u, index, c_int(u, size))));
        c_declare(inner, "float *", "y_o", c_add(u, name(v, "y_g"), channel));
        use_channels(v, which == 0 ? &v->choice->full : &v->choice->last);
        emit_positions(v, inner);
    }
}

static void emit_lone_channel(conv *v, cblock *b, const plan_kernel *k) {
    cunit *u = v->u;
    int64_t terms = v->channels * v->taps;
    cexpr *group = v->attrs->groups > 1 ? name(v, "g") : c_int(u, 0);
    c_declare(b, "const float *", "w",
              c_add(u, emit_param(v->e, k->inputs[1].param), c_mul(u, group, c_int(u, terms))));
    c_declare(b, "float *", "y_o", name(v, "y_g"));
    if (k->inputs[2].kind == PLAN_PARAM) v->bias = c_index(u, emit_param(v->e, k->inputs[2].param), group);
    use_channels(v, &v->choice->full);
    conv lone = *v;
    emit_context floats = sum_in_floats(v->e);
    lone.e = &floats;
    emit_positions(&lone, b);
}

void emit_conv1d(emit_context *e, const plan_kernel *k, cfunction *f) {
    if (emit_choice(e, k)->conv.by_windows) {
        conv_emit_windows(e, k, f);
        return;
    }
    if (emit_choice(e, k)->conv.by_positions) {
        emit_conv_positions(e, k, &emit_choice(e, k)->conv, c_body(f));
        return;
    }
    conv *v = ARENA_NEW(e->arena, conv);
    const ir_type *w = &k->inputs[1].view.type;
    *v = (conv){.e = e, .u = e->unit, .x = conv_input_of(e, k), .y = &k->results[0], .attrs = &k->node->attrs};
    v->channels = dim_max(w->dims[1]);
    v->taps = dim_max(w->dims[2]);
    v->outputs = dim_max(w->dims[0]) / v->attrs->groups;
    v->choice = &emit_choice(e, k)->conv;
    v->lanes = v->choice->lanes;
    v->biased = v->choice->pack && v->choice->pack->bias;
    cunit *u = e->unit;
    cexpr *table = v->choice->pack ? packed_weights(v, k) : NULL;

    cexpr *first, *sequence;
    cblock *b = conv_input_loops(&v->x, c_body(f), &first, &sequence);
    cexpr *y_at = c_mul(u, sequence, stride(v, v->y, 0));
    cexpr *g = v->attrs->groups > 1 ? c_name(u, "g") : c_int(u, 0);
    if (v->attrs->groups > 1) b = c_for(b, "g", c_int(u, 0), c_int(u, v->attrs->groups), 1);
    first = c_add(u, first, conv_input_channel(&v->x, c_mul(u, g, c_int(u, v->channels))));
    y_at = c_add(u, y_at, c_mul(u, c_mul(u, g, c_int(u, v->outputs)), stride(v, v->y, 1)));
    c_declare(b, "const float *", "x_g", first);
    c_declare(b, "float *", "y_g", c_at(u, "y", y_at));
    if (v->choice->pack) emit_panels(v, b, table);
    else emit_lone_channel(v, b, k);
}
