/* dim_table: how dims are stored; for dim.c and dim_bounds.c only.
 *
 * A dim is a sum of terms in canonical order. An atom (a symbol, a floor division, or the remainder of one) is a dim of
 * one term, 1 * itself, so that atoms and sums are the same thing to everybody else.
 */
#ifndef NNC_IR_DIM_TABLE_H
#define NNC_IR_DIM_TABLE_H

#include "ir/dim.h"

/* No dim, and no term of one, leaves ±DIM_LIMIT: 2^53, what a double still counts exactly. */
#define DIM_LIMIT ((int64_t)1 << 53)

/* Products of two sizes do not fit int64_t before they are compared with DIM_LIMIT. */
__extension__ typedef __int128 dim_wide;

typedef enum {
    DIM_SUM,
    DIM_SYMBOL,
    DIM_FLOORDIV,
    DIM_REMAINDER, /* numerator mod by, in [0, by - 1]; only inside dim_bounds.c, where it counts as a symbol */
    DIM_HUGE
} dim_kind;

typedef struct {
    int64_t coefficient; /* never 0 */
    unsigned factor_count;
    const dim **factors; /* atoms in order, a power repeats its atom */
} dim_term;

struct dim {
    dim_kind kind;
    unsigned hash;
    unsigned order; /* DIM_SYMBOL: the how-manieth symbol of the table */
    int64_t min, max;
    bool narrowed;        /* DIM_SUM: dim_bounds.c has seen it */
    const char *name;     /* DIM_SYMBOL; DIM_HUGE: what is wrong with it */
    const dim *numerator; /* DIM_FLOORDIV, DIM_REMAINDER */
    int64_t by;
    unsigned depth; /* DIM_FLOORDIV: how many floor divisions stand inside each other, this one counted */
    unsigned term_count;
    const dim_term *terms; /* none for 0 and for the huge dim */
};

struct dim_table {
    arena *arena;
    dim **slots; /* open addressing; slot_count is a power of two */
    size_t slot_count, used;
    const dim *huge, *intricate;
    const dim **symbols;
    size_t symbol_count, symbol_capacity;
    bool plain_bounds; /* new sums keep the bounds of interval arithmetic for now */
};

/* N mod by as an atom of its own. */
const dim *dim_remainder(dim_table *t, const dim *numerator, int64_t by);

/* dim_bounds.c: narrows the bounds that interval arithmetic over its terms gave to a sum; once a sum. */
void dim_narrow_bounds(dim_table *t, dim *sum);

static inline int64_t dim_floor_quotient(int64_t a, int64_t by) {
    int64_t q = a / by;
    return q * by > a ? q - 1 : q;
}

#endif
