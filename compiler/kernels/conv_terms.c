/* conv_terms: see conv.h. */
#include "kernels/conv.h"

typedef struct {
    const conv_terms *terms;
    cexpr *channel; /* whose taps are added, where they are more than a block */
} taps_of;

/* A loop over [from, to), which vanishes around a single turn. Gives the body; *index is its variable, or `from`. */
static cblock *loop_over(const conv_terms *t, cblock *b, const char *name, cexpr *from, cexpr *to, cexpr **index) {
    int64_t low, high;
    if (c_is_int(from, &low) && c_is_int(to, &high) && high == low + 1) {
        *index = from;
        return b;
    }
    *index = c_name(t->conv->e->unit, name);
    return c_for(b, name, from, to, 1);
}

static void add_taps(const conv_terms *t, cblock *b, const char *const *sums, cexpr *c, cexpr *from, cexpr *to) {
    cexpr *k;
    int64_t first, end;
    if (t->unrolled && c_is_int(from, &first) && c_is_int(to, &end) && end > first + 1) {
        for (; first < end; first++) t->add(t->context, c_scope(b), sums, c, c_int(t->conv->e->unit, first));
        return;
    }
    b = loop_over(t, b, "k", from, to, &k);
    t->add(t->context, b, sums, c, k);
}

/* All taps of some channels. */
static void add_channels(const void *context, emit_context *e, cblock *b, const char *const *sums,
                         const sum_range *channels) {
    const conv_terms *t = context;
    cexpr *c;
    b = loop_over(t, b, "c", channels->from, channels->to, &c);
    add_taps(t, b, sums, c, t->from ? t->from : c_int(e->unit, 0), t->to ? t->to : c_int(e->unit, t->conv->taps));
}

/* Some taps of one channel. */
static void add_some_taps(const void *context, emit_context *e, cblock *b, const char *const *sums,
                          const sum_range *taps) {
    const taps_of *of = context;
    const conv_terms *t = of->terms;
    cunit *u = e->unit;
    cexpr *from = taps->from, *to = taps->to;
    if (t->from) {
        c_declare(b, "const size_t", "k_first", c_conditional(u, c_binary(u, ">", from, t->from), from, t->from));
        c_declare(b, "const size_t", "k_last", c_smaller(u, to, t->to));
        from = c_name(u, "k_first");
        to = c_name(u, "k_last");
    }
    add_taps(t, b, sums, of->channel, from, to);
}

void conv_add_terms(const conv_terms *t, cblock *b, unsigned count, const char *const *sums) {
    emit_context *e = t->conv->e;
    int64_t all = t->conv->channels, of_one = t->conv->taps;
    sum_terms channels = {c_int(e->unit, all), all, all, COST_BLOCK / of_one, "c", t->places};
    if (channels.block) {
        sum_add(e, b, &channels, count, sums, add_channels, t);
        return;
    }
    taps_of one = {.terms = t};
    b = loop_over(t, b, "c", c_int(e->unit, 0), channels.end, &one.channel);
    sum_terms taps = {c_int(e->unit, of_one), of_one, of_one, COST_BLOCK, "k", t->places};
    sum_add(e, b, &taps, count, sums, add_some_taps, &one);
}
