/* format: how a matrix of weights lies in the program: a row a format, and which one a layer's matrix has.
 *
 * A matrix [rows, terms] has codes, an integer for each weight, and, where the format says so, a scale for each row or
 * for each 32 terms of a row:
 *
 *     float32    no codes: the weights themselves
 *     float16    the bits of the weight, which must be one
 *     bfloat16   the upper half of the float32's bits, the lower half being zero
 *     int16      -32767 … 32767, times the row's float32 scale
 *     int8       -127 … 127, times the scale of its 32 terms, a bfloat16
 *
 * Everything about a format that does not stand here, or in round.c, stands in kernels/weights.c: how C reads it.
 */
#ifndef NNC_FORMAT_FORMAT_H
#define NNC_FORMAT_FORMAT_H

#include "ir/ir.h"
#include "support/text.h"

typedef enum { FORMAT_FLOAT32, FORMAT_FLOAT16, FORMAT_BFLOAT16, FORMAT_INT16, FORMAT_INT8, FORMATS } weight_format;

enum {
    FORMAT_BLOCK = 32,      /* terms of a row that share a scale in int8 */
    FORMAT_QUANTISED = 17,  /* floats of a block of what they multiply, behind 1 for all (runtime/narrow.h) */
    FORMAT_LEAST_TERMS = 8, /* a matrix with shorter rows would not shrink: it stays float32 */
    FORMAT_LARGEST_INT8 = 127,
    FORMAT_LARGEST_INT16 = 32767
};

typedef struct {
    const char *name;  /* "int8" */
    unsigned bytes;    /* of a code */
    unsigned side; /* codes of one row that lie side by side in packed weights, 4 terms of int8; its rows are filled up
                    * with zeros to a multiple of it */
    bool row_scale, block_scales;
} format_row;

const format_row *format_row_of(weight_format f);
/* Scales of one row. */
static inline int64_t format_scales(weight_format f, int64_t terms) {
    const format_row *r = format_row_of(f);
    return r->block_scales ? (terms + FORMAT_BLOCK - 1) / FORMAT_BLOCK : r->row_scale;
}
/* Terms of one row with those that fill it up. */
static inline int64_t format_terms(weight_format f, int64_t terms) {
    int64_t side = format_row_of(f)->side;
    return (terms + side - 1) / side * side;
}
/* Bytes of a matrix, without what packing fills up. */
int64_t format_bytes(weight_format f, int64_t rows, int64_t terms);

/* Rows and terms of a param that is a matrix: all dims but the first are the terms. */
int64_t format_param_rows(const ir_param *p);
int64_t format_param_terms(const ir_param *p);
/* The format of the matrix `p`, an operand of the layer n. A matrix with a weight that is infinite, no number or too
 * large, or with rows that are too short, is float32; so is one whose data is not bound. */
weight_format format_choose(const ir_node *n, const ir_param *p);
/* Calls visit for each matrix of the node. */
typedef void format_visitor(void *context, const ir_node *n, const ir_param *p);
void format_each_matrix(const ir_model *m, const ir_node *n, format_visitor *visit, void *context);
/* For each matrix of each node, as often as nodes have it. */
void format_each(const ir_model *m, format_visitor *visit, void *context);

/* Has some layer a matrix in this format? */
bool format_is_used(const ir_model *m, weight_format f);

/* warn.c: -Wnarrow. Of a model whose weights are bound. */
void format_warn(const ir_model *m, diag_list *diags);

/* describe.c: a matrix as it is kept. */
typedef struct {
    const char *key;
    weight_format format;
    int64_t bytes, as_float32;
    double decibels; /* how well (round.h); infinity: exactly; NaN: its weights are not bound, or it is float32 */
} kept_matrix;

kept_matrix format_keep(const ir_node *n, const ir_param *p);
/* "lstm.weight_hh_l0 int8: 69632 bytes, as float32 262144, kept at 44.1 dB" */
void format_describe_matrix(const kept_matrix *k, text *to);
/* "int8 (lstm, out), int16 (embedding)"; NULL: all matrices are float32. */
const char *format_describe(arena *a, const ir_model *m);

/* The first layer's node that asks for anything but float32, or NULL. */
const ir_node *format_asked(const ir_model *m);

#endif
