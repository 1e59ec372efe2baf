/* conv_follow: see conv_follow.h. */
#include "kernels/conv_follow.h"
#include "kernels/vectors.h"

/* What is stored: the first lanes of a sum's variable. */
typedef struct {
    cexpr *value, *address;
    int64_t lanes;
} part;

conv_follow conv_follow_of(emit_context *e, const plan_kernel *k) {
    return (conv_follow){e, k, k->follow ? expression_of_sums(e, k->follow) : NULL, NULL};
}

static cexpr *divided(cunit *u, cexpr *a, int64_t by) {
    int64_t n;
    if (by == 1) return a;
    return c_is_int(a, &n) ? c_int(u, n / by) : c_binary(u, "/", a, c_int(u, by));
}

cexpr *conv_follow_row(const conv_follow *f, cexpr *sequence) {
    return divided(f->e->unit, sequence, f->kernel->pool[0]);
}

/* A channel's parameters are the same in all lanes. */
static cexpr *place_of_channel(const void *context, unsigned outer, unsigned inner, const dim **stride) {
    (void)outer, (void)inner;
    const void *const *of = context;
    const conv_follow *f = of[0];
    *stride = dim_const(f->e->plan->dims, 0);
    return (cexpr *)of[1];
}

static void compute_each(const conv_follow *f, cblock *b, const tile *t, cexpr *channel) {
    cunit *u = f->e->unit;
    for (unsigned i = 0; f->each && i < t->rows * t->vectors; i++) {
        const void *const context[] = {f, c_add(u, channel, c_int(u, i / t->vectors))};
        cblock *scope = c_scope(b);
        cexpr *value = expression_of_sum(f->each, scope, t->sums[i], place_of_channel, context);
        c_assign(scope, c_name(u, t->sums[i]), "=", value);
    }
}

/* The maxima of neighbours in a and b, or in a alone. */
static cexpr *pairs(const conv_follow *f, cexpr *a, cexpr *b) {
    return vectors_call2(f->e, "maximum", vectors_call2(f->e, "even", a, b), vectors_call2(f->e, "odd", a, b));
}

/* The parts of one row of the tile; columns of windows become one. Gives their number. */
static unsigned parts_of_row(const conv_follow *f, cblock *b, const tile *t, unsigned r, cexpr *row, cexpr *position,
                             part *parts) {
    cunit *u = f->e->unit;
    int64_t lanes = f->e->target->lanes, pool = f->kernel->pool[1];
    unsigned count = 0;
    for (unsigned v = 0; v < t->vectors; v++) {
        part *p = &parts[count++];
        cexpr *at = c_add(u, divided(u, position, pool), c_int(u, t->columns[v] / pool));
        *p = (part){c_name(u, t->sums[r * t->vectors + v]), c_add(u, row, at), lanes};
        if (pool == 1) continue;
        bool two = v + 1 < t->vectors && t->columns[v + 1] == t->columns[v] + lanes;
        cexpr *next = two ? c_name(u, t->sums[r * t->vectors + ++v]) : p->value;
        c_assign(b, p->value, "=", pairs(f, p->value, next));
        if (!two) p->lanes = lanes / 2;
    }
    return count;
}

void conv_follow_store(const conv_follow *f, cblock *b, const tile *t, cexpr *channel, cexpr *position) {
    emit_context *e = f->e;
    cunit *u = e->unit;
    part parts[TILE_MAX_SUMS];
    unsigned count = 0;
    compute_each(f, b, t, channel);
    for (unsigned r = 0; r < t->rows; r++) {
        cexpr *stride = emit_dim(e, f->kernel->results[0].view.strides[1]);
        cexpr *row = c_at(u, "y_o", c_mul(u, c_int(u, r), stride));
        count += parts_of_row(f, b, t, r, row, position, parts + count);
    }
    if (f->kernel->pool[0] > 1) {
        cblock *later = c_if(b, c_binary(u, "%", f->sequence, c_int(u, f->kernel->pool[0])));
        for (unsigned i = 0; i < count; i++) {
            cexpr *before = tile_load_n(e, parts[i].address, parts[i].lanes);
            c_assign(later, parts[i].value, "=", vectors_call2(e, "maximum", before, parts[i].value));
        }
    }
    for (unsigned i = 0; i < count; i++) tile_store_n(e, b, parts[i].address, parts[i].value, parts[i].lanes);
}
