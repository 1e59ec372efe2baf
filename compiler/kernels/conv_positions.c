/* conv_positions: CONV1D with positions in a vector's lanes: in register tiles of some output channels by some vectors
 * of neighbouring positions. What is loaded of x serves all of the channels, and results are stored as they lie. The
 * sums are those of conv.c, to the bit. */
#include "kernels/conv_follow.h"
#include "kernels/conv_input.h"
#include "kernels/conv_terms.h"
#include "kernels/heights.h"
#include "kernels/tile.h"
#include "kernels/vectors.h"

typedef struct {
    emit_context *e;
    conv_input x;
    const plan_operand *y;
    const choice_conv *choice;
    int64_t channels, taps, dilation; /* of a group's input */
    bool biased;
    conv_follow follow;
    cexpr *length, *first_channel; /* of the group */
} positions;

/* Some channels at so many vectors of positions from t on. */
typedef struct {
    const positions *of;
    tile size;
} positions_tile;

static cexpr *stride(const positions *p, const plan_operand *o, unsigned axis) {
    return emit_dim(p->e, o->view.strides[axis]);
}

static void add_term(const void *context, cblock *b, const char *const *sums, cexpr *c, cexpr *k) {
    const positions_tile *t = context;
    const positions *p = t->of;
    cunit *u = p->e->unit;
    cexpr *factors[COST_ROWS], *term = c_add(u, c_mul(u, c, c_int(u, p->taps)), k);
    for (unsigned r = 0; r < t->size.rows; r++)
        factors[r] = c_item(u, "w", c_add(u, term, c_int(u, r * p->channels * p->taps)));
    cexpr *at = c_add(u, conv_input_channel(&p->x, c), c_mul(u, k, c_int(u, p->dilation)));
    tile_add_term(p->e, b, &t->size, sums, factors, c_at(u, "x_t", at), "");
}

/* The last vector begins `last` positions behind t; where it has some of the one before it, it is a tile of its own if
 * sums are to wait at their places. */
static void emit_tile(const positions *p, cblock *b, cexpr *o, cexpr *t, const choice_tile *shape, unsigned vectors,
                      int64_t last) {
    emit_context *e = p->e;
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes;
    unsigned rows = shape->size.rows, count = rows * vectors;
    positions_tile of = {p, {.rows = rows, .vectors = vectors, .chains = 1}};
    conv_terms terms = {e, p->channels, p->taps, NULL, NULL, shape->unrolled, add_term, &of, NULL};
    bool waits = choice_sums_wait(shape, count);
    bool followed = plan_conv_is_followed(p->follow.kernel), apart = p->choice->apart;
    if (waits && !followed && last < (vectors - 1) * lanes) {
        emit_tile(p, c_scope(b), o, t, shape, vectors - 1, (vectors - 2) * lanes);
        emit_tile(p, b, o, c_add(u, t, c_int(u, last)), shape, 1, 0);
        return;
    }
    cexpr *starts[TILE_MAX_SUMS];
    sum_place places[TILE_MAX_SUMS];
    const dim *dense = dim_const(e->plan->dims, 1);
    for (unsigned v = 0; v < vectors; v++) of.size.columns[v] = v + 1 < vectors ? v * lanes : last;
    for (unsigned r = 0; r < rows; r++) {
        of.size.inputs[r] = "w";
        cexpr *row = c_at(u, "y_o", c_mul(u, c_int(u, r), stride(p, p->y, 1)));
        for (unsigned v = 0; v < vectors; v++) {
            unsigned i = r * vectors + v;
            of.size.sums[i] = arena_printf(e->arena, "s%u_%u", r, v);
            starts[i] =
                p->biased ? vectors_call1(e, "splat", c_item(u, "bias_o", c_int(u, r))) : vectors_call0(e, "zero");
            places[i] = (sum_place){row, c_add(u, t, c_int(u, of.size.columns[v])), dense, NULL};
            if (followed)
                places[i] = (sum_place){c_name(u, "work"), c_int(u, p->choice->sums_at + i * lanes), dense, NULL};
        }
    }
    c_declare(b, "const float *", "x_t", c_at(u, "x_g", t));
    tile_load_anew(e, b, "w", rows * p->channels * p->taps, count * p->channels * p->taps);
    if (!waits) tile_declare(e, b, &of.size, starts);
    for (unsigned i = 0; waits && i < count; i++) sum_store(e, b, &places[i], starts[i]);
    if (waits) terms.places = places;
    conv_add_terms(&terms, b, count, of.size.sums);
    if (followed) {
        for (unsigned i = 0; apart && !waits && i < count; i++) sum_store(e, b, &places[i], c_name(u, of.size.sums[i]));
        if (apart) conv_follow_apart(&p->follow, b, &of.size, c_add(u, p->first_channel, o), places[0].array);
        for (unsigned i = 0; waits && i < count; i++)
            c_declare(b, e->target->type, of.size.sums[i], sum_load(e, &places[i]));
        for (unsigned i = 0; apart && !waits && i < count; i++)
            c_assign(b, c_name(u, of.size.sums[i]), "=", sum_load(e, &places[i]));
        conv_follow_store(&p->follow, b, &of.size, c_add(u, p->first_channel, o), t);
        return;
    }
    for (unsigned i = 0; !waits && i < count; i++) sum_store(e, b, &places[i], c_name(u, of.size.sums[i]));
}

/* All positions of the channels from o on. The last vector of what whole tiles leave over ends with the last position:
 * some are computed twice, to the same bits. */
static void emit_channels(const void *context, cblock *b, cexpr *o, const choice_tile *shape) {
    const positions *p = context;
    cunit *u = p->e->unit;
    int64_t lanes = p->e->target->lanes, wide = shape->size.vectors * lanes, count, terms = p->channels * p->taps;
    cexpr *all = p->length, *t = c_name(u, "t");
    c_declare(b, "const float *", "w", c_at(u, "w_g", c_mul(u, o, c_int(u, terms))));
    if (p->biased) c_declare(b, "const float *", "bias_o", c_at(u, "bias_g", o));
    c_declare(b, "float *", "y_o", c_at(u, "y_g", c_mul(u, o, stride(p, p->y, 1))));
    const unsigned vectors = shape->size.vectors;
    cexpr *even = c_mul(u, c_binary(u, "/", all, c_int(u, wide)), c_int(u, wide));
    if (c_is_int(all, &count)) {
        int64_t whole = count / wide, rest = count % wide;
        if (whole == 1) emit_tile(p, c_scope(b), o, c_int(u, 0), shape, vectors, wide - lanes);
        if (whole > 1) emit_tile(p, c_for(b, "t", c_int(u, 0), even, wide), o, t, shape, vectors, wide - lanes);
        if (rest > lanes)
            emit_tile(p, c_scope(b), o, c_int(u, count - rest), shape, (unsigned)((rest + lanes - 1) / lanes),
                      rest - lanes);
        else if (rest) emit_tile(p, c_scope(b), o, c_int(u, count - lanes), shape, 1, 0);
        return;
    }
    emit_tile(p, c_for(b, "t", c_int(u, 0), even, wide), o, t, shape, vectors, wide - lanes);
    b = c_for(b, "t", even, all, lanes);
    cexpr *fits = c_binary(u, "<=", c_add(u, t, c_int(u, lanes)), all);
    c_declare(b, "const size_t", "first", c_conditional(u, fits, t, c_sub(u, all, c_int(u, lanes))));
    emit_tile(p, b, o, c_name(u, "first"), shape, 1, 0);
}

void emit_conv_positions(emit_context *e, const plan_kernel *k, const choice_conv *choice, cblock *b) {
    cunit *u = e->unit;
    const ir_type *w = &k->inputs[1].view.type;
    positions p = {e, conv_input_of(e, k), &k->results[0], choice, dim_max(w->dims[1]), dim_max(w->dims[2]),
                   k->node->attrs.dilation, k->inputs[2].kind == PLAN_PARAM, conv_follow_of(e, k), NULL, NULL};
    int64_t groups = k->node->attrs.groups, outputs = choice->channels.rows;
    cexpr *g = c_int(u, 0), *first;
    b = conv_input_loops(&p.x, b, &first, &p.follow.sequence);
    cexpr *y_at = c_mul(u, conv_follow_row(&p.follow, p.follow.sequence), stride(&p, p.y, 0));
    if (groups > 1) {
        b = c_for(b, "g", g, c_int(u, groups), 1);
        g = c_name(u, "g");
    }
    first = c_add(u, first, conv_input_channel(&p.x, c_mul(u, g, c_int(u, p.channels))));
    y_at = c_add(u, y_at, c_mul(u, c_mul(u, g, c_int(u, outputs)), stride(&p, p.y, 1)));
    c_declare(b, "const float *", "x_g", first);
    c_declare(b, "float *", "y_g", c_at(u, p.y->name, y_at));
    cexpr *weights = c_mul(u, g, c_int(u, outputs * p.channels * p.taps));
    c_declare(b, "const float *", "w_g", c_add(u, emit_param(e, k->inputs[1].param), weights));
    if (p.biased) {
        cexpr *biases = c_mul(u, g, c_int(u, outputs));
        c_declare(b, "const float *", "bias_g", c_add(u, emit_param(e, k->inputs[2].param), biases));
    }
    p.length = emit_dim(e, plan_conv_length(e->plan->dims, k));
    p.first_channel = c_mul(u, g, c_int(u, outputs));
    heights rows = {e, c_int(u, outputs), "o", emit_channels, &p};
    heights_loop(&rows, b, &choice->channels);
}
