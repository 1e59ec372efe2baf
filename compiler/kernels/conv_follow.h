/* conv_follow: what is done to a convolution's sums, vectors of neighbouring positions, before they are stored
 * (plan_kernel.follow, .pool): an expression, then the maxima of windows. */
#ifndef NNC_KERNELS_CONV_FOLLOW_H
#define NNC_KERNELS_CONV_FOLLOW_H

#include "kernels/expression.h"
#include "kernels/tile.h"

typedef struct {
    emit_context *e;
    const plan_kernel *kernel;
    expression *each;     /* NULL: none */
    cexpr *sequence;      /* its number: of an image the row's */
} conv_follow;

conv_follow conv_follow_of(emit_context *e, const plan_kernel *k);
/* Which row of results that of a sequence is. */
cexpr *conv_follow_row(const conv_follow *f, cexpr *sequence);
/* Stores a tile, whose rows are channels from `channel` on: at y_o, the first one's positions; the tile's begin at t,
 * a number that pool[1] divides, as do those behind which its vectors begin. */
void conv_follow_store(const conv_follow *f, cblock *b, const tile *t, cexpr *channel, cexpr *position);

#endif
