/* conv_terms: the order of a convolution's sum: channels and taps ascending, in blocks (sum.h) of whole channels, or of
 * taps of one channel where that has more than a block of them. */
#ifndef NNC_KERNELS_CONV_TERMS_H
#define NNC_KERNELS_CONV_TERMS_H

#include "kernels/sum.h"

/* Adds the term of this channel and tap to the sums with these names. */
typedef void conv_term(const void *context, cblock *b, const char *const *sums, cexpr *channel, cexpr *tap);

typedef struct {
    emit_context *e;
    int64_t channels, taps;
    cexpr *from, *to; /* taps from `from` on and before `to`; NULL: all of them */
    bool unrolled;    /* all taps of a channel one after another; wants all of them */
    conv_term *add;
    const void *context;
    const sum_place *places; /* of the sums; NULL: variables */
} conv_terms;

/* Adds all terms to `count` declared sums, or to what stands at their places. */
void conv_add_terms(const conv_terms *t, cblock *b, unsigned count, const char *const *sums);
/* CONV1D by choice->by_positions: conv_positions.c. */
void emit_conv_positions(emit_context *e, const plan_kernel *k, const choice_conv *choice, cblock *b);

#endif
