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
    const char *apart;    /* the function that has it, of sums in memory; NULL: what stores a tile does it */
    cexpr *sequence;      /* its number: of an image the row's */
} conv_follow;

/* Where the expression is done apart, its function is made here. */
conv_follow conv_follow_of(emit_context *e, const plan_kernel *k);
/* Which row of results that of a sequence is. */
cexpr *conv_follow_row(const conv_follow *f, cexpr *sequence);
/* Does the expression to the sums of a tile, which stand one after another in the work space. */
void conv_follow_apart(const conv_follow *f, cblock *b, const tile *t, cexpr *channel, cexpr *sums);
/* Stores a tile, whose rows are channels from `channel` on: at y_o, the first one's positions; the tile's begin at t,
 * a number that pool[1] divides, as do those behind which its vectors begin. */
void conv_follow_store(const conv_follow *f, cblock *b, const tile *t, cexpr *channel, cexpr *position);

#endif
