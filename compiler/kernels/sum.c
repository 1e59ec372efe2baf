/* sum: see sum.h. */
#include "kernels/sum.h"
#include "kernels/vectors.h"

void sum_declare(emit_context *e, cblock *b, unsigned count, const char *const *sums, cexpr *const *starts) {
    cexpr *zero = vectors_call0(e, "zero");
    for (unsigned i = 0; i < count; i++) c_declare(b, e->target->type, sums[i], starts ? starts[i] : zero);
}

void sum_join(emit_context *e, cblock *b, unsigned count, const char *const *sums, const char *const *others) {
    for (unsigned i = 0; i < count; i++) {
        cexpr *sum = c_name(e->unit, sums[i]), *other = c_name(e->unit, others[i]);
        c_assign(b, sum, "=", vectors_call2(e, "add", sum, other));
    }
}

/* The greatest power of two, up to a block, that divides the terms: what a last block is a multiple of, too. */
static int64_t even_part(const sum_terms *t) {
    int64_t part = 1;
    while (t->count > 0 && t->block % (2 * part) == 0 && t->count % (2 * part) == 0) part *= 2;
    return part;
}

/* The loop over blocks; *block is the range of one. */
static cblock *open_blocks(emit_context *e, cblock *b, const sum_terms *t, sum_range *block) {
    cunit *u = e->unit;
    const char *first = arena_printf(e->arena, "%s0", t->index), *last = arena_printf(e->arena, "%s_end", t->index);
    cblock *loop = c_for(b, first, c_int(u, 0), t->end, t->block);
    cexpr *from = c_name(u, first), *to = c_add(u, from, c_int(u, t->block));
    *block = (sum_range){from, to, t->block, t->block};
    if (t->count >= 0 && t->count % t->block == 0) return loop;
    /* not `to < end ? to : end`: an enum constant and a size_t in one ?: make C++ compilers warn */
    cexpr *end = t->count >= 0 ? c_int(u, t->count) : t->end;
    c_declare(loop, "const size_t", last, c_smaller(u, to, end));
    *block = (sum_range){from, c_name(u, last), -1, even_part(t)};
    return loop;
}

cexpr *sum_load(emit_context *e, const sum_place *p) {
    return vectors_load(e, p->array, p->offset, p->stride, p->lanes);
}

void sum_store(emit_context *e, cblock *b, const sum_place *p, cexpr *value) {
    vectors_store(e, b, p->array, p->offset, p->stride, value, p->lanes);
}

void sum_forget(emit_context *e, cblock *b) { c_do(b, c_call(e->unit, "NNC_FORGET", 0)); }

void sum_add(emit_context *e, cblock *b, const sum_terms *t, unsigned count, const char *const *sums, sum_adder *add,
             const void *context) {
    sum_range all = {c_int(e->unit, 0), t->end, t->count, t->count < 0 ? 1 : t->count}, block;
    if (t->most <= t->block) {
        add(context, e, b, sums, &all);
        return;
    }
    cblock *loop = open_blocks(e, b, t, &block);
    if (t->places) {
        sum_forget(e, loop);
        sum_declare(e, loop, count, sums, NULL);
        add(context, e, loop, sums, &block);
        for (unsigned i = 0; i < count; i++)
            sum_store(e, loop, &t->places[i],
                      vectors_call2(e, "add", sum_load(e, &t->places[i]), c_name(e->unit, sums[i])));
        return;
    }
    const char *parts[SUM_MOST];
    for (unsigned i = 0; i < count; i++) parts[i] = arena_printf(e->arena, "%s_block", sums[i]);
    sum_declare(e, loop, count, parts, NULL);
    add(context, e, loop, parts, &block);
    sum_join(e, loop, count, sums, parts);
}

emit_context sum_in_floats(const emit_context *e) {
    static const emit_target floats = {"", "float", 1, &cost_scalar, "", "", ""};
    emit_context plain = *e;
    plain.target = &floats;
    return plain;
}
