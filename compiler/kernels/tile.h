/* tile: sums held in registers, the heart of every matrix kernel.
 *
 * A tile is `rows` rows of input times `vectors` vectors of weight columns; each pair has its sum (in `chains` chains)
 * in a named vector variable. A term k adds splat(input[row][k]) * weights[k][column] to every sum. The order of a sum
 * depends on the number of terms and chains only, so tiles of any height give the same bits:
 * term k goes to chain k % chains; the terms that are left when the chains do not divide their number go to the first
 * chain; finally the chains are added, first + second, or (first + second) + (third + fourth). More than COST_BLOCK
 * terms are added in blocks (sum.h), each of which is such a sum.
 *
 * Weights of int16 give such a sum of their codes, which starts at zero, and is multiplied with the row's scale when it
 * is added to the sum so far. Those of int8 are multiplied with quantised rows of input (runtime/narrow.h): 32 terms
 * are a sum of integers; times the scale of its weights it is added to one that starts at zero; and that, times the
 * input's unit, to the sum so far.
 */
#ifndef NNC_KERNELS_TILE_H
#define NNC_KERNELS_TILE_H

#include "kernels/sum.h"
#include "kernels/weights.h"

enum { TILE_MAX_SUMS = SUM_MOST, TILE_MAX_VECTORS = 16 };

typedef struct {
    unsigned rows, vectors, chains;
    const char *sums[TILE_MAX_SUMS];     /* [rows][vectors] */
    weight_format format;                /* of the weights */
    int64_t columns[TILE_MAX_VECTORS];   /* of each vector in a row of weights, in elements */
    unsigned left;                       /* the others' are behind `right`, which the running program knows, */
    cexpr *right;                        /* in place of this vector's; NULL: they are not */
    cexpr *last;                         /* lanes of the last vector, where it may read no more; NULL: all */
    cexpr *weights;                      /* address of a row of weights, the first term's */
    cexpr *width;                        /* elements from one term's row of weights to the next */
    cexpr *scales;                       /* address of a row of scales, the first one's; NULL: the format has none */
    int64_t scale_columns[TILE_MAX_VECTORS], scale_width; /* as columns and width */
    const char *inputs[COST_ROWS]; /* names of pointers: input[offset + k * step] is the factor of term k; of int8 a
                                    * quantised row is at input + offset */
    int64_t offsets[COST_ROWS];
    cexpr *step;                         /* NULL: 1 */
    const char *splats;                  /* with one row: splat(input[k]) stands in the variable SPLATS_k already */
    bool unrolled;                       /* all terms one after another; wants constant bounds */
    bool rounds_twice;                   /* a term is a multiplication and an addition, not one madd */
    bool amid_lines;                     /* weights may begin amid lines of the cache: a load twice takes longer */
    bool one_run;                        /* every term is added to the sum so far: there are no blocks */
    bool waits;                          /* sums so far wait at their places while those of a block are made */
    cexpr *backwards_from;               /* the last term's number: it comes first; NULL: the first one does */
} tile;

/* Declares the sums, starting at starts[row * vectors + vector]; NULL starts all at zero. */
void tile_declare(emit_context *e, cblock *b, const tile *t, cexpr *const *starts);
/* Adds terms [0, count) to declared sums; `end` is the expression for count, which is -1 where only the running program
 * knows it, and at most `most`. Declares the other chains and what else it needs in b, so two calls for the same sums
 * want a scope each. */
void tile_add(emit_context *e, cblock *b, const tile *t, int64_t count, int64_t most, cexpr *end);
/* Both: starts of sums of codes, which count only in the end, are read there, where registers are free again. */
void tile_declare_and_add(emit_context *e, cblock *b, const tile *t, cexpr *const *starts, int64_t count, int64_t most,
                          cexpr *end);
/* Sums of such terms from their starts to their places, in a scope of their own. */
void tile_sum(emit_context *e, cblock *b, const tile *t, cexpr *const *starts, const sum_place *places, int64_t count,
              int64_t most, cexpr *end);
/* Adds one term to the sums of one chain: what each row of input has there, as a float, times the row of weights at
 * this address. Of the tile it takes the sizes, the columns, `last` and the inputs' names, to call the factors by. */
void tile_add_term(emit_context *e, cblock *b, const tile *t, const char *const *sums, cexpr *const *factors,
                   cexpr *weights, const char *suffix);

/* --- names and short forms that matrix kernels share -------------------------------------------------------------- */
/* `pointer`, a variable: where a tile's weights stand. In a loop over tiles they are not kept from turn to turn. */
void tile_load_anew(emit_context *e, cblock *b, const char *pointer);
cexpr *tile_load(emit_context *e, cexpr *address);
/* The first n lanes; all when n == lanes. */
cexpr *tile_load_n(emit_context *e, cexpr *address, int64_t n);
void tile_store_n(emit_context *e, cblock *b, cexpr *address, cexpr *value, int64_t n);

#endif
