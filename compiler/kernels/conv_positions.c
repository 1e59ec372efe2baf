/* conv_positions: CONV1D with positions in a vector's lanes: in register tiles of some output channels by some vectors
 * of neighbouring positions. What is loaded of x serves all of the channels, and results are stored as they lie. The
 * sums are those of conv.c, to the bit. */
#include "kernels/conv.h"
#include "kernels/heights.h"
#include "kernels/vectors.h"

typedef struct {
    const conv *conv;
    bool biased;
    conv_follow follow;
    cexpr *length, *first_channel; /* of the group */
} positions;

/* Some channels at so many vectors of positions from t on. */
typedef struct {
    const positions *of;
    tile size;
    cexpr *starts[TILE_MAX_SUMS];
    sum_place places[TILE_MAX_SUMS]; /* in y, or in the work space for what follows */
} positions_tile;

static void add_term(const void *context, cblock *b, const char *const *sums, cexpr *c, cexpr *k) {
    const positions_tile *t = context;
    const conv *v = t->of->conv;
    cunit *u = v->e->unit;
    cexpr *factors[COST_ROWS], *term = c_add(u, c_mul(u, c, c_int(u, v->taps)), k);
    for (unsigned r = 0; r < t->size.rows; r++)
        factors[r] = c_item(u, "w", c_add(u, term, c_int(u, r * v->channels * v->taps)));
    cexpr *at = c_add(u, conv_input_channel(v, c), c_mul(u, k, c_int(u, v->attrs->dilation)));
    tile_add_term(v->e, b, &t->size, sums, factors, c_at(u, "x_t", at), "");
}

static positions_tile tile_at(const positions *p, unsigned rows, unsigned vectors, cexpr *t, int64_t last) {
    emit_context *e = p->conv->e;
    cunit *u = e->unit;
    const dim *dense = dim_const(e->plan->dims, 1);
    int64_t lanes = e->target->lanes;
    positions_tile of = {.of = p, .size = {.rows = rows, .vectors = vectors, .chains = 1}};
    for (unsigned v = 0; v < vectors; v++) of.size.columns[v] = v + 1 < vectors ? v * lanes : last;
    for (unsigned i = 0; i < rows * vectors; i++) {
        unsigned r = i / vectors, v = i % vectors;
        cexpr *row = c_at(u, "y_o", c_mul(u, c_int(u, r), conv_stride(p->conv, p->conv->y, 1)));
        of.size.inputs[r] = "w";
        of.size.sums[i] = arena_printf(e->arena, "s%u_%u", r, v);
        of.starts[i] =
            p->biased ? vectors_call1(e, "splat", c_item(u, "bias_o", c_int(u, r))) : vectors_call0(e, "zero");
        of.places[i] = (sum_place){row, c_add(u, t, c_int(u, of.size.columns[v])), dense, NULL};
        if (plan_conv_is_followed(p->conv->k))
            of.places[i] = (sum_place){c_name(u, "work"), c_int(u, p->conv->choice->sums_at + i * lanes), dense, NULL};
    }
    return of;
}

/* What is done to the sums, which are variables, or wait at their places. */
static void emit_following(const positions *p, cblock *b, const positions_tile *of, bool wait, cexpr *o, cexpr *t) {
    emit_context *e = p->conv->e;
    cunit *u = e->unit;
    unsigned count = of->size.rows * of->size.vectors;
    cexpr *channel = c_add(u, p->first_channel, o);
    if (p->conv->choice->apart) {
        for (unsigned i = 0; !wait && i < count; i++)
            sum_store(e, b, &of->places[i], c_name(u, of->size.sums[i]));
        conv_follow_apart(&p->follow, b, &of->size, channel, of->places[0].array);
        for (unsigned i = 0; !wait && i < count; i++)
            c_assign(b, c_name(u, of->size.sums[i]), "=", sum_load(e, &of->places[i]));
    }
    for (unsigned i = 0; wait && i < count; i++)
        c_declare(b, e->target->type, of->size.sums[i], sum_load(e, &of->places[i]));
    conv_follow_store(&p->follow, b, &of->size, channel, t);
}

/* The last vector begins `last` positions behind t; where it has some of the one before it, it is a tile of its own if
 * sums are to wait at their places. */
static void emit_tile(const positions *p, cblock *b, cexpr *o, cexpr *t, const choice_tile *shape, unsigned vectors,
                      int64_t last) {
    emit_context *e = p->conv->e;
    cunit *u = e->unit;
    int64_t lanes = e->target->lanes;
    unsigned rows = shape->size.rows, count = rows * vectors;
    bool wait = choice_sums_wait(shape, count), followed = plan_conv_is_followed(p->conv->k);
    if (wait && !followed && last < (vectors - 1) * lanes) {
        emit_tile(p, c_scope(b), o, t, shape, vectors - 1, (vectors - 2) * lanes);
        emit_tile(p, b, o, c_add(u, t, c_int(u, last)), shape, 1, 0);
        return;
    }
    positions_tile of = tile_at(p, rows, vectors, t, last);
    conv_terms terms = {p->conv, NULL, NULL, shape->unrolled, add_term, &of, wait ? of.places : NULL};
    c_declare(b, "const float *", "x_t", c_at(u, "x_g", t));
    if (shape->anew) tile_load_anew(e, b, "w");
    if (!wait) tile_declare(e, b, &of.size, of.starts);
    for (unsigned i = 0; wait && i < count; i++) sum_store(e, b, &of.places[i], of.starts[i]);
    conv_add_terms(&terms, b, count, of.size.sums);
    if (followed) {
        emit_following(p, b, &of, wait, o, t);
        return;
    }
    for (unsigned i = 0; !wait && i < count; i++) sum_store(e, b, &of.places[i], c_name(u, of.size.sums[i]));
}

/* All positions of the channels from o on. The last vector of what whole tiles leave over ends with the last position:
 * some are computed twice, to the same bits. */
static void emit_channels(const void *context, cblock *b, cexpr *o, const choice_tile *shape) {
    const positions *p = context;
    const conv *v = p->conv;
    cunit *u = v->e->unit;
    int64_t lanes = v->e->target->lanes, wide = shape->size.vectors * lanes, count;
    cexpr *all = p->length, *t = c_name(u, "t");
    c_declare(b, "const float *", "w", c_at(u, "w_g", c_mul(u, o, c_int(u, v->channels * v->taps))));
    if (p->biased) c_declare(b, "const float *", "bias_o", c_at(u, "bias_g", o));
    c_declare(b, "float *", "y_o", c_at(u, "y_g", c_mul(u, o, conv_stride(v, v->y, 1))));
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

void conv_emit_positions(const conv *v, cblock *b) {
    emit_context *e = v->e;
    cunit *u = e->unit;
    const plan_operand *bias = &v->k->inputs[2];
    positions p = {.conv = v, .biased = bias->kind == PLAN_PARAM, .follow = conv_follow_of(v)};
    conv_place at = conv_open_loops(v, b);
    p.follow.sequence = at.sequence;
    p.first_channel = c_mul(u, at.group, c_int(u, v->outputs));
    p.length = emit_dim(e, plan_conv_length(e->plan->dims, v->k));
    cexpr *weights = c_mul(u, at.group, c_int(u, v->outputs * v->channels * v->taps));
    c_declare(at.block, "const float *", "w_g", c_add(u, emit_param(e, v->k->inputs[1].param), weights));
    if (p.biased)
        c_declare(at.block, "const float *", "bias_g", c_add(u, emit_param(e, bias->param), p.first_channel));
    heights rows = {e, c_int(u, v->outputs), "o", emit_channels, &p};
    heights_loop(&rows, at.block, &v->choice->channels);
}
