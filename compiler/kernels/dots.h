/* dots: sums whose lanes lie along the terms, which lie densely in memory: of each row with each column.
 *
 * A lane adds every LANES-th term, in ascending order, in blocks of COST_BLOCK of its terms (sum.h); what fills no
 * vector comes last, the other lanes adding zeros. Then the lanes are added (`sum` of the vector layer). */
#ifndef NNC_KERNELS_DOTS_H
#define NNC_KERNELS_DOTS_H

#include "kernels/sum.h"

enum { DOTS_MOST_COLUMNS = 8 };

typedef struct {
    unsigned rows, columns;
    cexpr *row[COST_ROWS], *column[DOTS_MOST_COLUMNS]; /* addresses of their first terms */
    const dim *apart; /* floats from one term of a column to the next; NULL: they are neighbours */
    bool together;    /* the columns, two or three, are all of a matrix that lies densely: */
    unsigned repeated; /* so many rows at most are repeated as the columns lie */
    cexpr *terms;
    int64_t count; /* terms' number; -1: only the running program knows, and it is at most: */
    int64_t most;
    bool unrolled; /* wants a count */
} dots;

/* Declares w0, w1 … and loads to them the first `lanes` terms from k on, NULL: a whole vector of them, of two or three
 * columns that are all of a matrix which lies densely: what is loaded serves all of them. */
void dots_load_columns(emit_context *e, cblock *b, cexpr *matrix, unsigned columns, cexpr *k, cexpr *lanes);

/* Declares the sums, [rows][columns], and adds all terms. Where rows are repeated, a row's sums are the lanes of all
 * its columns, which lie as the matrix does, and `column_sums` of the vector layer adds them; else a column's each. */
static inline bool dots_repeats_rows(const dots *d) { return d->together && d->rows <= d->repeated; }
void dots_add(emit_context *e, cblock *b, const dots *d, const char *const *sums);
/* Adds all terms, whose number is known, to declared sums; not in blocks: that is up to the caller. */
void dots_add_more(emit_context *e, cblock *b, const dots *d, const char *const *sums);

#endif
