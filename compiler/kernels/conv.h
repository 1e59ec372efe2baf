/* conv: what the files of the CONV1D emitter share; nobody else includes it.
 *
 * A convolution goes one of three ways. Lanes are output channels, or there are none (conv.c); lanes are neighbouring
 * positions (conv_positions.c); weights that have codes are multiplied with the windows as rows (conv_windows.c). All
 * stand in loops over sequences and groups, and read x by conv_input.c. */
#ifndef NNC_KERNELS_CONV_H
#define NNC_KERNELS_CONV_H

#include "kernels/expression.h"
#include "kernels/tile.h"

typedef struct {
    emit_context *e;
    const plan_kernel *k;
    const plan_operand *x, *y;
    const ir_attrs *attrs;
    const choice_conv *choice; /* for the current body */
    int64_t channels, taps;    /* of a group's input */
    int64_t outputs;           /* of a group */
} conv;

cexpr *conv_stride(const conv *v, const plan_operand *o, unsigned axis);

/* conv_positions.c, conv_windows.c */
void conv_emit_positions(const conv *v, cblock *b);
void conv_emit_windows(const conv *v, cblock *b);

/* --- conv_input.c ---
 * x as the kernels see it. It is [N, C, L]; or, made of an image's windows, [N, H, C, R, L], where N*H sequences of C*R
 * channels have R rows of the image each, which other sequences have too. Those of one sequence at a time are put side
 * by side in the work space: there they stay in the first cache while all outputs are made of them. */
const dim *conv_input_length(const conv *v);
cexpr *conv_input_stride(const conv *v);            /* from step to step */
cexpr *conv_input_channel(const conv *v, cexpr *c); /* offset of a channel, from the sequence's first one */

/* In the loops: where x_g and y_g, which are declared, are the group's first channels of both. */
typedef struct {
    cblock *block;
    cexpr *sequence, *group; /* their numbers */
} conv_place;

conv_place conv_open_loops(const conv *v, cblock *b);

/* --- conv_terms.c ---
 * The order of a sum: channels and taps ascending, in blocks (sum.h) of whole channels, or of taps of one channel where
 * that has more than a block of them. */
/* Adds the term of this channel and tap to the sums with these names. */
typedef void conv_term(const void *context, cblock *b, const char *const *sums, cexpr *channel, cexpr *tap);

typedef struct {
    const conv *conv;
    cexpr *from, *to; /* taps from `from` on and before `to`; NULL: all of them */
    bool unrolled;    /* all taps of a channel one after another; wants all of them */
    conv_term *add;
    const void *context;
    const sum_place *places; /* of the sums; NULL: variables */
} conv_terms;

/* Adds all terms to `count` declared sums, or to what stands at their places. */
void conv_add_terms(const conv_terms *t, cblock *b, unsigned count, const char *const *sums);

/* --- conv_follow.c ---
 * What is done to the sums, vectors of neighbouring positions, before they are stored (plan_kernel.follow, .pool): an
 * expression, then the maxima of windows. */
typedef struct {
    emit_context *e;
    const plan_kernel *kernel;
    expression *each;  /* NULL: none */
    const char *apart; /* the function that has it, of sums in memory; NULL: what stores a tile does it */
    cexpr *sequence;   /* its number: of an image the row's */
} conv_follow;

/* Where the expression is done apart, its function is made here. */
conv_follow conv_follow_of(const conv *v);
/* Does the expression to the sums of a tile, which stand one after another in the work space. */
void conv_follow_apart(const conv_follow *f, cblock *b, const tile *t, cexpr *channel, cexpr *sums);
/* Stores a tile, whose rows are channels from `channel` on: at y_o, the first one's positions; the tile's begin at t,
 * a number that pool[1] divides, as do those behind which its vectors begin. */
void conv_follow_store(const conv_follow *f, cblock *b, const tile *t, cexpr *channel, cexpr *position);

#endif
