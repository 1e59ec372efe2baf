/* sum: sums of many terms as C, the one place that writes their order.
 *
 * Sums stand side by side in variables of the target's vector type, and whoever knows what a term is adds a range of
 * terms to all of them. More than a block of terms (COST_BLOCK) are added in blocks, which keeps rounding small: each
 * block is a sum that starts at zero, and is then added to the sum so far. */
#ifndef NNC_KERNELS_SUM_H
#define NNC_KERNELS_SUM_H

#include "kernels/kernel.h"

enum { SUM_MOST = 32 };

/* Where a sum goes: the first `lanes` (NULL: all) of a vector of elements array[offset], array[offset + stride], … */
typedef struct {
    cexpr *array, *offset;
    const dim *stride;
    cexpr *lanes;
} sum_place;

/* Terms [0, end). */
typedef struct {
    cexpr *end;
    int64_t count;     /* end's number; -1: only the running program knows */
    int64_t most;      /* count, or what it is at most */
    int64_t block;     /* terms in a block */
    const char *index; /* the loop over blocks runs from INDEX0 to INDEX_end */
    const sum_place *places; /* where sums of blocks wait meanwhile (choice_sums_wait); NULL: in variables */
} sum_terms;

/* count < 0: only the running program knows how many; `from` is then a multiple of the block. The terms always are a
 * multiple of `multiple`, which is count itself where that is known. */
typedef struct {
    cexpr *from, *to;
    int64_t count, multiple;
} sum_range;

/* Adds a range of terms to the sums with these names. */
typedef void sum_adder(const void *context, emit_context *e, cblock *b, const char *const *sums,
                       const sum_range *range);

/* Declares sums, starting at starts[i]; NULL starts all at zero. */
void sum_declare(emit_context *e, cblock *b, unsigned count, const char *const *sums, cexpr *const *starts);
/* A place's vector, and a vector to a place. */
cexpr *sum_load(emit_context *e, const sum_place *p);
void sum_store(emit_context *e, cblock *b, const sum_place *p, cexpr *value);
/* From here on sums at their places are read from there: compilers would keep them on the stack as well. */
void sum_forget(emit_context *e, cblock *b);
/* Adds the terms to declared sums; with places to what stands there, and `sums` are names for those of a block. */
void sum_add(emit_context *e, cblock *b, const sum_terms *terms, unsigned count, const char *const *sums,
             sum_adder *add, const void *context);
/* a + b into a, for all sums. */
void sum_join(emit_context *e, cblock *b, unsigned count, const char *const *sums, const char *const *others);

/* Sums in plain C floats: the same context with a target of one lane. */
emit_context sum_in_floats(const emit_context *e);

#endif
