/* conv_follow: see conv.h. */
#include "kernels/conv.h"
#include "kernels/vectors.h"

/* What is stored: the first lanes of a sum's variable. */
typedef struct {
    cexpr *value, *address;
    int64_t lanes;
} part;

/* A channel's parameters are the same in all lanes. */
static cexpr *place_of_channel(const void *context, unsigned outer, unsigned inner, const dim **stride) {
    (void)outer, (void)inner;
    const void *const *of = context;
    const conv_follow *f = of[0];
    *stride = dim_const(f->e->plan->dims, 0);
    return (cexpr *)of[1];
}

/* To a sum, which is a variable. */
static void compute(const conv_follow *f, cblock *b, const char *sum, cexpr *channel) {
    const void *const context[] = {f, channel};
    c_assign(b, c_name(f->e->unit, sum), "=", expression_of_sum(f->each, b, sum, place_of_channel, context));
}

static void compute_each(const conv_follow *f, cblock *b, const tile *t, cexpr *channel) {
    cunit *u = f->e->unit;
    for (unsigned i = 0; f->each && !f->apart && i < t->rows * t->vectors; i++)
        compute(f, c_scope(b), t->sums[i], c_add(u, channel, c_int(u, i / t->vectors)));
}

/* --- in a function of its own: beside a tile's sums in registers, all that compilers keep would be on the stack --- */

/* Does it read what each channel has its own of? */
static bool reads_channels(const plan_kernel *k) {
    bool found = false;
    for (unsigned i = 0; i < k->input_count && !found; i++)
        found = k->inputs[i].kind == PLAN_PARAM ||
                (k->inputs[i].kind == PLAN_INLINE && reads_channels(k->inputs[i].inlined));
    return found;
}

static void sign_apart(const conv_follow *f, csignature *s, cexpr *channel, cexpr *sums, cexpr *vectors) {
    cunit *u = f->e->unit;
    const plan_kernel *k = f->kernel->follow;
    if (reads_channels(k)) c_pass(s, "size_t", "channel", channel);
    if (emit_takes_params(f->e, k, PACK_IN_PARAMETERS))
        c_pass(s, "const float *", "parameters", c_name(u, "parameters"));
    if (emit_takes_params(f->e, k, PACK_IN_PACKS)) c_pass(s, "const float *", "packs", c_name(u, "packs"));
    c_pass(s, "float *", "sums", sums);
    c_pass(s, "size_t", "vectors", vectors);
}

/* One loop, over the vectors of one channel or of them all: constants are kept around each loop of a nest anew. */
static const char *function_apart(const conv_follow *f) {
    emit_context *e = f->e;
    cunit *u = e->unit;
    const char *storage = arena_printf(e->arena, "NNC_APART %s", emit_static(e));
    const char *comment = arena_printf(e->arena, "%s: what follows its sums", f->kernel->node->label);
    cfunction *function = c_function(u, storage, NULL, comment);
    sign_apart(f, &(csignature){.unit = u, .function = function}, NULL, NULL, NULL);
    cblock *b = c_for(c_body(function), "v", c_int(u, 0), c_name(u, "vectors"), 1);
    sum_forget(e, b); /* one after another: side by side they would have all their variables on the stack */
    c_declare(b, "float *", "at", c_at(u, "sums", c_mul(u, c_name(u, "v"), c_int(u, e->target->lanes))));
    c_declare(b, e->target->type, "sum", tile_load(e, c_name(u, "at")));
    compute(f, b, "sum", c_name(u, "channel"));
    vectors_store_at(e, b, c_name(u, "at"), c_name(u, "sum"));
    return emit_function_end_shared(e, function, arena_printf(e->arena, "%s_sums", f->kernel->node->label));
}

static void call_apart(const conv_follow *f, cblock *b, cexpr *channel, cexpr *sums, int64_t vectors) {
    csignature s = {.unit = f->e->unit};
    sign_apart(f, &s, channel, sums, c_int(f->e->unit, vectors));
    c_do(b, c_call_with(&s, f->apart));
}

void conv_follow_apart(const conv_follow *f, cblock *b, const tile *t, cexpr *channel, cexpr *sums) {
    cunit *u = f->e->unit;
    if (!reads_channels(f->kernel->follow)) {
        call_apart(f, b, channel, sums, t->rows * (int64_t)t->vectors);
        return;
    }
    for (unsigned r = 0; r < t->rows; r++)
        call_apart(f, b, c_add(u, channel, c_int(u, r)),
                   c_add(u, sums, c_int(u, r * t->vectors * (int64_t)f->e->target->lanes)), t->vectors);
}

conv_follow conv_follow_of(const conv *v) {
    conv_follow f = {.e = v->e, .kernel = v->k};
    if (v->k->follow) f.each = expression_of_sums(v->e, v->k->follow);
    if (v->choice->apart) f.apart = function_apart(&f);
    return f;
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
        cexpr *at = c_add(u, c_binary(u, "/", position, c_int(u, pool)), c_int(u, t->columns[v] / pool));
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
