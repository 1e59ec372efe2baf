/* weights: packed weights as C has them: one table of floats, or a table of codes with one of scales and one of biases.
 *
 * Emitters hold `weight_tables` and move it about; which tables it has, and what a vector of it is, stands here. */
#ifndef NNC_KERNELS_WEIGHTS_H
#define NNC_KERNELS_WEIGHTS_H

#include "kernels/kernel.h"

/* Addresses: of the tables, or of some place in them. */
typedef struct {
    const pack *pack;
    cexpr *codes;  /* of float32: of the one table that has everything */
    cexpr *scales; /* NULL: the format has none */
    cexpr *biases; /* NULL: there are none, or they stand before the floats of their panel */
} weight_tables;

/* Packed weights as tables, one for all uses in the file; the name without the model's. */
weight_tables weights_table(emit_context *e, const pack *p, const char *name, const char *comment);
/* A Linear's, by the node's label. */
weight_tables weights_of_linear(emit_context *e, const pack *p, const char *label);

/* Parameters NAME, NAME_scales and NAME_biases, and these tables for them; gives them as the function knows them. */
weight_tables weights_pass(emit_context *e, csignature *s, const weight_tables *w, const char *name);

/* At matrix `index` of several, and at panel `index` of a matrix. Declares pointers in b that are called after `name`;
 * NULL: the addresses are expressions. */
weight_tables weights_at_matrix(emit_context *e, const weight_tables *w, cexpr *index);
weight_tables weights_at_panel(emit_context *e, cblock *b, const weight_tables *w, const char *name, cexpr *index);
/* At column j of a panel, which is a multiple of the lanes or known. */
weight_tables weights_at_column(emit_context *e, const weight_tables *w, cexpr *j);
/* Where in the table `within` columns of the panel `panels` behind are, in elements. */
int64_t weights_column(const pack *p, pack_part part, int64_t panels, int64_t within);

/* Of a place that is panel `panel`: codes becomes its first term's row, biases its row of biases, in every format. */
weight_tables weights_rows(emit_context *e, const weight_tables *w, int64_t panel);

/* "const float *", "const int16_t *" */
const char *weights_pointer(weight_format f);
/* A vector of codes as floats. */
cexpr *weights_load(emit_context *e, weight_format f, cexpr *address);

#endif
