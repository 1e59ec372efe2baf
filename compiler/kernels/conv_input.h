/* conv_input: x of a CONV1D as its kernels see it. It is [N, C, L]; or, made of an image's windows, [N, H, C, R, L],
 * where N*H sequences of C*R channels have R rows of the image each, which other sequences have too. Those of one
 * sequence at a time are put side by side in the work space: there they stay in the first cache while all outputs are
 * made of them. */
#ifndef NNC_KERNELS_CONV_INPUT_H
#define NNC_KERNELS_CONV_INPUT_H

#include "kernels/kernel.h"

typedef struct {
    emit_context *e;
    const plan_operand *operand;
    int64_t rows_at; /* of the work space */
} conv_input;

conv_input conv_input_of(emit_context *e, const plan_kernel *k);
const dim *conv_input_length(const conv_input *x);
cexpr *conv_input_stride(const conv_input *x);            /* from step to step */
cexpr *conv_input_channel(const conv_input *x, cexpr *c); /* offset of a channel, from the sequence's first one */
/* Opens loops over the sequences; gives the address of x's first channel, and the sequence's number. */
cblock *conv_input_loops(const conv_input *x, cblock *b, cexpr **first, cexpr **sequence);

#endif
