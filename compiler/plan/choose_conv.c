/* choose_conv: CONV1D: whether lanes are channels or positions, where its interior is, and how large tiles are. */
#include "plan/choose.h"

enum { MAX_TILE = 4 };

/* Of x[N, C, L] or [N, H, C, R, L]. */
static const dim *length_of(const plan_view *x) { return x->type.dims[x->type.rank - 1]; }

/* Positions [first, end) have all their taps in the input; end < first: none has. */
static void find_interior(const chooser *c, const plan_kernel *k, choice_conv *to) {
    const ir_attrs *a = &k->node->attrs;
    int64_t taps = dim_max(k->inputs[1].view.type.dims[2]), reach = (taps - 1) * a->dilation + 1;
    const dim *room = dim_sub(c->dims, length_of(&k->inputs[0].view), dim_const(c->dims, reach - a->before));
    to->first = (a->before + a->stride - 1) / a->stride;
    if (dim_min(room) >= 0)
        to->end = dim_add(c->dims, dim_floordiv(c->dims, room, a->stride), dim_const(c->dims, 1));
    else to->end = dim_max(room) < 0 ? dim_const(c->dims, 0) : NULL;
    to->has_interior = !to->end || dim_max(to->end) > to->first;
    to->has_edges = a->before || a->after;
}

/* All taps of a channel one after another in the code of a tile: loops of few turns are much of their work. */
static bool unrolls(const chooser *c, int64_t taps, int64_t sums) {
    return taps > 1 && taps * sums <= c->unroll;
}

/* Of so many terms, neighbouring ones being the taps of a channel. Positions may go one by one, too. */
static choice_channels channels_of(const chooser *c, const choice_conv *of, int64_t width, int64_t units, int64_t terms,
                                   int64_t taps) {
    choice_channels r = {.width = width, .units = units, .vectors = (width + of->lanes - 1) / of->lanes};
    int64_t count;
    r.positions = smaller(((int64_t)c->body->registers - 1) / (r.vectors + 1), MAX_TILE);
    if (r.positions < 1) r.positions = 1;
    if (of->has_interior && of->end &&
        dim_is_const(dim_sub(c->dims, of->end, dim_const(c->dims, of->first)), &count))
        r.positions = smaller(r.positions, count);
    r.unrolled = unrolls(c, taps, r.positions * r.vectors);
    r.anew = cost_loads_anew(of->lanes == 1 ? &cost_scalar : c->body, r.vectors * terms, r.vectors * terms);
    return r;
}

/* Neighbouring positions read neighbouring inputs, and write neighbouring results, where they lie densely and the
 * stride is 1: then nothing is packed, and nothing transposed. Every position must have all its taps, and vectors few
 * lanes that compute a position again. */
bool choose_conv_positions(const cost_body *body, const ir_attrs *a, int64_t outputs, const dim *length) {
    int64_t lanes = body->lanes, count;
    if (body->rolled || outputs < 2 || a->stride != 1 || a->before || a->after || dim_min(length) < lanes) return false;
    return !dim_is_const(length, &count) || 4 * ((count + lanes - 1) / lanes * lanes) <= 5 * count;
}

static bool lanes_are_positions(const chooser *c, const plan_kernel *k, int64_t outputs, const dim *length) {
    const plan_view *x = &k->inputs[0].view, *y = &k->results[0].view;
    bool dense = (x->type.rank == 5 || dim_is(x->strides[2], 1)) && dim_is(y->strides[2], 1);
    return dense && choose_conv_positions(c->body, &k->node->attrs, outputs, length);
}

/* Positions are the rows of a product whose terms are gathered. */
static void choose_windows(const chooser *c, const plan_kernel *k, plan_choice *to) {
    enum { POSITIONS = 24, FEWEST = 4, FLOATS = 1 << 13 };
    choice_conv *conv = &to->conv;
    const pack *p = conv->pack;
    const dim *length = k->results[0].view.type.dims[2];
    int64_t most = dim_max(length), room = smaller(FLOATS / p->terms, POSITIONS);
    conv->chunk = smaller(most, room < FEWEST ? FEWEST : room);
    bool all = dim_is_const(length, NULL) && most <= conv->chunk;
    conv->product = choose_product(c, p, all ? most : -1, conv->chunk, false);
    conv->by_floats = cost_gathers(c->body);
    conv->windows_at = 0;
    conv->results_at = conv->chunk * p->terms;
    conv->quantised_at = conv->results_at + conv->chunk * p->units;
    to->work = conv->quantised_at + conv->chunk * pack_quantised(p);
}

/* Lanes are positions: the rows of tiles are channels. */
static void choose_positions(const chooser *c, const plan_kernel *k, int64_t outputs, plan_choice *to) {
    enum { LITTLE = 2 }; /* which registers have room for */
    const ir_type *w = &k->inputs[1].view.type;
    choice_conv *conv = &to->conv;
    int64_t taps = dim_max(w->dims[2]), terms = dim_max(w->dims[1]) * taps;
    cost_tile size = cost_unchained(c->body, dim_max(plan_conv_length(c->dims, k)), terms, outputs);
    choice_tile tile = choose_tile(c, size, terms, COST_BLOCK);
    conv->by_positions = true;
    conv->lanes = c->body->lanes;
    conv->channels = choose_heights(outputs, tile, tile);
    choice_tile *tiles[] = {&conv->channels.tile, &conv->channels.taller};
    for (int i = 0; i < 2; i++) {
        int64_t rows = tiles[i]->size.rows; /* and of the last positions one vector */
        tiles[i]->unrolled = unrolls(c, taps, rows * tiles[i]->size.vectors);
        tiles[i]->anew = cost_loads_anew(c->body, rows * terms, rows * terms);
    }
    int64_t sums = conv->channels.taller.size.rows * (int64_t)conv->channels.taller.size.vectors;
    bool waits = plan_conv_is_followed(k) && choice_sums_wait(&tile, (unsigned)sums);
    conv->apart = k->kept > LITTLE;
    conv->sums_at = waits || conv->apart ? 0 : -1;
    if (conv->sums_at == 0) to->work = sums * c->body->lanes;
}

static void choose_way(const chooser *c, const plan_kernel *k, plan_choice *to) {
    const ir_type *w = &k->inputs[1].view.type;
    int64_t groups = k->node->attrs.groups, outputs = dim_max(w->dims[0]) / groups, taps = dim_max(w->dims[2]);
    choice_conv *conv = &to->conv;
    to->kind = CHOICE_CONV;
    to->vectors = true;
    conv->by_windows = format_choose(k->node, choose_param(c, k->node, 1)) != FORMAT_FLOAT32;
    if (!conv->by_windows && lanes_are_positions(c, k, outputs, plan_conv_length(c->dims, k))) {
        choose_positions(c, k, outputs, to);
        return;
    }
    if (plan_conv_is_followed(k)) ice("what follows a convolution wants positions in lanes");
    find_interior(c, k, conv);
    conv->lanes = outputs == 1 ? 1 : c->body->lanes;
    if (outputs == 1 && !c->body->rolled && !conv->by_windows) {
        conv->full = channels_of(c, conv, 1, 1, dim_max(w->dims[1]) * taps, taps);
        return;
    }
    pack *p = choose_pack(c, k->node, 1, choose_param(c, k->node, 2), outputs, dim_max(w->dims[1]) * taps,
                          c->body->channels);
    p->matrices = groups;
    conv->pack = p;
    if (conv->by_windows) {
        choose_windows(c, k, to);
        return;
    }
    int64_t last = pack_panels(p) - 1;
    bool narrow = pack_units(p, last) < p->panel;
    if (last > 0 || !narrow) conv->full = channels_of(c, conv, pack_width(p, 0), pack_units(p, 0), p->terms, taps);
    if (narrow) conv->last = channels_of(c, conv, pack_width(p, last), pack_units(p, last), p->terms, taps);
}

void choose_conv(const chooser *c, const plan_kernel *k, plan_choice *to) {
    const plan_view *x = &k->inputs[0].view;
    choose_way(c, k, to);
    if (x->type.rank != 5) return;
    const dim *const *dims = x->type.dims;
    to->conv.rows_at = to->work;
    to->work += dim_max(dims[2]) * dim_max(dims[3]) * dim_max(dims[4]);
    to->conv.rows_in_vectors =
        c->body->lanes > 1 && dim_is(x->strides[4], 1) && dim_min(length_of(x)) >= c->body->lanes;
}
